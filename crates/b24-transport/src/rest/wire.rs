//! A call as an HTTP request: a pure function.

use std::fmt::Write as _;

use b24_core::{ApiVersion, Credential, Error, RestRequest, SdkCode};
use http::{
    HeaderName, HeaderValue, Request, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    Body,
    credentials::{self, PLACEHOLDER, Passage},
    place::Place,
    sends::Sends,
};

/// Writes a call as a POST with a JSON body. The credentials travel as an extension; in the path their place reads
/// `***`.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/general-principles.html>
pub(super) fn encode(request: &RestRequest, sends: &Sends, place: Place) -> Result<Request<Body>, Error> {
    let Some(grant) = request.grant() else {
        let text = "the call carries no credentials; put an AuthLayer above the RestLayer";
        return Err(Error::auth(SdkCode::NoCredentials.as_str(), text));
    };
    credentials::check(grant.credential())?;
    if request.options().request_id().is_some_and(|id| id.len() > MAX_REQUEST_ID) {
        return Err(Error::usage(SdkCode::InvalidParams, "the request id is longer than 255 bytes"));
    }
    let portal = grant.portal();
    let uri = Uri::builder()
        .scheme(portal.scheme().clone())
        .authority(portal.authority().clone())
        .path_and_query(path_and_query(request, grant.credential()))
        .build()
        .map_err(|source| {
            Error::usage(SdkCode::InvalidMethod, "the call makes no valid address").with_source(source)
        })?;
    let mut http = Request::new(Body::from(request.params().as_bytes().clone()));
    *http.method_mut() = http::Method::POST;
    *http.uri_mut() = uri;
    // With what the client adds, without growing on the way.
    http.headers_mut().reserve(8);
    http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    http.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if place == Place::Server {
        http.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    }
    if let Some(key) = request.idempotency_key() {
        http.headers_mut().insert(IDEMPOTENCY_KEY, idempotency_key(key, place)?);
    }
    http.extensions_mut().insert(Passage { grant: grant.clone(), sends: sends.clone() });
    Ok(http)
}

/// 1 to 255 visible ASCII characters: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
fn idempotency_key(key: &str, place: Place) -> Result<HeaderValue, Error> {
    if place == Place::Browser {
        // Sent without it, the call would be less than the caller relies on.
        let text = "an idempotency key cannot be sent from a browser: portals do not permit its header there";
        return Err(Error::usage(SdkCode::UnsupportedInBrowser, text));
    }
    let legal = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::try_from(key).ok().filter(|_| legal);
    value
        .ok_or_else(|| Error::usage(SdkCode::InvalidParams, "an idempotency key has 1 to 255 visible ASCII characters"))
}

/// The call's time was up before it was sent.
pub(super) fn no_time_left() -> Error {
    Error::transport(SdkCode::RequestTimeout, "the time for the call was up before it was sent", false)
}

