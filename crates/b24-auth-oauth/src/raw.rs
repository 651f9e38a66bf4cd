//! The fields of a JSON object, each read by itself: what is wrong with one says nothing about the others.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// Fields as they were written.
pub(crate) struct Fields<'a>(HashMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Reads an object; `None` when it is none.
    pub(crate) fn read(json: &'a [u8]) -> Option<Self> {
        // Some servers put a byte order mark before everything they write.
        let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
        serde_json::from_slice(json).ok().map(Self)
    }

    /// Text, or a number as it was written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let raw = self.0.get(name)?.get();
        match raw.bytes().next()? {
            b'"' => serde_json::from_str(raw).ok(),
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => None,
        }
    }

    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        serde_json::from_str(self.0.get(name)?.get()).ok().map(Fields)
    }
}

/// A whole number, also one that is written with a fraction of nothing.
pub(crate) fn whole(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let (digits, fraction) = text.split_once('.')?;
        if fraction.bytes().all(|byte| byte == b'0') { digits.parse().ok() } else { None }
    })
}
