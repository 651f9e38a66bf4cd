//! Where the secret goes: pure functions on a request.

use b24_core::{Credential, Error, Grant, SdkCode, redact};
use http::{HeaderValue, Request, Uri, header::AUTHORIZATION, uri::PathAndQuery};

use crate::Body;

/// What stands in the path above this step.
pub(crate) const PLACEHOLDER: &str = redact::MASK;

/// Refuses credentials that could not be written to the wire, before a call is sent without them.
pub(crate) fn check(credential: &Credential) -> Result<(), Error> {
    let (usable, text) = match credential {
        Credential::Token(token) => (bearer(token.expose()).is_some(), "the token cannot stand in a header"),
        other => (other.secret().is_path_segment(), "the webhook's secret cannot stand in a path"),
    };
    if usable { Ok(()) } else { Err(Error::auth(SdkCode::UnusableCredentials.as_str(), text)) }
}

/// Writes the credentials into a request for their own portal; leaves any other alone.
pub(super) fn attach(grant: &Grant, request: &mut Request<Body>) {
    let portal = grant.portal();
    if request.uri().authority() != Some(portal.authority()) || request.uri().scheme() != Some(portal.scheme()) {
        return;
    }
    match grant.credential() {
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

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| !token.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}

/// The address with the secret in its place.
fn with_secret(uri: &Uri, secret: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let (before, after) = path_and_query.split_once(PLACEHOLDER)?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{before}{secret}{after}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use b24_core::Secret;

    use super::*;

    fn sent(grant: &Grant, uri: &str) -> Request<Body> {
        let mut request = Request::post(uri).body(Body::default()).unwrap();
        attach(grant, &mut request);
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
    fn credentials_go_to_no_other_portal() {
        let hook = Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s3cr3t"));
        let token = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from("s3cr3t"), 0);
        for uri in ["https://q.com/rest/1/***/x", "http://p.com/rest/1/***/x", "https://p.com:8443/rest/1/***/x"] {
            for grant in [&hook, &token] {
                let request = sent(grant, uri);
                assert_eq!(request.uri(), uri);
                assert!(request.headers().is_empty());
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
