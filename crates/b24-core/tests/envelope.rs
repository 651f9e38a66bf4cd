//! What an answer is taken for, on every status.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use b24_core::{ErrorKind, RestResponse};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

fn read(status: u16, body: impl Into<Bytes>) -> Result<RestResponse, b24_core::Error> {
    RestResponse::read(StatusCode::from_u16(status).unwrap(), body.into())
}

fn error(status: u16, body: impl Into<Bytes>) -> b24_core::Error {
    read(status, body).unwrap_err()
}

#[test]
fn a_result_may_be_any_json() {
    for result in [json!(true), json!(0), json!("123"), json!(""), json!(null), json!([]), json!({}), json!({"0": "a"})]
    {
        let body = json!({ "result": result, "time": {} }).to_string();
        assert_eq!(read(200, body).unwrap().decode::<Value>().unwrap().result, result);
    }
}

#[test]
fn digits_of_a_result_are_kept() {
    let body = r#"{"result": {"id":123456789012345678901234567890, "sum": 0.10}}"#;
    assert_eq!(read(200, body).unwrap().result(), r#"{"id":123456789012345678901234567890, "sum": 0.10}"#);
}

#[test]
fn time_may_be_missing_or_an_empty_list() {
    assert!(read(200, r#"{"result":1}"#).unwrap().time().is_none());
    for time in ["[]", "[5,6]", "null", "5", "\"now\""] {
        let odd = read(200, format!(r#"{{"result":1,"time":{time},"total":null,"next":"50"}}"#)).unwrap();
        assert_eq!((odd.time(), odd.total(), odd.next()), (None, None, Some(50)), "{time}");
    }
}

#[test]
fn an_openapi_document_has_no_envelope() {
    let body = r#"{"openapi":"3.0.0","info":{"title":"REST"},"paths":{}}"#;
    let reply = read(200, body).unwrap();
    assert_eq!(reply.result(), body);
    assert!(reply.time().is_none());
}

#[test]
fn a_key_openapi_inside_an_answer_changes_nothing() {
    assert_eq!(read(200, r#"{"result":1,"openapi":"3"}"#).unwrap().result(), "1");
}

#[test]
fn errors_have_codes_of_every_sort_on_any_status() {
    for status in [200, 400, 401, 403, 404, 429, 500, 503] {
        for (code, want) in [
            (r#""NOT_FOUND""#, "NOT_FOUND"),
            (r#""""#, ""),
            (r#""0""#, "0"),
            ("0", "0"),
            ("200040300010", "200040300010"),
            ("true", "true"),
            (r#"{"code":"access_denied","message":"M"}"#, "access_denied"),
        ] {
            let error = error(status, format!(r#"{{"error":{code},"error_description":"M"}}"#));
            assert_eq!((error.kind(), error.code()), (ErrorKind::Rest, want), "{status} {code}");
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.message(), "M");
        }
    }
}

#[test]
fn an_empty_error_beside_a_result_is_none() {
    assert_eq!(read(200, r#"{"result":1,"error":"","error_description":""}"#).unwrap().result(), "1");
    assert_eq!(read(200, r#"{"result":1,"error":null}"#).unwrap().result(), "1");
    assert_eq!(error(400, r#"{"error":"","error_description":"Not found"}"#).code(), "");
}

#[test]
fn v3_says_what_is_wrong_with_which_field() {
    let body = json!({ "error": {
        "code": "BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION",
        "message": "Invalid request",
        "validation": [{ "message": "Required", "field": "id" }, { "message": "Too long" }],
    } });
    let error = error(400, body.to_string());
    let rows: Vec<_> = error.validation().iter().map(|row| (row.message.as_str(), row.field.as_deref())).collect();
    assert_eq!(rows, [("Required", Some("id")), ("Too long", None)]);
    assert!(error.is_soft() && !error.may_have_run());
    assert!(error.to_string().ends_with("(status 400): Invalid request; id: Required; -: Too long"), "{error}");
}

#[test]
fn odd_v3_errors_are_still_errors() {
    for body in [
        r#"{"error":{}}"#,
        r#"{"error":{"code":null,"message":5}}"#,
        r#"{"error":{"code":"","validation":"none"}}"#,
        r#"{"error":{"code":"","validation":{"0":{"message":"m","field":7}}}}"#,
    ] {
        assert_eq!(error(400, body).kind(), ErrorKind::Rest, "{body}");
    }
}

#[test]
fn an_odd_row_of_a_validation_hides_no_other() {
    let error = error(400, r#"{"error":{"code":"X","validation":[5,{"message":"m","field":7},null,{"message":"n"}]}}"#);
    let rows: Vec<_> = error.validation().iter().map(|row| (row.message.as_str(), row.field.as_deref())).collect();
    assert_eq!(rows, [("m", None), ("n", None)]);
}

#[test]
fn a_body_that_is_no_answer_is_typed() {
    let cut_off = &br#"{"result":[1,2"#[..];
    let not_utf8 = &b"{\"result\":\"\xff\"}"[..];
    let not_utf8_elsewhere = &b"{\"result\":1,\"nobody\":\"\xff\"}"[..];
    let lists = [&br#"["hello"]"#[..], br#"[null,null,null,null,"QUERY_LIMIT_EXCEEDED"]"#, br#"[{"error":"X"}]"#];
    let bodies = [&b""[..], b"<html>login</html>", b"[]", b"1", b"null", b"{}", br#"{"time":{}}"#, cut_off, not_utf8];
    for body in bodies.into_iter().chain([not_utf8_elsewhere]).chain(lists) {
        let body = Bytes::from_static(body);
        let lost = error(200, body.clone());
        assert_eq!((lost.kind(), lost.code()), (ErrorKind::Decode, "INVALID_RESPONSE"), "{body:?}");
        assert!(lost.may_have_run(), "{body:?}");
        let lost = error(502, body.clone());
        assert_eq!((lost.kind(), lost.code()), (ErrorKind::Transport, "INVALID_RESPONSE"), "{body:?}");
        assert!(lost.may_have_run() && lost.is_retryable(), "{body:?}");
    }
}

#[test]
fn a_page_of_a_proxy_is_not_repeated_in_the_error() {
    let error = error(502, "<html>upstream /rest/1/s3cr3t/x failed</html>");
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
}

#[test]
fn redirects_are_refused_whatever_they_carry() {
    for status in [301, 302, 303, 307, 308] {
        let error = error(status, r#"{"result":"stolen"}"#);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Transport, "REDIRECT_REFUSED"));
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_result_with_a_failing_status_is_no_success() {
    assert_eq!(error(500, r#"{"result":1}"#).code(), "INVALID_RESPONSE");
}

#[test]
fn a_result_of_another_shape_is_a_decode_error_with_its_place() {
    let wrong = read(200, r#"{"result":{"id":"x"}}"#).unwrap().decode::<Vec<u8>>().unwrap_err();
    assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Decode, "INVALID_RESPONSE"));
    assert!(std::error::Error::source(&wrong).unwrap().to_string().contains("line 1 column"));
}

#[test]
fn debug_does_not_show_the_payload() {
    let reply = read(200, r#"{"result":{"DOWNLOAD_URL":"https://p/?token=tk-1"}}"#).unwrap();
    assert!(!format!("{reply:?}").contains("tk-1"));
}

#[test]
fn one_odd_side_field_does_not_hide_the_rest() {
    let reply = read(200, r#"{"result":1,"total":1e400,"next":[],"time":{"operating":"1e400"}}"#).unwrap();
    assert_eq!((reply.total(), reply.next(), reply.time().unwrap().operating), (None, None, None));
    let error = error(400, r#"{"error":"CODE","error_description":"\ud800","argument":7}"#);
    assert_eq!((error.code(), error.rest().unwrap().argument()), ("CODE", Some("7")));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(read(200, "\u{feff}{\"result\":1}").unwrap().result(), "1");
    assert_eq!(read(200, "\u{feff}{\"openapi\":\"3\"}").unwrap().result(), r#"{"openapi":"3"}"#);
}

#[test]
fn a_number_as_code_of_v3_becomes_its_digits() {
    assert_eq!(error(400, r#"{"error":{"code":100,"message":5}}"#).code(), "100");
}

#[test]
fn no_value_of_a_payload_stands_in_an_error() {
    for body in [r#"{"result":"s3cr3t"}"#, r#"{"result":{"s3cr3t":"s3cr3t"}}"#, r#""s3cr3t""#, r#"{"result":"s3cr3t"#] {
        let error = match read(200, body) {
            Ok(reply) => reply.decode::<u8>().unwrap_err(),
            Err(error) => error,
        };
        let source = std::error::Error::source(&error).map(|source| format!("{source} {source:?}"));
        let shown = format!("{error} {error:?} {source:?}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}
