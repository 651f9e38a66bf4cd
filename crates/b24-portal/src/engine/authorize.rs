//! The page of the portal that a user is sent to, and comes back from with a code.
//!
//! <https://apidocs.bitrix24.com/settings/oauth/index.html>

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode, Uri, header};

use super::{Engine, reply};
use crate::php::form::{self, encode};
use crate::value::Value;

/// Whether a request is for the page.
pub(super) fn is_asked(uri: &Uri) -> bool {
    uri.path().split('/').filter(|part| !part.is_empty()).eq(["oauth", "authorize"])
}

impl Engine {
    /// Sends the user back to the application with a code, as one who is signed in and has agreed.
    ///
    /// An application that is not there gets no answer at all, only the user a page.
    pub(super) fn authorize(&mut self, now: Duration, parts: &Parts) -> Response<Bytes> {
        let query = form::parse(parts.uri.query().unwrap_or_default());
        let text = |name: &str| query.get(name).and_then(Value::as_str);
        let client = text("client_id").unwrap_or_default();
        let Some((code, app)) = self.ledger.authorize(now, client, self.config.signed_in) else {
            return page(StatusCode::BAD_REQUEST, "Application not found");
        };
        let Some(target) = app.redirect_uri() else {
            // "The simplified first authorization code will be displayed to the user directly on the page".
            return page(StatusCode::OK, &code);
        };
        let (domain, server_domain) = (self.config.origins.domain(), self.config.origins.server_domain());
        let mut answer = vec![("code", code.as_str())];
        answer.extend(text("state").map(|state| ("state", state)));
        let (member_id, scope) = (self.config.member_id(), app.scope());
        answer.extend([
            ("domain", domain),
            ("member_id", &member_id),
            ("scope", &scope),
            ("server_domain", server_domain),
        ]);
        let answer: Vec<String> = answer.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::FOUND;
        reply::set(&mut response, header::LOCATION, &with_query(target, &answer.join("&")));
        response
    }
}

/// Adds a query to an address, which may have one, and a fragment behind it.
fn with_query(address: &str, query: &str) -> String {
    let (address, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{query}{fragment}")
}

/// A page for a person. `text` is no foreign text: it needs no escaping.
fn page(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = Response::new(format!("<!DOCTYPE html><html><body><p>{text}</p></body></html>").into());
    *response.status_mut() = status;
    reply::set(&mut response, header::CONTENT_TYPE, "text/html; charset=UTF-8");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_added_before_the_fragment() {
        for (address, want) in [
            ("https://a.test/x", "https://a.test/x?q=1"),
            ("https://a.test/x?y=2", "https://a.test/x?y=2&q=1"),
            ("https://a.test/x?y=2#top", "https://a.test/x?y=2&q=1#top"),
        ] {
            assert_eq!(with_query(address, "q=1"), want);
        }
    }
}
