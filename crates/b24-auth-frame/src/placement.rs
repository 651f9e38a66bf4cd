//! The place in the portal where an application is opened.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    Conversation, Delivery, Events, FrameError,
    protocol::{Command, InitData, Payload},
};

/// The place in the portal where the application was opened: a page of its own, a tab in a deal, a field.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/index.html>
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    conversation: &'a Conversation,
    init: &'a InitData,
}

impl<'a> Placement<'a> {
    pub(crate) fn new(conversation: &'a Conversation, init: &'a InitData) -> Self {
        Self { conversation, init }
    }

    /// Its code, such as `CRM_DEAL_DETAIL_TAB`; `DEFAULT` for the application's own page.
    #[must_use]
    pub fn code(&self) -> &'a str {
        &self.init.placement
    }

    /// Whether it is the application's own page.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.code() == "DEFAULT"
    }

    /// What it was opened for, such as `{"ID": "5"}` in a deal. Numbers mostly come as text.
    #[must_use]
    pub fn options(&self) -> &'a Map<String, Value> {
        &self.init.placement_options
    }

    /// Whether the application is in a slider.
    #[must_use]
    pub fn is_slider(&self) -> bool {
        self.options().get("IFRAME").and_then(Value::as_str) == Some("Y")
    }

    /// What the placement can do: its commands and its events.
    ///
    /// # Errors
    /// As [`Conversation::ask`].
    pub async fn interface(&self) -> Result<Value, FrameError> {
        self.conversation.ask(&Command::GET_INTERFACE, Payload::Nothing).await
    }

    /// What happens in the placement, each time it does.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub fn bind_event(&self, event: &str) -> Result<Events, FrameError> {
        self.conversation.events(&Command::PLACEMENT_BIND_EVENT, Payload::Json(json!({ "event": event })))
    }

    /// Sends a command of the placement and waits 10 s for its answer. For one that is not answered see
    /// [`post`](Self::post).
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the command has no name; as [`Conversation::ask`].
    pub async fn call(&self, command: &str, params: impl Serialize) -> Result<Value, FrameError> {
        self.conversation.ask(&Command::new(command)?, payload(params)?).await
    }

    /// Sends a command of the placement that may not be answered.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the command has no name; as [`Conversation::post`].
    pub async fn post(&self, command: &str, params: impl Serialize) -> Result<Delivery, FrameError> {
        self.conversation.post(&Command::new(command)?, payload(params)?).await
    }

    /// Sends a command of the placement that is answered again and again.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the command has no name; [`FrameError::Destroyed`].
    pub fn bind(&self, command: &str, params: impl Serialize) -> Result<Events, FrameError> {
        self.conversation.events(&Command::new(command)?, payload(params)?)
    }

    /// Sets the value of the field that the application is the editor of. It arrives there as JSON text.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the value is none in JSON; as [`Conversation::post`].
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/widgets/user-field/index.html>
    pub async fn set_value(&self, value: impl Serialize) -> Result<Delivery, FrameError> {
        let text = serde_json::to_string(&value).map_err(|_| NO_JSON)?;
        self.conversation.post(&Command::new("setValue")?, Payload::Raw(text)).await
    }
}

fn payload(params: impl Serialize) -> Result<Payload, FrameError> {
    Ok(match serde_json::to_value(params).map_err(|_| NO_JSON)? {
        Value::Null => Payload::Nothing,
        Value::Object(fields) if fields.is_empty() => Payload::Nothing,
        value => Payload::Json(value),
    })
}

const NO_JSON: FrameError = FrameError::InvalidArgument { why: "the value cannot be written as JSON" };
