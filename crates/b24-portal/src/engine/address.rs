//! What a URL path asks for.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/general-principles.html>

use std::fmt;

use crate::php::form::decode_path;
use crate::record::ApiVersion;

/// A method of one of the two API generations, and the webhook it is called through.
#[derive(Clone, PartialEq)]
pub(crate) struct Address {
    pub(crate) version: ApiVersion,
    pub(crate) method: String,
    /// User (id or login) and secret of a webhook.
    pub(crate) hook: Option<(String, String)>,
    pub(crate) transport: Transport,
}

/// How a v2 reply is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Json,
    Xml,
}

impl Address {
    /// Reads `/rest/[api/][<user>/<secret>/]<method>[.json|.xml][/]`.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        // Doubled slashes are harmless, as before the real portal's rewrite rules.
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.first() != Some(&"rest") {
            return None;
        }
        parts.remove(0);
        let version = if parts.len() > 1 && parts[0] == "api" {
            parts.remove(0);
            ApiVersion::V3
        } else {
            ApiVersion::V2
        };
        let (hook, method) = match parts[..] {
            [method] => (None, method),
            [user, secret, method] => (Some((decode_path(user), decode_path(secret))), method),
            _ => return None,
        };
        let method = decode_path(method);
        let (method, transport) = match version {
            ApiVersion::V3 => (method, Transport::Json),
            ApiVersion::V2 => split_suffix(method),
        };
        Some(Self { version, method, hook, transport })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("user", &self.hook.as_ref().map(|(user, _)| user))
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// The path with the webhook's secret replaced.
pub(crate) fn masked(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    let filled: Vec<usize> = (0..parts.len()).filter(|at| !parts[*at].is_empty()).collect();
    let rest: Vec<&str> = filled.iter().map(|at| parts[*at]).collect();
    let secret = match rest[..] {
        ["rest", "api", _, _, ..] => filled.get(3),
        ["rest", _, _, ..] => filled.get(2),
        _ => None,
    };
    if let Some(at) = secret {
        parts[*at] = "***";
    }
    parts.join("/")
}

fn split_suffix(method: String) -> (String, Transport) {
    match method.rsplit_once('.') {
        Some((name, suffix)) if suffix.eq_ignore_ascii_case("json") => (name.to_owned(), Transport::Json),
        Some((name, suffix)) if suffix.eq_ignore_ascii_case("xml") => (name.to_owned(), Transport::Xml),
        _ => (method, Transport::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_documented_form() {
        use ApiVersion::{V2, V3};
        for (path, want) in [
            ("/rest/1/s/crm.deal.list", Some((V2, "crm.deal.list", true, Transport::Json))),
            ("/rest/1/s/crm.deal.list.json", Some((V2, "crm.deal.list", true, Transport::Json))),
            ("/rest/1/s/crm.deal.list.xml/", Some((V2, "crm.deal.list", true, Transport::Xml))),
            ("/rest/user.current", Some((V2, "user.current", false, Transport::Json))),
            ("/rest//user.current", Some((V2, "user.current", false, Transport::Json))),
            ("/rest/api/1/s/tasks.task.get", Some((V3, "tasks.task.get", true, Transport::Json))),
            ("/rest/api/tasks.task.get/", Some((V3, "tasks.task.get", false, Transport::Json))),
            ("/rest/1/s/a%2Eb", Some((V2, "a.b", true, Transport::Json))),
            ("/rest/", None),
            ("/rest/1/s", None),
            ("/index.php", None),
        ] {
            let got = Address::parse(path);
            let got = got.as_ref().map(|a| (a.version, a.method.as_str(), a.hook.is_some(), a.transport));
            assert_eq!(got, want, "{path}");
        }
    }

    #[test]
    fn debug_never_shows_the_secret() {
        let shown = format!("{:?}", Address::parse("/rest/1/s3cret/user.get"));
        assert!(shown.contains("user.get") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn the_secret_is_masked_in_every_form() {
        for (path, want) in [
            ("/rest/1/s3cret/user.get", "/rest/1/***/user.get"),
            ("/rest/api/1/s3cret/batch", "/rest/api/1/***/batch"),
            ("//rest//1/s3cret/user.get.json", "//rest//1/***/user.get.json"),
            ("/rest/1/s3cret", "/rest/1/***"),
            ("/rest/user.get", "/rest/user.get"),
        ] {
            assert_eq!(masked(path), want);
        }
    }
}
