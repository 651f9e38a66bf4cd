//! Where a portal lives.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use http::{Uri, uri::Authority, uri::Scheme};

/// The address of a portal: scheme, host and port, and nothing else. It holds no secret and may be printed.
///
/// `https` everywhere; plain `http` for loopback hosts only, because it would show the credentials to everybody on the
/// way. The host is kept as it was given, in lower case.
///
/// ```
/// use b24_core::PortalAddress;
///
/// let portal: PortalAddress = "https://Example.bitrix24.com:443/".parse()?;
/// assert_eq!(portal.to_string(), "https://example.bitrix24.com");
/// assert!("http://example.bitrix24.com".parse::<PortalAddress>().is_err());
/// # Ok::<(), b24_core::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PortalAddress {
    scheme: Scheme,
    authority: Authority,
}

/// Why an address was refused. Says nothing of the address itself, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// It is no absolute URL with a scheme and a host.
    Invalid,
    /// It is not `https`, and not plain `http` to a loopback host.
    NotHttps,
    /// It has a user name or password before the host.
    Credentials,
}

impl PortalAddress {
    /// Takes the address of a parsed URL; its path and query are ignored.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn from_uri(uri: &Uri) -> Result<Self, AddressError> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(AddressError::Invalid);
        };
        if authority.as_str().contains('@') {
            return Err(AddressError::Credentials);
        }
        let host = authority.host().to_ascii_lowercase();
        let secure = *scheme == Scheme::HTTPS;
        if !(secure || *scheme == Scheme::HTTP && is_loopback(&host)) {
            return Err(AddressError::NotHttps);
        }
        if !is_host(&host) {
            return Err(AddressError::Invalid);
        }
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None | Some("") => None,
            Some(digits) => Some(port(digits).ok_or(AddressError::Invalid)?),
        };
        let default_port = if secure { 443 } else { 80 };
        let text = match port {
            Some(port) if port != default_port => format!("{host}:{port}"),
            _ => host,
        };
        let authority = text.parse().map_err(|_| AddressError::Invalid)?;
        Ok(Self { scheme: scheme.clone(), authority })
    }

    /// The address of a host that stands in the program, by https.
    ///
    /// # Panics
    /// When `host` is no host, or one with a port.
    #[must_use]
    pub fn from_static(host: &'static str) -> Self {
        assert!(is_host(host), "{host} is no host");
        Self { scheme: Scheme::HTTPS, authority: Authority::from_static(host) }
    }

    /// `https`, or `http` for a loopback host.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Host and, unless it is the scheme's own, port.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The host in lower case; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Whether the host is this machine: `localhost` and names below it, 127.0.0.0/8, `[::1]`, and the addresses that stand
    /// for all of a machine's.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// The port, the scheme's own included.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.scheme == Scheme::HTTPS { 443 } else { 80 })
    }
}

impl FromStr for PortalAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::from_uri(&text.trim().parse().map_err(|_| AddressError::Invalid)?)
    }
}

impl fmt::Display for PortalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Debug for PortalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "not an absolute URL with a host",
            Self::NotHttps => "not https (plain http is for loopback hosts only)",
            Self::Credentials => "a user name or password before the host is not accepted",
        })
    }
}

impl std::error::Error for AddressError {}

fn port(digits: &str) -> Option<u16> {
    // `parse` alone would take a sign too.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

/// A name or an address: `http::Uri` lets more through. A name that ends in a number is none: some resolvers take `127.1`
/// or `2130706433` for addresses, and who asks whether it is this machine would be told no.
fn is_host(host: &str) -> bool {
    if let Some(address) = v6(host) {
        return address.is_some();
    }
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with(|first: char| first.is_ascii_digit())
        && (last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x"));
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !host.is_empty() && host.bytes().all(legal) && (!numeric || host.parse::<Ipv4Addr>().is_ok())
}

/// What is in brackets, when anything is.
fn v6(host: &str) -> Option<Option<Ipv6Addr>> {
    Some(host.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

fn is_loopback(host: &str) -> bool {
    let here = |address: Ipv4Addr| address.is_loopback() || address.is_unspecified();
    if let Some(Some(address)) = v6(host) {
        let mapped = address.to_ipv4_mapped().is_some_and(here);
        return address.is_loopback() || address.is_unspecified() || mapped;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_and_port_are_kept() {
        for (text, want) in [
            ("https://p.bitrix24.com/rest/1/s/?x#y", "https://p.bitrix24.com"),
            ("https://P.Bitrix24.COM:443", "https://p.bitrix24.com"),
            ("https://p.bitrix24.com:8443/", "https://p.bitrix24.com:8443"),
            ("HTTPS://p.bitrix24.com:/", "https://p.bitrix24.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:80", "http://localhost"),
        ] {
            assert_eq!(text.parse::<PortalAddress>().unwrap().to_string(), want, "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_hosts_only() {
        for text in [
            "http://p.bitrix24.com",
            "http://127.0.0.1.p.com",
            "http://localhost.p.com",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(text.parse::<PortalAddress>(), Err(AddressError::NotHttps), "{text}");
        }
    }

    #[test]
    fn this_machine_is_known_by_all_of_its_names() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "shop.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(format!("https://{host}/").parse::<PortalAddress>().unwrap().is_loopback(), "{host}");
        }
        for host in ["localhost.com", "1.2.3.4", "[2001:db8::1]", "notlocalhost", "127.0.0.1.com"] {
            assert!(!format!("https://{host}/").parse::<PortalAddress>().unwrap().is_loopback(), "{host}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            "p.bitrix24.com",
            "https://",
            "https:///rest",
            "https://p.com:99999",
            "https://p.com:0",
            "https://p.com:+443",
            "https://*",
            "https://a,b",
            "https://[::g]",
            "https://a b",
            "https://127.1",
            "https://2130706433",
            "https://0x7f000001",
            "https://0177.0.0.1",
            "https://0",
            "/rest",
        ] {
            assert_eq!(text.parse::<PortalAddress>(), Err(AddressError::Invalid), "{text}");
        }
        let with_user = "https://u:p@p.bitrix24.com".parse::<PortalAddress>();
        assert_eq!(with_user, Err(AddressError::Credentials));
    }
}
