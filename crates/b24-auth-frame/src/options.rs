//! Settings that the portal keeps for an application.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use b24_core::DateTime;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    Conversation, Delivery, FrameError,
    protocol::{Command, InitData, Payload},
};

/// Settings that the portal keeps for the application: those for all users, which only an administrator may set, or those
/// of this user.
///
/// They are read when the application is opened, and are here as they were then, with what was set here since. The portal
/// keeps text, so what is set is written as text, and the getters read it back.
///
/// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/options/index.html>
#[derive(Clone, Copy)]
pub struct Options<'a> {
    conversation: &'a Conversation,
    command: &'static Command,
    values: &'a Mutex<Map<String, Value>>,
}

/// Both kinds of settings, as far as they are known here.
pub(crate) struct Kept {
    app: Mutex<Map<String, Value>>,
    user: Mutex<Map<String, Value>>,
}

impl Kept {
    pub(crate) fn new(init: &InitData) -> Self {
        Self { app: Mutex::new(init.app_options.clone()), user: Mutex::new(init.user_options.clone()) }
    }
}

impl<'a> Options<'a> {
    pub(crate) fn of_the_app(conversation: &'a Conversation, kept: &'a Kept) -> Self {
        Self { conversation, command: &Command::SET_APP_OPTION, values: &kept.app }
    }

    pub(crate) fn of_the_user(conversation: &'a Conversation, kept: &'a Kept) -> Self {
        Self { conversation, command: &Command::SET_USER_OPTION, values: &kept.user }
    }

    /// A setting as it is; `None` where it is not set. One that is empty, 0 or false is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        self.values().get(name).filter(|value| !value.is_null()).cloned()
    }

    /// All names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.values().keys().cloned().collect()
    }

    /// A setting as text; numbers and truth values as they are written.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// A setting as a whole number; `None` also where it is none.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// A setting as a number; `None` also where it is none.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A setting as yes or no, which are `Y` and `N`; `None` also where it is neither.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.as_str() {
            "Y" | "y" | "1" | "true" => Some(true),
            "N" | "n" | "0" | "false" | "" => Some(false),
            _ => None,
        }
    }

    /// A setting as a moment; `None` also where it is none.
    #[must_use]
    pub fn date_time(&self, name: &str) -> Option<DateTime> {
        self.text(name)?.parse().ok()
    }

    /// A setting as JSON of this shape, written as text or not; `None` also where it has another shape.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        match self.get(name)? {
            Value::String(text) => serde_json::from_str(&text).ok(),
            value => serde_json::from_value(value).ok(),
        }
    }

    /// Sets a setting. It has its new value here as soon as that was sent.
    ///
    /// [`Delivery::Posted`] says that the page did not answer; it may have refused, as it does to those who are no
    /// administrators and set what is for all users. The value is here all the same, until the application is opened anew.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the name is empty, and nothing is sent; as [`Conversation::post`].
    ///
    /// # Cancel safety
    /// As [`Conversation::post`]: what was sent is set.
    pub async fn set(&self, name: &str, value: impl Into<Setting>) -> Result<Delivery, FrameError> {
        if name.is_empty() {
            return Err(FrameError::InvalidArgument { why: "a setting needs a name" });
        }
        let Setting(text) = value.into();
        let message = Payload::Json(json!({ "name": name, "value": text }));
        let sent = self.conversation.begin(self.command, message)?;
        // In the order of sending: answers may come in another one, or not at all.
        self.values().insert(name.to_owned(), Value::from(text));
        sent.delivery(self.command.answers().patience()).await
    }

    fn values(&self) -> MutexGuard<'a, Map<String, Value>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value to be set, as the portal keeps it: text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting(String);

impl Setting {
    /// Any value, as JSON.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when it cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, FrameError> {
        let why = "the setting cannot be written as JSON";
        serde_json::to_string(value).map(Self).map_err(|_| FrameError::InvalidArgument { why })
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<i64> for Setting {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<i32> for Setting {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<u32> for Setting {
    fn from(number: u32) -> Self {
        i64::from(number).into()
    }
}

impl From<u64> for Setting {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for Setting {
    fn from(yes: bool) -> Self {
        Self(if yes { "Y" } else { "N" }.to_owned())
    }
}

impl From<DateTime> for Setting {
    fn from(moment: DateTime) -> Self {
        Self(moment.to_string())
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("command", self.command).finish_non_exhaustive()
    }
}
