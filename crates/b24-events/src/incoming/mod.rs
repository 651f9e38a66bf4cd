//! What a portal sends: events, calls of robots, and the pages that it opens.
//!
//! [`Incoming::decode`] reads a body, whoever wrote it. Nothing here has been verified: that somebody is the portal is shown
//! by its application token alone, which [`Incoming::auth`] holds.
//!
//! # Limits
//! A body with more than 10,000 fields, more than 10,000 lists and objects, or more than 32 of them in each other is refused
//! as a whole. A body's length is bounded by who reads it from the network.
//!
//! ```
//! use b24_core::de;
//! use b24_events::{Encoding, Incoming};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! #[serde(rename_all = "UPPERCASE")]
//! struct Data {
//!     fields: Fields,
//! }
//!
//! #[derive(Deserialize)]
//! #[serde(rename_all = "UPPERCASE")]
//! struct Fields {
//!     #[serde(deserialize_with = "de::number")]
//!     id: u64,
//! }
//!
//! let body = b"event=ONCRMDEALADD&data[FIELDS][ID]=5&ts=1696527000&auth[member_id]=m1";
//! let Incoming::Event(event) = Incoming::decode(Encoding::Form, body)? else { panic!("not an event") };
//! assert_eq!((event.name(), event.auth().member_id()), ("ONCRMDEALADD", Some("m1")));
//! assert_eq!(event.data::<Data>()?.fields.id, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auth;
mod chat;
mod encoding;
mod error;
mod event;
mod field;
mod fingerprint;
mod json;
mod known;
mod page;
mod robot;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use self::{
    auth::EventAuth,
    chat::{ChatBot, ChatMessage},
    encoding::Encoding,
    error::{DecodeError, DecodeErrorKind},
    event::Event,
    fingerprint::Fingerprint,
    known::Known,
    page::PageRequest,
    robot::RobotCall,
};
use crate::form;

/// What a portal sends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// Something has happened in the portal, or to the application.
    Event(Event),
    /// A robot or an activity of the application is to do its work.
    Robot(RobotCall),
    /// A user opens a page of the application.
    Page(PageRequest),
}

impl Incoming {
    /// Reads a body. What has an `event` is an event; else what has an `event_token`, or a `workflow_id` and a `code`, is
    /// the call of a robot; else what has an `AUTH_ID` or a `PLACEMENT` is a page.
    ///
    /// Takes time and memory in proportion to the body.
    ///
    /// # Errors
    /// The body cannot be read, or is none of the three. The error names what is wrong, and nothing of what is in the body.
    pub fn decode(encoding: Encoding, body: &[u8]) -> Result<Self, DecodeError> {
        let fields = match encoding {
            Encoding::Form => form::parse(body)?,
            Encoding::Json => json::object(body)?,
        };
        Self::of(fields)
    }

    fn of(fields: Map<String, Value>) -> Result<Self, DecodeError> {
        let has = |name: &str| fields.contains_key(name);
        if has("event") {
            Event::of(fields).map(Self::Event)
        } else if has("event_token") || has("workflow_id") && has("code") {
            RobotCall::of(fields).map(Self::Robot)
        } else if has("AUTH_ID") || has("PLACEMENT") {
            PageRequest::of(&fields).map(Self::Page)
        } else {
            Err(DecodeErrorKind::Unknown.into())
        }
    }

    /// Who sends it, as they say themselves.
    #[must_use]
    pub fn auth(&self) -> &EventAuth {
        match self {
            Self::Event(event) => event.auth(),
            Self::Robot(call) => call.auth(),
            Self::Page(page) => page.auth(),
        }
    }

    /// The event's name, the robot's code or the page's placement, for logs.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Event(event) => event.name(),
            Self::Robot(call) => call.code(),
            Self::Page(page) => page.placement(),
        }
    }

    /// By which a second delivery of the same is known: see [`Fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Event(event) => event.fingerprint(),
            Self::Robot(call) => call.fingerprint(),
            Self::Page(page) => page.fingerprint(),
        }
    }
}
