//! Proxies of the environment.

use std::sync::Arc;

use b24_core::{BoxError, PortalAddress};
use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Which proxy an address is reached through.
#[derive(Clone, Default)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// Those of `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as curl reads them.
    pub(super) fn from_env() -> Self {
        Self(Some(Arc::new(Matcher::from_env())))
    }

    pub(super) fn none() -> Self {
        Self(None)
    }

    /// One proxy for everything.
    #[cfg(test)]
    pub(super) fn all(proxy: &str) -> Self {
        Self(Some(Arc::new(Matcher::builder().all(proxy.to_owned()).build())))
    }

    /// The proxy for an address; `None` where it is reached directly, as loopback hosts always are.
    pub(super) fn proxy_for(&self, uri: &Uri) -> Result<Option<Intercept>, BoxError> {
        let loopback = PortalAddress::from_uri(uri).is_ok_and(|portal| portal.is_loopback());
        let Some(proxy) = self.0.as_ref().filter(|_| !loopback).and_then(|matcher| matcher.intercept(uri)) else {
            return Ok(None);
        };
        match proxy.uri().scheme_str() {
            Some("http" | "https") => Ok(Some(proxy)),
            // Going past a proxy that somebody has set would be a surprise; so is nothing said of its address.
            _ => Err("the environment names a proxy that is neither http nor https".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(all: &str, no: &str) -> Proxies {
        Proxies(Some(Arc::new(Matcher::builder().all(all.to_owned()).no(no.to_owned()).build())))
    }

    #[test]
    fn a_proxy_is_used_for_portals_but_not_for_loopback_and_excepted_hosts() {
        let proxies = proxies("http://proxy:3128", "intern.example");
        for (uri, want) in [
            ("https://p.bitrix24.com", true),
            ("https://intern.example", false),
            ("https://localhost:8443", false),
            ("https://127.0.0.1", false),
            ("https://[::1]:1", false),
        ] {
            assert_eq!(proxies.proxy_for(&uri.parse().unwrap()).unwrap().is_some(), want, "{uri}");
        }
        assert!(Proxies::none().proxy_for(&"https://p.com".parse().unwrap()).unwrap().is_none());
    }

    #[test]
    fn a_proxy_of_another_kind_is_an_error_and_not_passed_by() {
        let error = proxies("socks5://user:pw-1@proxy:1080", "").proxy_for(&"https://p.com".parse().unwrap());
        assert!(!error.err().unwrap().to_string().contains("pw-1"));
    }
}
