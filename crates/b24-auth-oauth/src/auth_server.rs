//! Where the authorisation server lives.

use std::{fmt, str::FromStr};

use b24_core::{Error, PortalAddress};

use crate::params::{base, wrong};

/// The address of an authorisation server: that of `https://oauth.bitrix.info/rest/`, without the path.
///
/// Its being well-formed says nothing about whether it may be told the application's secret: that is decided by
/// [`OAuthApp::trusts`](crate::OAuthApp::trusts).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuthServer(PortalAddress);

impl AuthServer {
    /// The address.
    #[must_use]
    pub fn address(&self) -> &PortalAddress {
        &self.0
    }

    /// Whether it is one of the vendor's: a host of `bitrix.info` or `bitrix24.tech`, by https, on the usual port. No
    /// portal lives there.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
    pub(crate) fn is_of_the_vendor(&self) -> bool {
        let host = self.0.host();
        let in_zone = |zone: &&str| host.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1);
        self.0.scheme() == &http::uri::Scheme::HTTPS && self.0.port() == 443 && ZONES.iter().any(in_zone)
    }
}

/// The one that serves most portals: `https://oauth.bitrix.info`.
impl Default for AuthServer {
    fn default() -> Self {
        Self(PortalAddress::from_static("oauth.bitrix.info"))
    }
}

impl FromStr for AuthServer {
    type Err = Error;

    /// Reads `https://<host>/rest/`, with or without the path; a host alone is one by https. Plain `http` is for this
    /// machine only.
    fn from_str(endpoint: &str) -> Result<Self, Error> {
        let bad = |why: String| wrong(format!("server_endpoint: {why}"));
        let endpoint = endpoint.trim();
        let whole = if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
        let base = base(&whole).ok_or_else(|| bad("not https://<host>/rest/".to_owned()))?;
        base.parse().map(Self).map_err(|error| bad(format!("{error}")))
    }
}

impl fmt::Display for AuthServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

const ZONES: [&str; 2] = ["bitrix.info", "bitrix24.tech"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_with_and_without_its_path() {
        for text in [
            "https://oauth.bitrix.info/rest/",
            "https://oauth.bitrix.info/rest",
            "https://oauth.bitrix.info",
            "oauth.bitrix.info",
        ] {
            assert_eq!(text.parse::<AuthServer>().unwrap(), AuthServer::default(), "{text}");
        }
        for bad in [
            "",
            "http://oauth.bitrix.info/rest/",
            "https://a/b/rest/",
            "https://u:p@oauth.bitrix.info",
            "https://a?b",
            "a b",
        ] {
            assert!(bad.parse::<AuthServer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_vendor_s_zones_are_the_vendor_s() {
        for (host, want) in [
            ("oauth.bitrix.info", true),
            ("oauth.bitrix24.tech", true),
            ("bitrix.info", false),
            ("evilbitrix.info", false),
            ("oauth.bitrix.info.evil.com", false),
            ("oauth.bitrix24.com", false),
            ("oauth.bitrix.info:8443", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(host.parse::<AuthServer>().unwrap().is_of_the_vendor(), want, "{host}");
        }
    }
}
