//! HTTP responses as the portal's PHP sends them.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Response, StatusCode, Uri};

use super::address::Transport;
use crate::fault::Answer;
use crate::page;
use crate::value::{self, Array, Key, Value};

/// A REST reply with the portal's headers.
pub(crate) fn rest(status: u16, body: &Value, transport: Transport) -> Response<Bytes> {
    let (kind, bytes) = match transport {
        Transport::Json => ("application/json; charset=utf-8", value::to_bytes(body)),
        Transport::Xml => ("text/xml; charset=utf-8", xml(body).into_bytes()),
    };
    let mut response = Response::new(Bytes::from(bytes));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    allow_browsers(&mut response);
    response
}

/// The answer to `OPTIONS`, by which a browser asks whether it may call: no method runs.
pub(crate) fn preflight() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    allow_browsers(&mut response);
    response
}

fn allow_browsers(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let allowed = HeaderValue::from_static("origin, content-type, accept");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
}

/// What comes out of a script that PHP ended at its memory limit.
pub(crate) fn out_of_memory() -> Response<Bytes> {
    page(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error")
}

/// What the web server says to a body it does not take.
pub(crate) fn body_too_large() -> Response<Bytes> {
    page(StatusCode::PAYLOAD_TOO_LARGE, "413 Request Entity Too Large")
}

fn page(status: StatusCode, title: &str) -> Response<Bytes> {
    let mut response = Response::new(page::nginx(title).into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// A page outside the REST API.
pub(crate) fn not_rest() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"<html><head><title>404 Not Found</title></head></html>"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// A fault's canned answer.
pub(crate) fn canned(answer: Answer, uri: &Uri) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    set(&mut response, header::CONTENT_TYPE, &answer.content_type);
    if answer.by_portal {
        allow_browsers(&mut response);
    }
    if let Some(origin) = answer.moved_to {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        set(&mut response, header::LOCATION, &format!("{}{path}", origin.trim_end_matches('/')));
    }
    response
}

/// Sets a header whose value is not known to be one; what cannot be sent is left out.
pub(crate) fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The same tree as XML: under `<response>`, list entries as `<item>`.
fn xml(body: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>");
    write_xml(&mut out, body);
    out.push_str("</response>");
    out
}

fn write_xml(out: &mut String, value: &Value) {
    match value {
        Value::Array(array) => write_xml_array(out, array),
        Value::Null => {}
        scalar => {
            let text = scalar.to_text().unwrap_or_default();
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            out.push_str(&escaped);
        }
    }
}

fn write_xml_array(out: &mut String, array: &Array) {
    let list = array.is_list();
    for (key, value) in array.iter() {
        let name = match key {
            Key::Str(name) if !list => element_name(name),
            _ => Cow::Borrowed("item"),
        };
        // Writing to a String cannot fail.
        let _ = write!(out, "<{name}>");
        write_xml(out, value);
        let _ = write!(out, "</{name}>");
    }
}

/// A key as the name of an element: what cannot be part of one becomes `_`.
fn element_name(key: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.starts_with(|c: char| c.is_ascii_digit()) {
        return Cow::Borrowed("item");
    }
    if key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.chars().all(fits) {
        return Cow::Borrowed(key);
    }
    let name: String = key.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    Cow::Owned(if name.starts_with(['-', '.']) || name.is_empty() { format!("_{name}") } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    #[test]
    fn xml_turns_list_entries_into_items() {
        let value = Value::from(map! { "result" => vec!["a<b", "c"], "next" => 50_i64 });
        assert_eq!(
            xml(&value),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response><result><item>a&lt;b</item><item>c</item></result><next>50</next></response>"
        );
    }

    #[test]
    fn every_element_has_a_name_that_xml_allows() {
        for (key, want) in [
            ("UF_CRM_1", "UF_CRM_1"),
            ("a><script", "a__script"),
            (">ID", "_ID"),
            ("-x", "_-x"),
            ("", "_"),
            ("2x", "item"),
            ("ё", "_"),
        ] {
            assert_eq!(element_name(key), want, "{key}");
        }
    }
}