fn path_and_query(request: &RestRequest, credential: &Credential) -> String {
    let mut out = String::with_capacity(160);
    out.push_str(match request.version() {
        ApiVersion::V3 => "/rest/api/",
        _ => "/rest/",
    });
    // Writing into a `String` cannot fail.
    if let Credential::Webhook { user_id, .. } = credential {
        let _ = write!(out, "{user_id}/{PLACEHOLDER}/");
    }
    out.push_str(request.method().as_str());
    // Old `task.*` methods read the query string as positional parameters:
    // https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html
    if request.method().is_positional() {
        return out;
    }
    out.push('?');
    if let Some(id) = request.options().request_id() {
        let _ = write!(out, "bx24_request_id={}&", utf8_percent_encode(id, QUERY));
    }
    out.push_str(TELEMETRY);
    out
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MAX_REQUEST_ID: usize = 255;
const AGENT: &str = concat!("b24-rust-sdk/", env!("CARGO_PKG_VERSION"));
const TELEMETRY: &str = concat!("bx24_sdk_ver=", env!("CARGO_PKG_VERSION"), "&bx24_sdk_type=b24-rust-sdk");
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use b24_core::{CallOptions, Grant, Method, Params, Secret};

    use super::*;

    fn call(version: ApiVersion, method: &str, id: &str) -> RestRequest {
        let params = Params::object(&serde_json::json!({ "id": 7 })).unwrap();
        RestRequest::new(version, Method::new(method).unwrap(), params)
            .with_options(CallOptions::default().with_request_id(id))
    }

    fn hook() -> Grant {
        Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s3cr3t"))
    }

    fn token() -> Grant {
        Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from("t0ken"), 0)
    }

    fn encoded(request: &RestRequest) -> Result<Request<Body>, Error> {
        encode(request, &Sends::default(), Place::Server)
    }

    fn encoded_in_a_browser(request: &RestRequest) -> Result<Request<Body>, Error> {
        encode(request, &Sends::default(), Place::Browser)
    }

    #[test]
    fn each_generation_has_its_own_base() {
        for (version, grant, want) in [
            (ApiVersion::V2, hook(), "/rest/1/***/profile"),
            (ApiVersion::V3, hook(), "/rest/api/1/***/profile"),
            (ApiVersion::V2, token(), "/rest/profile"),
            (ApiVersion::V3, token(), "/rest/api/profile"),
        ] {
            let http = encoded(&call(version, "profile", "id").with_grant(grant)).unwrap();
            assert_eq!(http.uri().path(), want);
            assert_eq!(http.method(), http::Method::POST);
            assert_eq!(http.into_body().into_bytes(), r#"{"id":7}"#);
        }
    }

    #[test]
    fn the_query_tells_the_request_id_and_the_sdk() {
        let http = encoded(&call(ApiVersion::V2, "profile", "a b&c=é").with_grant(hook())).unwrap();
        let want = format!("bx24_request_id=a%20b%26c%3D%C3%A9&{TELEMETRY}");
        assert_eq!(http.uri().query(), Some(want.as_str()));
    }

    #[test]
    fn nothing_stands_in_the_query_of_a_positional_method() {
        let http = encoded(&call(ApiVersion::V2, "task.commentitem.getlist", "id").with_grant(hook())).unwrap();
        assert_eq!(http.uri().query(), None);
    }

    #[test]
    fn no_credentials_no_request() {
        let error = encoded(&call(ApiVersion::V2, "profile", "id")).unwrap_err();
        assert!(!error.may_have_run());
    }

    #[test]
    fn the_request_shows_no_secret() {
        for grant in [hook(), token()] {
            let http = encoded(&call(ApiVersion::V2, "profile", "id").with_grant(grant)).unwrap();
            let shown = format!("{http:?}");
            assert!(!shown.contains("s3cr3t") && !shown.contains("t0ken"), "{shown}");
        }
    }

    #[test]
    fn only_v3_writes_that_are_no_batch_carry_an_idempotency_key() {
        for (version, method, want) in [
            (ApiVersion::V3, "tasks.task.add", Some("order-4711")),
            (ApiVersion::V3, "tasks.task.get", None),
            (ApiVersion::V3, "batch", None),
            (ApiVersion::V2, "crm.deal.add", None),
        ] {
            let options = CallOptions::default().with_idempotency_key("order-4711");
            let request = call(version, method, "id").with_options(options).with_grant(hook());
            let http = encoded(&request).unwrap();
            let sent = http.headers().get("idempotency-key").map(|value| value.to_str().unwrap());
            assert_eq!(sent, want, "{version} {method}");
        }
    }

    #[test]
    fn a_browser_sends_only_the_headers_that_a_portal_permits() {
        let http = encoded_in_a_browser(&call(ApiVersion::V3, "tasks.task.add", "id").with_grant(token())).unwrap();
        let names: Vec<_> = http.headers().keys().collect();
        assert_eq!(names, [CONTENT_TYPE, ACCEPT]);
    }

    #[test]
    fn a_browser_refuses_a_key_where_it_would_count() {
        let keyed = |version, method| {
            let options = CallOptions::default().with_idempotency_key("order-4711");
            encoded_in_a_browser(&call(version, method, "id").with_options(options).with_grant(hook()))
        };
        let error = keyed(ApiVersion::V3, "tasks.task.add").unwrap_err();
        assert_eq!((error.code(), error.kind()), ("UNSUPPORTED_IN_BROWSER", b24_core::ErrorKind::Usage));
        assert!(keyed(ApiVersion::V3, "tasks.task.get").is_ok() && keyed(ApiVersion::V2, "crm.deal.add").is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_refused_with_its_name() {
        let key = |key: &str| CallOptions::default().with_idempotency_key(key);
        for options in [
            key(""),
            key("a b"),
            key("é"),
            key(&"k".repeat(256)),
            CallOptions::default().with_request_id(&"i".repeat(256)),
        ] {
            let request = call(ApiVersion::V3, "tasks.task.add", "id").with_options(options).with_grant(hook());
            assert_eq!(encoded(&request).unwrap_err().code(), "INVALID_PARAMS");
        }
        let token = Grant::token("https://p.com".parse().unwrap(), "app.1", Secret::from("abc\n"), 0);
        let error = encoded(&call(ApiVersion::V2, "profile", "id").with_grant(token)).unwrap_err();
        assert_eq!(error.code(), "UNUSABLE_CREDENTIALS");
    }
}
