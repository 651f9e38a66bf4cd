//! The one error of every layer: what it says, and what it never shows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::error::Error as _;

use b24_core::{ApiVersion, BoxError, Error, Method, Params, RestError, RestRequest, SdkCode, Secret, Validation};
use http::StatusCode;

fn request() -> RestRequest {
    let params = Params::object(&serde_json::json!({ "PASSWORD": "pw-1", "id": 7 })).unwrap();
    RestRequest::new(ApiVersion::V2, Method::new("user.add").unwrap(), params)
}

#[test]
fn it_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
}

#[test]
fn display_is_one_line_without_the_source() {
    let error = Error::from(RestError::new(StatusCode::BAD_REQUEST, "", "Not\nfound")).with_request(&request());
    assert_eq!(error.to_string(), "user.add: (no code) (status 400): Not found");
    let error = Error::transport(SdkCode::NetworkError, "the connection was lost", true).with_source("broken pipe");
    assert_eq!(error.to_string(), "NETWORK_ERROR: the connection was lost");
    assert_eq!(error.source().unwrap().to_string(), "broken pipe");
}

#[test]
fn a_secret_is_taken_out_of_every_text_and_source() {
    let secret = Secret::from("s3cr3t");
    let source = BoxError::from("error sending request for url (https://p/rest/1/s3cr3t/x)");
    let error =
        Error::transport(SdkCode::NetworkError, "no s3cr3t".to_owned(), true).with_source(source).without(&secret);
    let shown = format!("{error} {error:?} {}", error.source().unwrap());
    assert!(!shown.contains("s3cr3t") && shown.contains("https://p/rest/1/***/x"), "{shown}");

    let row = serde_json::json!([{ "message": "s3cr3t", "field": "s3cr3t" }]);
    let refusal = RestError::new(StatusCode::OK, "E_s3cr3t", "at /rest/1/s3cr3t/x")
        .with_argument("s3cr3t")
        .with_validation(serde_json::from_value::<Vec<Validation>>(row).unwrap());
    let shown = format!("{:?}", Error::from(refusal).without(&secret));
    assert!(!shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn a_source_without_the_secret_stays_what_it_is() {
    let error = Error::transport(SdkCode::NetworkError, "x", true)
        .with_source(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
        .without(&Secret::from("s3cr3t"));
    assert!(error.source().unwrap().is::<std::io::Error>());
}

#[test]
fn debug_shows_parameters_redacted() {
    let shown = format!("{:?}", Error::decode("x").with_request(&request()));
    assert!(shown.contains("\"id\":7") && !shown.contains("pw-1"), "{shown}");
}

#[test]
fn renewal_is_asked_for_by_code_on_v2_and_by_status_on_v3() {
    use ApiVersion::{V2, V3};
    for (version, status, code, want) in [
        (V2, 401, "expired_token", true),
        (V2, 401, "EXPIRED_TOKEN", true),
        (V2, 401, "invalid_token", true),
        (V2, 200, "expired_token", true),
        (V2, 200, "invalid_token", false),
        (V2, 401, "NO_AUTH_FOUND", false),
        (V2, 403, "expired_token", false),
        (V3, 401, "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", true),
        (V3, 403, "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", false),
    ] {
        let error = Error::from(RestError::new(StatusCode::from_u16(status).unwrap(), code, ""));
        assert_eq!(error.asks_for_renewal(version), want, "{version} {status} {code}");
    }
}

#[test]
fn soft_refusals_can_be_taken_out_and_others_cannot() {
    let soft = RestError::new(StatusCode::BAD_REQUEST, "ERROR_ENTITY_NOT_FOUND", "gone");
    assert_eq!(Error::from(soft.clone()).into_soft().unwrap(), soft);
    let hard = RestError::new(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", "no");
    assert_eq!(Error::from(hard).into_soft().unwrap_err().code(), "INVALID_CREDENTIALS");
    assert!(Error::decode("x").into_soft().is_err());
}

#[test]
fn what_may_be_retried_is_not_what_may_be_repeated_safely() {
    for (status, code, retryable, ran) in [
        (503, "QUERY_LIMIT_EXCEEDED", true, false),
        (503, "OVERLOAD_LIMIT", false, false),
        (500, "INTERNAL_SERVER_ERROR", true, true),
        (500, "SOMETHING_NEW", true, true),
        (400, "SOMETHING_NEW", false, true),
        (200, "ERROR_PLACEMENT_MAX_COUNT", false, true),
    ] {
        let error = Error::from(RestError::new(StatusCode::from_u16(status).unwrap(), code, ""));
        assert_eq!((error.is_retryable(), error.may_have_run()), (retryable, ran), "{status} {code}");
    }
    assert!(!Error::transport(SdkCode::RedirectRefused, "x", true).is_retryable());
    assert!(Error::transport(SdkCode::RequestTimeout, "x", true).is_retryable());
}

#[test]
fn our_own_words_are_never_scrubbed() {
    let error = Error::transport(SdkCode::NetworkError, "no answer came", true).without(&Secret::from("s"));
    assert_eq!((error.code(), error.message()), ("NETWORK_ERROR", "no answer came"));
}

#[test]
fn a_secret_of_a_letter_does_not_spoil_words() {
    let refusal = RestError::new(StatusCode::BAD_REQUEST, "A", "a name or an address");
    assert_eq!(Error::from(refusal).without(&Secret::from("a")).message(), "a name or an address");
}

#[test]
fn an_error_with_status_200_is_a_handlers_word_and_the_handler_ran() {
    for (code, ran) in [
        ("ACCESS_DENIED", true),
        ("CONNECTION_ERROR", true),
        ("ERROR_PLACEMENT_MAX_COUNT", true),
        ("QUERY_LIMIT_EXCEEDED", false),
        ("expired_token", false),
    ] {
        let error = Error::from(RestError::new(StatusCode::OK, code, ""));
        assert_eq!(error.may_have_run(), ran, "{code}");
        assert_eq!(error.is_retryable(), code == "QUERY_LIMIT_EXCEEDED", "{code}");
    }
}

#[test]
fn the_first_error_of_a_v3_batch_hides_what_ran_before_it() {
    let batch = |version, status, code: &str| {
        let request = RestRequest::new(version, Method::new("batch").unwrap(), Params::empty());
        Error::from(RestError::new(StatusCode::from_u16(status).unwrap(), code, ""))
            .with_request(&request)
            .may_have_run()
    };
    let v3 = |status, name: &str| batch(ApiVersion::V3, status, &format!("BITRIX_REST_V3_EXCEPTION_{name}EXCEPTION"));
    assert!(v3(400, "ENTITYNOTFOUND") && v3(400, "INVALIDSELECT") && v3(403, "INSUFFICIENTSCOPE"));
    assert!(!v3(400, "METHODNOTFOUND") && !v3(401, "ACCESSDENIED") && !v3(429, "RATELIMIT"));
    assert!(!batch(ApiVersion::V3, 503, "QUERY_LIMIT_EXCEEDED"));
    assert!(!batch(ApiVersion::V2, 403, "insufficient_scope"));
}

#[test]
fn any_401_of_v3_asks_for_renewal_whatever_its_body() {
    let page = Error::transport(SdkCode::InvalidResponse, "a page", true).with_status(StatusCode::UNAUTHORIZED);
    assert!(page.asks_for_renewal(ApiVersion::V3) && !page.asks_for_renewal(ApiVersion::V2));
}

#[test]
fn a_display_text_stays_one_line_whatever_the_portal_says() {
    let error = Error::from(RestError::new(StatusCode::BAD_REQUEST, "A\nB\u{1b}[31m", "c\r\nd"));
    assert_eq!(error.to_string(), "A B [31m (status 400): c d");
}
