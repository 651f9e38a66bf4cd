//! The parameters of a v2 call, gathered as PHP gathers them.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html>

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::php::{form, number};
use crate::value::{self, Array, Value};

/// What a v2 request brings: parameters, and what the server takes for itself.
pub(crate) struct Input {
    pub(crate) params: Array,
    pub(crate) start: Option<i64>,
    pub(crate) token: Option<String>,
    pub(crate) connector: String,
    /// A signed-link call, which nothing here can sign.
    pub(crate) signed_link: bool,
}

impl Input {
    /// Merges the query with the body: body keys win, one level deep.
    pub(crate) fn read(query: &str, headers: &HeaderMap, body: &[u8], has_body: bool) -> Self {
        let mut params = form::parse(query);
        if has_body {
            for (key, value) in read_body(headers, body).iter() {
                params.set(key.clone(), value.clone());
            }
        }
        Self::split(params)
    }

    /// Takes out the names that never reach a method.
    fn split(mut params: Array) -> Self {
        let text = |value: Option<Value>| value.and_then(|value| value.to_text()).map(Cow::into_owned);
        let access_token = text(params.take("access_token"));
        let token = text(params.take("auth")).or(access_token);
        let connector = text(params.take("auth_connector")).unwrap_or_default();
        for name in ["ap", "aplogin", "state"] {
            params.take(name);
        }
        let signed_link = params.take("token").is_some();
        let start = take_start(&mut params);
        Self { params, start, token, connector, signed_link }
    }
}

/// Neither the token nor the parameters, which may carry one under another name.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("params", &self.params.len())
            .field("start", &self.start)
            .field("signed_link", &self.signed_link)
            .finish_non_exhaustive()
    }
}

/// `start` is the server's in every call, subcommands included.
pub(crate) fn take_start(params: &mut Array) -> Option<i64> {
    params.take("start").map(|start| number::int(&start))
}

fn read_body(headers: &HeaderMap, body: &[u8]) -> Array {
    let text = String::from_utf8_lossy(body);
    if media_type(headers).as_deref() == Some("application/x-www-form-urlencoded") {
        let form = form::parse(&text);
        if !form.is_empty() {
            return form;
        }
    }
    // Only when the form is empty is the raw body looked at. What is not JSON is, silently, no parameters at all.
    if media_type(headers).as_deref() == Some("application/json") {
        return match value::from_slice(body) {
            Some(Value::Array(array)) => array,
            _ => Array::new(),
        };
    }
    form::parse(&text)
}

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let full = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn input(query: &str, kind: &'static str, body: &str) -> Input {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Input::read(query, &headers, body.as_bytes(), true)
    }

    fn params(query: &str, kind: &'static str, body: &str) -> String {
        String::from_utf8(value::to_bytes(&input(query, kind, body).params.into())).expect("UTF-8")
    }

    #[test]
    fn body_keys_replace_query_keys_shallowly() {
        let got = params("filter[A]=1&x=1", "application/json", r#"{"filter":{"B":2}}"#);
        assert_eq!(got, r#"{"filter":{"B":2},"x":"1"}"#);
    }

    #[test]
    fn invalid_json_is_silently_no_parameters() {
        assert_eq!(params("", "application/json", r#"{"filter":"#), "[]");
        assert_eq!(params("", "application/json", "7"), "[]");
    }

    #[test]
    fn json_is_read_only_under_its_own_content_type() {
        assert_eq!(params("", "application/json; charset=utf-8", r#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(params("", "text/plain", "a=1"), r#"{"a":"1"}"#);
        assert_eq!(params("", "text/plain", r#"{"a":1}"#), r#"{"{\u0022a\u0022:1}":""}"#);
    }

    #[test]
    fn reserved_names_are_eaten() {
        let input =
            input("start=75&state=x&ap=1&aplogin=2&auth_connector=c", "application/json", r#"{"auth":"T","id":5}"#);
        assert_eq!(input.start, Some(75));
        assert_eq!(input.token.as_deref(), Some("T"));
        assert!(!input.signed_link);
        assert_eq!(input.params.len(), 1);
    }

    #[test]
    fn debug_never_shows_a_token() {
        let shown = format!("{:?}", input("auth=s3cret&x=s3cret", "text/plain", ""));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
