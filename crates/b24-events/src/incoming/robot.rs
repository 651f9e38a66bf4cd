//! A robot's or an activity's turn.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use b24_core::{Error, Secret};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DecodeError, EventAuth, Fingerprint, field, fingerprint::Hasher};

/// A robot or an activity of the application is to do its work.
///
/// The portal does not read the answer to this request. One that waits gets its results by `bizproc.event.send` with the
/// [`event_token`](Self::event_token). `Debug` shows the code and ids, and no property.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-robot-add.html>
#[derive(Clone)]
pub struct RobotCall {
    code: Box<str>,
    workflow_id: Box<str>,
    document_id: Option<[Box<str>; 3]>,
    document_type: Option<[Box<str>; 3]>,
    event_token: Option<Secret>,
    properties: Value,
    uses_subscription: bool,
    timeout: Option<Duration>,
    sent: Option<SystemTime>,
    auth: EventAuth,
}

impl RobotCall {
    pub(super) fn of(mut fields: Map<String, Value>) -> Result<Self, DecodeError> {
        Ok(Self {
            code: field::name_of(&fields, "code")?.into(),
            workflow_id: field::name_of(&fields, "workflow_id")?.into(),
            document_id: fields.get("document_id").and_then(triple),
            document_type: fields.get("document_type").and_then(triple),
            event_token: fields.remove("event_token").and_then(field::into_text).map(Secret::from),
            properties: field::take_array(&mut fields, "properties"),
            uses_subscription: fields.get("use_subscription").and_then(field::flag).unwrap_or(false),
            timeout: fields.get("timeout_duration").and_then(field::number).map(Duration::from_secs),
            sent: fields.get("ts").and_then(field::time),
            auth: EventAuth::of(fields.remove("auth")),
        })
    }

    /// The code that the application registered it with.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The workflow that it is a step of.
    #[must_use]
    pub fn workflow_id(&self) -> &str {
        &self.workflow_id
    }

    /// The record that it works on: module, class and id, such as `["crm", "CCrmDocumentDeal", "DEAL_5"]`.
    #[must_use]
    pub fn document_id(&self) -> Option<[&str; 3]> {
        self.document_id.as_ref().map(|parts| parts.each_ref().map(|part| &**part))
    }

    /// What kind of record that is, such as `["crm", "CCrmDocumentDeal", "DEAL"]`.
    #[must_use]
    pub fn document_type(&self) -> Option<[&str; 3]> {
        self.document_type.as_ref().map(|parts| parts.each_ref().map(|part| &**part))
    }

    /// What results are returned with. Whoever has it can end the step.
    #[must_use]
    pub fn event_token(&self) -> Option<&Secret> {
        self.event_token.as_ref()
    }

    /// Reads the properties that the robot was set up with into a type; see [`Event::data`](super::Event::data).
    ///
    /// # Errors
    /// Kind [`Decode`](b24_core::ErrorKind::Decode) when they are not what `T` expects, with the place where.
    pub fn properties<T: DeserializeOwned>(&self) -> Result<T, Error> {
        field::read("the properties of the robot", &self.properties)
    }

    /// The properties as they came.
    #[must_use]
    pub fn raw_properties(&self) -> &Value {
        &self.properties
    }

    /// Whether the workflow waits for results.
    #[must_use]
    pub fn uses_subscription(&self) -> bool {
        self.uses_subscription
    }

    /// How long it waits; `None` where that was not told. The portal tells whole seconds.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// When the portal's queue sent it, by the portal's clock.
    #[must_use]
    pub fn sent(&self) -> Option<SystemTime> {
        self.sent
    }

    /// Who sends it, as they say themselves.
    #[must_use]
    pub fn auth(&self) -> &EventAuth {
        &self.auth
    }

    /// By which a second delivery is known: the portal and the event token; without one the workflow, the code, the time and
    /// the properties.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = Hasher::new("robot");
        hasher.optional(self.auth.member_id());
        hasher.optional(self.event_token.as_ref().map(Secret::expose));
        if self.event_token.is_none() {
            hasher.text(&self.workflow_id);
            hasher.text(&self.code);
            hasher.time(self.sent);
            hasher.value(&self.properties);
        }
        hasher.finish()
    }
}

/// A list of three texts.
fn triple(value: &Value) -> Option<[Box<str>; 3]> {
    let [module, class, id] = value.as_array()?.as_slice() else {
        return None;
    };
    let part = |value| field::text(value).map(Into::into);
    Some([part(module)?, part(class)?, part(id)?])
}

impl fmt::Debug for RobotCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RobotCall")
            .field("code", &self.code)
            .field("workflow_id", &self.workflow_id)
            .field("sent", &self.sent)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
