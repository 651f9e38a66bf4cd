//! What a portal heard, without what differs from client to client on purpose.

use b24_portal::{ApiVersion, Portal, RecordedRequest};
use serde_json::{Value, json};

/// The requests of each operation, in order: those that bear its request id.
pub(crate) fn by_operation(portal: &Portal, ids: &[String]) -> Vec<Vec<Value>> {
    let requests = portal.requests();
    let of = |id: &String| {
        let bears = |request: &&RecordedRequest| pairs(request).any(|(name, value)| name == REQUEST_ID && value == id);
        requests.iter().filter(bears).map(seen).collect()
    };
    ids.iter().map(of).collect()
}

const REQUEST_ID: &str = "bx24_request_id";

fn seen(request: &RecordedRequest) -> Value {
    let text = String::from_utf8_lossy(&request.body);
    // The ids and versions of the clients; everything else counts.
    let query: Vec<_> = pairs(request).filter(|(name, _)| !name.starts_with("bx24_")).collect();
    json!({
        "api": request.version.map(|version| if version == ApiVersion::V3 { "v3" } else { "v2" }),
        "http": request.http_method.as_str(),
        "method": request.method,
        "path": request.path,
        "query": query,
        "body": serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.into_owned())),
    })
}

fn pairs(request: &RecordedRequest) -> impl Iterator<Item = (&str, &str)> {
    request.query.split('&').filter_map(|pair| pair.split_once('='))
}
