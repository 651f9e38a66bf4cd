//! A call as an HTTP request: a pure function.

use std::fmt::Write as _;

use b24_core::{ApiVersion, Credential, Error, RestRequest, SdkCode};
use http::{
    HeaderValue, Request, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Body, credentials::PLACEHOLDER};

/// Writes a call as a POST with a JSON body. The credentials travel as an extension; in the path their place reads
/// `***`.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/general-principles.html>
pub(super) fn encode(request: &RestRequest) -> Result<Request<Body>, Error> {
    let Some(grant) = request.grant() else {
        return Err(Error::auth(
            "NO_CREDENTIALS",
            "the call carries no credentials; put an AuthLayer above the RestLayer",
        ));
    };
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
    http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    http.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    http.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    http.extensions_mut().insert(grant.clone());
    Ok(http)
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
        Grant::token("https://p.com".parse().unwrap(), Secret::from("t0ken"), 0)
    }

    #[test]
    fn each_generation_has_its_own_base() {
        for (version, grant, want) in [
            (ApiVersion::V2, hook(), "/rest/1/***/profile"),
            (ApiVersion::V3, hook(), "/rest/api/1/***/profile"),
            (ApiVersion::V2, token(), "/rest/profile"),
            (ApiVersion::V3, token(), "/rest/api/profile"),
        ] {
            let http = encode(&call(version, "profile", "id").with_grant(grant)).unwrap();
            assert_eq!(http.uri().path(), want);
            assert_eq!(http.method(), http::Method::POST);
            assert_eq!(http.into_body().into_bytes(), r#"{"id":7}"#);
        }
    }

    #[test]
    fn the_query_tells_the_request_id_and_the_sdk() {
        let http = encode(&call(ApiVersion::V2, "profile", "a b&c=é").with_grant(hook())).unwrap();
        let want = format!("bx24_request_id=a%20b%26c%3D%C3%A9&{TELEMETRY}");
        assert_eq!(http.uri().query(), Some(want.as_str()));
    }

    #[test]
    fn nothing_stands_in_the_query_of_a_positional_method() {
        let http = encode(&call(ApiVersion::V2, "task.commentitem.getlist", "id").with_grant(hook())).unwrap();
        assert_eq!(http.uri().query(), None);
    }

    #[test]
    fn no_credentials_no_request() {
        let error = encode(&call(ApiVersion::V2, "profile", "id")).unwrap_err();
        assert!(!error.may_have_run());
    }

    #[test]
    fn the_request_shows_no_secret() {
        for grant in [hook(), token()] {
            let http = encode(&call(ApiVersion::V2, "profile", "id").with_grant(grant)).unwrap();
            let shown = format!("{http:?}");
            assert!(!shown.contains("s3cr3t") && !shown.contains("t0ken"), "{shown}");
        }
    }
}
