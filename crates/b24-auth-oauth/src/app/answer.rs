//! What an answer of the authorisation server says: a pure function of it.

use b24_core::{Error, SdkCode, redact};
use bytes::Bytes;
use http::{Response, StatusCode};

use crate::raw::Fields;

/// The body of a success, or the refusal. A refusal has the server's own code, also where it came with status 200.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/error-codes.html>
pub(super) fn read(answer: &Response<Bytes>) -> Result<&[u8], Error> {
    let status = answer.status();
    if status.is_redirection() {
        let text =
            "the authorisation server answered with a redirect, which is not followed: it would carry secrets along";
        return Err(Error::auth(SdkCode::RedirectRefused.as_str(), text).with_status(status));
    }
    let object = Fields::read(answer.body());
    if let Some((code, message)) = object.as_ref().and_then(refusal) {
        return Err(Error::auth(code, message).with_status(status));
    }
    if !status.is_success() || object.is_none() {
        let text = "the authorisation server did not answer with JSON";
        let text = if object.is_some() { "the authorisation server failed without a code" } else { text };
        return Err(Error::auth(SdkCode::InvalidResponse.as_str(), text).with_status(status));
    }
    Ok(answer.body())
}

/// Whether the same request may succeed a moment later. An answer that is no JSON counts by its status.
pub(super) fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Code and words of `{"error": "invalid_grant", "error_description": ".."}`, or of v3's `{"error": {"code": ..}}`.
fn refusal(object: &Fields<'_>) -> Option<(String, String)> {
    let (code, message) = match object.object("error") {
        Some(error) => (error.text("code"), error.text("message")),
        None => (object.text("error"), object.text("error_description")),
    };
    let code = code.filter(|code| !code.is_empty())?;
    let message =
        message.filter(|text| !text.is_empty()).unwrap_or_else(|| "the authorisation server refused".to_owned());
    Some((code, redact::text(&message).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &'static str) -> Result<(), (String, String)> {
        let answer = Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap();
        read(&answer).map(drop).map_err(|error| {
            assert_eq!(error.status(), Some(answer.status()));
            (error.code().to_owned(), error.message().to_owned())
        })
    }

    #[test]
    fn the_server_s_own_code_comes_out_whatever_the_status() {
        for (status, body, code, message) in [
            (400, r#"{"error":"invalid_grant","error_description":"Invalid grant"}"#, "invalid_grant", "Invalid grant"),
            (200, r#"{"error":"wrong_client","error_description":"Wrong client"}"#, "wrong_client", "Wrong client"),
            (401, r#"{"error":"NOT_INSTALLED"}"#, "NOT_INSTALLED", "the authorisation server refused"),
            (402, r#"{"error":{"code":"PAYMENT_REQUIRED","message":"Pay"}}"#, "PAYMENT_REQUIRED", "Pay"),
        ] {
            assert_eq!(outcome(status, body), Err((code.to_owned(), message.to_owned())), "{body}");
        }
    }

    #[test]
    fn what_is_no_answer_has_a_code_of_ours() {
        for (status, body, code) in [
            (302, "", "REDIRECT_REFUSED"),
            (307, r#"{"access_token":"a"}"#, "REDIRECT_REFUSED"),
            (200, "<html>", "INVALID_RESPONSE"),
            (200, "", "INVALID_RESPONSE"),
            (502, "<html>", "INVALID_RESPONSE"),
            (500, r#"{"error":""}"#, "INVALID_RESPONSE"),
            (400, r#"{"error":{}}"#, "INVALID_RESPONSE"),
        ] {
            assert_eq!(outcome(status, body).unwrap_err().0, code, "{status} {body}");
        }
        assert_eq!(outcome(200, r#"{"access_token":"a"}"#), Ok(()));
    }

    #[test]
    fn only_a_server_s_own_trouble_passes() {
        for (status, want) in [(500, true), (502, true), (429, true), (200, false), (400, false), (401, false)] {
            assert_eq!(may_pass(StatusCode::from_u16(status).unwrap()), want, "{status}");
        }
    }
}
