//! By which a second delivery of the same is known.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// By which a second delivery of the same is known: 16 bytes of a SHA-256.
///
/// Portals have no id for a delivery. An event is the same when portal, binding, name, time and data are; its tokens do not
/// count, since the second delivery can come with fresh ones. The call of a robot is known by its `event_token`, and a page
/// by all that it brings.
///
/// Times are whole seconds, so two changes of one record within a second can look like one event that came twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// What [`as_bytes`](Self::as_bytes) gave.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hashes parts so that no two sequences of parts give the same bytes: each with its kind, and its length where that varies.
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn new(kind: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.text(kind);
        hasher
    }

    pub(super) fn text(&mut self, text: &str) {
        self.part(b't', text.len());
        self.0.update(text);
    }

    pub(super) fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.0.update(b"n"),
        }
    }

    pub(super) fn number(&mut self, number: Option<u64>) {
        self.optional(number.map(|number| number.to_string()).as_deref());
    }

    /// In whole seconds: a portal tells no more.
    pub(super) fn time(&mut self, time: Option<SystemTime>) {
        self.number(time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|age| age.as_secs()));
    }

    /// A value. Recursive; a decoded value is not deep.
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.update(b"n"),
            Value::String(text) => self.text(text),
            Value::Bool(yes) => self.text(if *yes { "true" } else { "false" }),
            Value::Number(number) => self.text(&number.to_string()),
            Value::Array(list) => {
                self.part(b'l', list.len());
                list.iter().for_each(|value| self.value(value));
            }
            Value::Object(object) => self.object(object),
        }
    }

    /// An object, with its keys in order.
    pub(super) fn object(&mut self, object: &Map<String, Value>) {
        // Events of chat bots have the tokens of each bot in their data, fresh ones in each delivery.
        let is_auth = object.contains_key("access_token");
        let mut entries: Vec<_> =
            object.iter().filter(|(name, _)| !(is_auth && FRESH.contains(&name.as_str()))).collect();
        // `serde_json` keeps the order of the sender when some crate of the program asks it to.
        entries.sort_unstable_by_key(|(name, _)| *name);
        self.part(b'o', entries.len());
        for (name, value) in entries {
            self.text(name);
            self.value(value);
        }
    }

    fn part(&mut self, kind: u8, length: usize) {
        self.0.update([kind]);
        self.0.update(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
    }

    pub(super) fn finish(self) -> Fingerprint {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.0.finalize()).for_each(|(byte, hashed)| *byte = hashed);
        Fingerprint(bytes)
    }
}

/// What differs between two deliveries, of what stands beside an access token.
const FRESH: &[&str] = &["access_token", "refresh_token", "expires", "expires_in"];
