//! An event.

use std::{fmt, time::SystemTime};

use b24_core::{Error, Secret};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ChatMessage, DecodeError, EventAuth, Fingerprint, Known, field, fingerprint::Hasher};

/// Something has happened in the portal, or to the application.
///
/// Portals deliver late, in no order, and now and then twice. Most events say only what changed and not how: read the
/// record again before you act on it. `Debug` shows the name and ids, and no data.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/index.html>
#[derive(Clone)]
pub struct Event {
    name: Box<str>,
    data: Value,
    sent: Option<SystemTime>,
    /// The time as it was written, where it cannot be read: it still tells two events apart.
    stamp: Option<Box<str>>,
    handler_id: Option<u64>,
    auth: EventAuth,
}

impl Event {
    pub(super) fn of(mut fields: Map<String, Value>) -> Result<Self, DecodeError> {
        let sent = fields.get("ts").and_then(field::time);
        let stamp = fields.get("ts").filter(|_| sent.is_none()).and_then(field::text).map(Into::into);
        Ok(Self {
            stamp,
            sent,
            name: field::name_of(&fields, "event")?.to_ascii_uppercase().into(),
            data: field::take_array(&mut fields, "data"),
            handler_id: fields.get("event_handler_id").and_then(field::number),
            auth: EventAuth::of(fields.remove("auth")),
        })
    }

    /// The name in upper case, such as `ONCRMDEALADD`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the data into a type, such as one with `FIELDS` for `{"FIELDS": {"ID": "5"}}`.
    ///
    /// From a form all values are texts: the helpers of [`b24_core::de`] read numbers and flags from them. An event
    /// without data has an object without entries.
    ///
    /// # Errors
    /// Kind [`Decode`](b24_core::ErrorKind::Decode) when the data is not what `T` expects, with the place where.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        field::read("the data of the event", &self.data)
    }

    /// The data as it came. In events of chat bots it holds tokens of the bots: keep it out of logs.
    #[must_use]
    pub fn raw_data(&self) -> &Value {
        &self.data
    }

    /// When the portal's queue sent it, by the portal's clock.
    #[must_use]
    pub fn sent(&self) -> Option<SystemTime> {
        self.sent
    }

    /// The id of the binding that it was sent for.
    #[must_use]
    pub fn handler_id(&self) -> Option<u64> {
        self.handler_id
    }

    /// Who sends it, as they say themselves.
    #[must_use]
    pub fn auth(&self) -> &EventAuth {
        &self.auth
    }

    /// What it says, when it is one of the events about the application itself.
    #[must_use]
    pub fn known(&self) -> Known<'_> {
        Known::of(&self.name, &self.data)
    }

    /// The message, when it is the event of one in a chat with a bot.
    #[must_use]
    pub fn chat_message(&self) -> Option<ChatMessage> {
        ChatMessage::of(&self.name, &self.data)
    }

    /// By which a second delivery is known: the portal, the binding, the name, the time and the data, and no tokens; but for
    /// those of an installation, which are what it is about.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = Hasher::new("event");
        hasher.optional(self.auth.member_id());
        hasher.number(self.handler_id);
        hasher.text(&self.name);
        hasher.time(self.sent);
        hasher.optional(self.stamp.as_deref());
        hasher.value(&self.data);
        if matches!(self.known(), Known::Install { .. } | Known::Update { .. }) {
            hasher.optional(self.auth.refresh_token().map(Secret::expose));
        }
        hasher.finish()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("name", &self.name)
            .field("handler_id", &self.handler_id)
            .field("sent", &self.sent)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
