//! Where the secret goes: pure functions on a request.

use b24_core::{Credential, Error, Grant, SdkCode, redact};
use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header::AUTHORIZATION, uri::PathAndQuery};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Body, place::Place};

/// What stands in the path above this step.
pub(crate) const PLACEHOLDER: &str = redact::MASK;

/// Refuses credentials that could not be written to the wire, before a call is sent without them.
pub(crate) fn check(credential: &Credential) -> Result<(), Error> {
    let (usable, text) = match credential {
        Credential::Token(token) => {
            (bearer(token.expose()).is_some(), "the token is empty, or has characters that no token has")
        }
        other => (other.secret().is_path_segment(), "the webhook's secret cannot stand in a path"),
    };
    if usable { Ok(()) } else { Err(Error::auth(SdkCode::UnusableCredentials.as_str(), text)) }
}

/// Writes the credentials into a request for their own portal; leaves any other alone.
pub(super) fn attach(grant: &Grant, request: &mut Request<Body>, place: Place) {
    let portal = grant.portal();
    if request.uri().authority() != Some(portal.authority()) || request.uri().scheme() != Some(portal.scheme()) {
        return;
    }
    match grant.credential() {
        Credential::Token(token) if place == Place::Browser => in_body_or_query(request, token.expose()),
        Credential::Token(token) => {
            if let Some(value) = bearer(token.expose()) {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        Credential::Webhook { secret, .. } => {
            if let Some(uri) = with_secret(request.uri(), secret.expose()) {
                *request.uri_mut() = uri;
            }
        }
        _ => {}
    }
}

/// As the last member of a JSON object, so that it wins over one of the same name: PHP takes the last. A list, which is what
/// a v3 batch is, has no place for it.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
fn in_body_or_query(request: &mut Request<Body>, token: &str) {
    if let Some(body) = with_member(request.body().as_bytes(), token) {
        *request.body_mut() = Bytes::from(body).into();
    } else if let Some(uri) = with_query(request.uri(), token) {
        *request.uri_mut() = uri;
    }
}

fn with_member(json: &[u8], token: &str) -> Option<Vec<u8>> {
    let members = json.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?.trim_ascii();
    let auth = serde_json::to_string(token).ok()?;
    let comma: &[u8] = if members.is_empty() { b"" } else { b"," };
    Some([b"{", members, comma, br#""auth":"#, auth.as_bytes(), b"}"].concat())
}

fn with_query(uri: &Uri, token: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?;
    let mark = if path_and_query.query().is_some() { '&' } else { '?' };
    let token = utf8_percent_encode(token, ENCODED);
    with_path_and_query(uri, format!("{path_and_query}{mark}auth={token}"))
}

/// What may stand as it is does: so a token is found in the texts of a client's errors, which have the address in them.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| !token.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}

/// The address with the secret in its place.
fn with_secret(uri: &Uri, secret: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let (before, after) = path_and_query.split_once(PLACEHOLDER)?;
    with_path_and_query(uri, format!("{before}{secret}{after}"))
}

fn with_path_and_query(uri: &Uri, path_and_query: String) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use b24_core::Secret;
    use tower::ServiceExt;

    use super::*;

    fn sent(grant: &Grant, uri: &str) -> Request<Body> {
        let mut request = Request::post(uri).body(Body::default()).unwrap();
        attach(grant, &mut request, Place::Server);
        request
    }

    fn sent_by_a_browser(grant: &Grant, uri: &str, body: &'static str) -> Request<Body> {
        let mut request = Request::post(uri).body(Body::from(Bytes::from_static(body.as_bytes()))).unwrap();
        attach(grant, &mut request, Place::Browser);
        request
    }

    #[test]
    fn a_webhook_secret_goes_into_the_path_and_only_there() {
        let grant = Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s%2Fx"));
        let request = sent(&grant, "https://p.com/rest/api/1/***/profile?bx24_request_id=***");
        assert_eq!(request.uri(), "https://p.com/rest/api/1/s%2Fx/profile?bx24_request_id=***");
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_token_goes_into_a_sensitive_header() {
        let grant = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from("t0ken"), 0);
        let request = sent(&grant, "https://p.com/rest/profile");
        let header = &request.headers()[AUTHORIZATION];
        assert!(header == "Bearer t0ken" && header.is_sensitive());
        assert!(!format!("{request:?}").contains("t0ken"));
    }

    #[test]
    fn in_a_browser_a_token_is_the_last_member_of_the_body() {
        let grant = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from(r#"t0"k\en"#), 0);
        for (body, want) in [
            ("{}", r#"{"auth":"t0\"k\\en"}"#),
            (" { }\n", r#"{"auth":"t0\"k\\en"}"#),
            (r#"{"id":7}"#, r#"{"id":7,"auth":"t0\"k\\en"}"#),
            (r#"{"auth":"theirs","a":{}} "#, r#"{"auth":"theirs","a":{},"auth":"t0\"k\\en"}"#),
        ] {
            let request = sent_by_a_browser(&grant, "https://p.com/rest/profile?x=1", body);
            assert_eq!(request.body().as_bytes(), want);
            assert_eq!(request.uri(), "https://p.com/rest/profile?x=1");
            assert!(request.headers().is_empty());
            assert!(!format!("{request:?}").contains("t0"));
        }
    }

    #[test]
    fn in_a_browser_the_token_of_a_list_stands_in_the_query() {
        for (token, uri, want) in [
            ("a&b=", "https://p.com/rest/api/batch?x=1", "https://p.com/rest/api/batch?x=1&auth=a%26b%3D"),
            ("a&b=", "https://p.com/rest/api/batch", "https://p.com/rest/api/batch?auth=a%26b%3D"),
            ("a.b-c_d~e", "https://p.com/rest/api/batch", "https://p.com/rest/api/batch?auth=a.b-c_d~e"),
        ] {
            let grant = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from(token), 0);
            let request = sent_by_a_browser(&grant, uri, "[]");
            assert_eq!(request.uri(), want);
            assert_eq!(request.body().as_bytes(), "[]");
        }
    }

    #[tokio::test]
    async fn a_portal_takes_the_token_in_all_of_its_places() {
        let portal = b24_portal::Portal::builder().start().await.unwrap();
        let token = Secret::from(portal.install(1).access_token());
        let grant = Grant::token(portal.url().parse().unwrap(), "app.1", token, 0);
        for (path, body) in [
            ("/rest/profile", "{}"),
            ("/rest/profile", r#"{"auth":"of somebody else"}"#),
            ("/rest/api/tasks.task.list", r#"{"select":["id"]}"#),
            ("/rest/api/batch?x=1", r#"[{"method":"tasks.task.list","query":{}}]"#),
        ] {
            for place in [Place::Server, Place::Browser] {
                let uri = format!("{}{path}", portal.url());
                let mut request = Request::post(uri).header("content-type", "application/json");
                request.headers_mut().unwrap().insert("accept", HeaderValue::from_static("application/json"));
                let mut request = request.body(Body::from(Bytes::from_static(body.as_bytes()))).unwrap();
                attach(&grant, &mut request, place);
                let answer = portal.service().oneshot(request).await.unwrap();
                assert_eq!(answer.status(), 200, "{path} {body} {place:?}");
            }
        }
    }

    #[test]
    fn credentials_go_to_no_other_portal() {
        let hook = Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s3cr3t"));
        let token = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from("s3cr3t"), 0);
        for uri in ["https://q.com/rest/1/***/x", "http://p.com/rest/1/***/x", "https://p.com:8443/rest/1/***/x"] {
            for grant in [&hook, &token] {
                let request = sent(grant, uri);
                assert_eq!(request.uri(), uri);
                assert!(request.headers().is_empty());
                let request = sent_by_a_browser(grant, uri, "{}");
                assert_eq!(request.uri(), uri);
                assert_eq!(request.body().as_bytes(), "{}");
            }
        }
    }

    #[test]
    fn credentials_that_cannot_be_written_are_refused() {
        let portal = || "https://p.com".parse().unwrap();
        for bad in ["", "abc\n", "a\u{7f}b"] {
            let error = check(Grant::token(portal(), "app.1", Secret::from(bad), 0).credential()).unwrap_err();
            assert_eq!((error.code(), error.may_have_run()), ("UNUSABLE_CREDENTIALS", false), "{bad:?}");
        }
        for bad in ["", "a b", "../../evil?x=", "a/b", "..", ".%2E", "%2e%2e", "é", "***"] {
            assert!(check(Grant::webhook(portal(), 1, Secret::from(bad)).credential()).is_err(), "{bad:?}");
        }
        for good in ["k32t88gf3azpmwv3", "s%2Fx", "a.b-c_d~e"] {
            assert!(check(Grant::webhook(portal(), 1, Secret::from(good)).credential()).is_ok(), "{good:?}");
        }
    }
}
