//! Any bytes as a delivery, in both encodings: `cargo xtask fuzz`.
//!
//! What has to hold beside that nothing panics: bytes that are decoded twice give the same; a value is no deeper than the
//! limit; another token changes neither what `Debug` shows nor the fingerprint of an event.

#![no_main]

use b24_events::{Encoding, Event, Incoming, PageRequest};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    for encoding in [Encoding::Form, Encoding::Json] {
        if let Some(incoming) = same_twice(encoding, data) {
            look_at(&incoming);
        }
        let [one, other] = ["4cc3ssT0ken", "0therT0ken1"].map(|token| with_token(encoding, data, token));
        hides_its_token(encoding, &one, &other);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = PageRequest::parse(text, data);
        let _ = Encoding::of_content_type(text);
    }
});

fn same_twice(encoding: Encoding, body: &[u8]) -> Option<Incoming> {
    match (Incoming::decode(encoding, body), Incoming::decode(encoding, body)) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first.fingerprint(), second.fingerprint());
            Some(first)
        }
        (Err(first), Err(second)) => {
            assert_eq!(first, second);
            None
        }
        (first, second) => panic!("{first:?} and {second:?}"),
    }
}

/// Reads all that there is to read.
fn look_at(incoming: &Incoming) {
    assert!(!incoming.name().is_empty());
    let auth = incoming.auth();
    let _ = (auth.user_id(), auth.expires_in(), auth.scope().count());
    match incoming {
        Incoming::Event(event) => look_at_event(event),
        Incoming::Robot(call) => {
            let _ = (call.document_id(), call.document_type(), call.timeout(), call.properties::<Vec<u64>>());
            assert!(depth(call.raw_properties()) <= DEEPEST);
        }
        Incoming::Page(page) => {
            let _ = page.options::<Vec<u64>>();
            assert!(page.raw_options().is_none_or(|options| depth(options) <= DEEPEST));
        }
        _ => {}
    }
}

fn look_at_event(event: &Event) {
    let _ = (event.known(), event.sent(), event.data::<Vec<u64>>());
    if let Some(message) = event.chat_message() {
        let _ = format!("{message:?}");
    }
    assert!(depth(event.raw_data()) <= DEEPEST);
}

/// Brackets that a name may have, and what is in the last.
const DEEPEST: usize = 33;

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

/// A body of these bytes with a token in each place for one.
fn with_token(encoding: Encoding, data: &[u8], token: &str) -> Vec<u8> {
    let (before, after) = match encoding {
        Encoding::Json => ("{\"event\":\"a\",\"data\":", format!(",\"auth\":{{\"access_token\":\"{token}\"}}}}")),
        _ => ("", format!("&auth[access_token]={token}&auth[application_token]={token}&AUTH_ID={token}")),
    };
    [before.as_bytes(), data, after.as_bytes()].concat()
}

fn hides_its_token(encoding: Encoding, one: &[u8], other: &[u8]) {
    let (one, other) = (Incoming::decode(encoding, one), Incoming::decode(encoding, other));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    if let (Ok(Incoming::Event(one)), Ok(Incoming::Event(other))) = (one, other) {
        assert_eq!(one.fingerprint(), other.fingerprint());
    }
}
