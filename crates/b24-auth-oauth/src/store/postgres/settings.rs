//! Where the database is, and the names in it.

use std::{fmt, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use crate::store::StoreError;

/// A connection URL, read.
pub(super) struct Settings {
    pub(super) config: Config,
}

/// How long a connection may take; `connect_timeout` of the URL says otherwise.
const CONNECT: Duration = Duration::from_secs(10);

/// A network that has gone silent is noticed after about a minute: 30 s + 3 × 10 s.
const IDLE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

impl Settings {
    /// Reads a URL. An error says nothing of what is in it: a password that was not encoded can stand anywhere.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong =
            || StoreError::failed("no connection URL: postgres://user:password@host:5432/database?sslmode=require");
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong());
        }
        let mut config: Config = known_modes(url).parse().map_err(|_| wrong())?;
        let has_host = !config.get_hosts().is_empty() || !config.get_hostaddrs().is_empty();
        if !has_host || !config.get_hosts().iter().all(is_host) {
            return Err(wrong());
        }
        if config.get_application_name().is_none() {
            config.application_name("b24");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_keepalives_interval().is_none() {
            config.keepalives_idle(IDLE).keepalives_interval(INTERVAL).keepalives_retries(PROBES);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(IDLE);
        }
        Ok(Self { config })
    }

    /// How long it may take until there is a connection, whichever of the hosts it is to.
    pub(super) fn connect_limit(&self) -> Duration {
        let each = self.config.get_connect_timeout().copied().unwrap_or(CONNECT);
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        each.saturating_mul(u32::try_from(hosts).unwrap_or(1))
    }

    pub(super) fn ssl_mode(&self) -> SslMode {
        self.config.get_ssl_mode()
    }

    /// Takes the password out of a text.
    pub(super) fn without_password(&self, text: String) -> String {
        match self.config.get_password().and_then(|password| std::str::from_utf8(password).ok()) {
            Some(password) if !password.is_empty() => text.replace(password, "***"),
            _ => text,
        }
    }
}

/// A password with an `@` that was not encoded makes the rest of it a part of the host.
fn is_host(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => !name.contains(['@', '/', '?', '#', ' ']),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The modes of libpq that the driver does not know. For us `require` checks the certificate and its name already.
fn known_modes(url: &str) -> String {
    let Some((place, options)) = url.split_once('?') else { return url.to_owned() };
    let known = options.split('&').map(|option| match option {
        "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
        "sslmode=allow" => "sslmode=prefer",
        other => other,
    });
    format!("{place}?{}", known.collect::<Vec<_>>().join("&"))
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        f.debug_struct("Settings")
            .field("hosts", &hosts.collect::<Vec<_>>())
            .field("database", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

/// The name of a table, quoted.
#[derive(Clone, Debug)]
pub(super) struct Table(String);

impl Table {
    /// `table` or `schema.table`, each in the letters that PostgreSQL does not change: a migration may leave the quotes out.
    pub(super) fn new(name: &str) -> Result<Self, StoreError> {
        let parts: Vec<_> = name.split('.').collect();
        if parts.len() > 2 || !parts.iter().all(|part| is_identifier(part)) {
            let text = "the name of a table is `table` or `schema.table`, of a-z, 0-9 and _, at most 63 of them each";
            return Err(StoreError::failed(text));
        }
        Ok(Self(parts.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(".")))
    }

    pub(super) fn quoted(&self) -> &str {
        &self.0
    }
}

fn is_identifier(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    first && text.len() <= 63 && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_plain_name() {
        assert_eq!(Table::new("b24_tokens").unwrap().quoted(), r#""b24_tokens""#);
        assert_eq!(Table::new("app.select").unwrap().quoted(), r#""app"."select""#);
        let long = "a".repeat(64);
        for bad in ["", ".", "a.", "a.b.c", "1a", "A", "a-b", "a b", "a\"b", "t; drop table x", "a\0", "é", &long] {
            assert!(Table::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_url_says_where_and_how_and_nothing_of_it_is_shown() {
        let mode = |url: &str| Settings::parse(url).map(|settings| settings.ssl_mode());
        assert_eq!(mode("postgres://u:S3CR3T@h/d").unwrap(), SslMode::Prefer);
        for (given, want) in [
            ("disable", SslMode::Disable),
            ("allow", SslMode::Prefer),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
            ("verify-ca", SslMode::Require),
            ("verify-full", SslMode::Require),
        ] {
            let url = format!("postgresql://u:S3CR3T@h/d?connect_timeout=3&sslmode={given}");
            assert_eq!(mode(&url).unwrap(), want, "{given}");
            let settings = Settings::parse(&url).unwrap();
            assert_eq!(settings.connect_limit(), Duration::from_secs(3));
            assert!(!format!("{settings:?}").contains("S3CR3T"));
            assert_eq!(settings.without_password("a S3CR3T".into()), "a ***");
        }
        for bad in [
            "",
            "S3CR3T",
            "host=h password=S3CR3T",
            "mysql://u:S3CR3T@h/d",
            "postgres://u:S3CR3T@h:S3CR3T/d",
            "postgres://u:p@S3CR3T@h/d",
            "postgres:///S3CR3T",
            "postgres://u@h/d?S3CR3T=1",
            "postgres://u@h/d?sslmode=S3CR3T",
        ] {
            let error = Settings::parse(bad).unwrap_err();
            assert!(!format!("{error:?}").contains("S3CR3T"), "{bad}: {error:?}");
        }
    }
}
