//! HTTP responses as the portal's PHP sends them.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Response, StatusCode, Uri};

use super::address::Transport;
use crate::fault::Answer;
use crate::value::{self, Array, Value};

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
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let allowed = HeaderValue::from_static("origin, content-type, accept");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
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
        let name = key.to_text();
        let name = if list || name.starts_with(|c: char| c.is_ascii_digit()) { "item" } else { name.as_ref() };
        // Writing to a String cannot fail.
        let _ = write!(out, "<{name}>");
        write_xml(out, value);
        let _ = write!(out, "</{name}>");
    }
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
}
