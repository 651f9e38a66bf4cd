//! A row of the queue.

use std::fmt;

use b24_core::{DateTime, Error, de, error::Unreadable};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// What happened to one object: the last of its changes that are of one kind, however many there were.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>
#[derive(Clone)]
#[non_exhaustive]
pub struct OfflineEvent {
    /// The id of the row, by which it is confirmed.
    pub id: u64,
    /// The name of the event, in capital letters: `ONCRMDEALUPDATE`.
    pub name: String,
    /// The same for all changes of one object that have one name and one data; by which it is
    /// [failed](super::OfflineBatch::fail).
    pub message_id: String,
    /// When the last of these changes came.
    pub timestamp: Option<DateTime>,
    /// Who made the last of these changes, where a user did.
    pub user_id: Option<u64>,
    data: Option<Box<RawValue>>,
}

impl OfflineEvent {
    /// Reads the data of the event, mostly no more than `{"FIELDS": {"ID": "5"}}`: the object itself is to be fetched.
    /// Numbers may come as text: see [`b24_core::de`]. An event without data is read from `null`, so an `Option` is `None`.
    ///
    /// # Errors
    /// Kind [`Decode`](b24_core::ErrorKind::Decode) when the data is not what `T` expects.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.raw_data()).map_err(|source| {
            Error::decode("the data of the offline event does not fit the type it is read into")
                .with_source(Unreadable::new(&source))
        })
    }

    /// The data as JSON text; `null` for an event without data, which portals write `false`, `[]` or `""`.
    #[must_use]
    pub fn raw_data(&self) -> &str {
        match self.data.as_ref().map_or("", |data| data.get().trim()) {
            "" | "false" | "[]" | "{}" | "\"\"" => "null",
            data => data,
        }
    }
}

/// Shows neither the data, which may be about people, nor who made the change.
impl fmt::Debug for OfflineEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineEvent")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("message_id", &self.message_id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for OfflineEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        Ok(Self {
            id: row.id,
            name: row.name,
            message_id: row.message_id.map(String::from).unwrap_or_default(),
            timestamp: row.timestamp.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            user_id: row.additional.and_then(|raw| serde_json::from_str::<Additional>(raw.get()).ok()?.user_id),
            data: row.data,
        })
    }
}

/// Only what is needed to confirm a row has to be there: one odd field must not hold up the others.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "ID", deserialize_with = "de::number")]
    id: u64,
    #[serde(rename = "EVENT_NAME")]
    name: String,
    #[serde(rename = "MESSAGE_ID", default, deserialize_with = "de::text_or_none")]
    message_id: Option<Box<str>>,
    #[serde(rename = "TIMESTAMP_X", default)]
    timestamp: Option<Box<RawValue>>,
    #[serde(rename = "EVENT_ADDITIONAL", default)]
    additional: Option<Box<RawValue>>,
    #[serde(rename = "EVENT_DATA", default)]
    data: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Additional {
    #[serde(default, deserialize_with = "de::id_or_none")]
    user_id: Option<u64>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::*;

    fn read(row: &Value) -> OfflineEvent {
        serde_json::from_str(&row.to_string()).unwrap()
    }

    #[test]
    fn numbers_may_be_text_and_text_numbers() {
        let event = read(&json!({
            "ID": "7", "EVENT_NAME": "ONCRMDEALADD", "MESSAGE_ID": "1", "TIMESTAMP_X": "2024-07-18T12:32:31+02:00",
            "EVENT_DATA": { "FIELDS": { "ID": "5" } }, "EVENT_ADDITIONAL": { "user_id": "3" },
        }));
        assert_eq!((event.id, &*event.message_id, event.user_id), (7, "1", Some(3)));
        assert_eq!(event.timestamp.unwrap().unix_seconds(), 1_721_298_751);
        assert_eq!(event.data::<Value>().unwrap(), json!({ "FIELDS": { "ID": "5" } }));
    }

    #[test]
    fn what_is_not_there_has_many_spellings() {
        for nothing in [json!(false), json!([]), json!(""), json!(null), json!({})] {
            let event = read(&json!({
                "ID": 7, "EVENT_NAME": "A", "EVENT_DATA": nothing, "EVENT_ADDITIONAL": nothing, "TIMESTAMP_X": nothing,
            }));
            assert_eq!(event.data::<Option<Value>>().unwrap(), None, "{nothing}");
            assert_eq!((event.user_id, event.timestamp, event.message_id.len()), (None, None, 0), "{nothing}");
        }
        assert_eq!(read(&json!({ "ID": 7, "EVENT_NAME": "A" })).raw_data(), "null");
    }

    #[test]
    fn data_of_another_shape_is_an_error_that_repeats_nothing() {
        let event = read(&json!({ "ID": 7, "EVENT_NAME": "A", "EVENT_DATA": { "PHONE": "555" } }));
        let error = event.data::<Vec<u8>>().unwrap_err();
        assert_eq!(error.kind(), b24_core::ErrorKind::Decode);
        assert!(!format!("{error:?} {event:?}").contains("555"));
    }
}
