//! Messages to the portal's page.

use serde_json::Value;

use super::Command;

/// What goes with a command.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Value),
    /// Text that is sent as it is: a value that is JSON already.
    Raw(String),
}

/// A message to the portal's page, in one of its two forms.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outgoing {
    /// `command:payload:key:application`; the payload is left out where there is none.
    Text(String),
    /// An object with these members, for a command with a colon in its name, which the page could not find in a text.
    Object {
        /// The command.
        method: String,
        /// What goes with it; an empty text where there is nothing.
        params: Value,
        /// By which its answer is known.
        callback: String,
        /// The application.
        app_sid: String,
    },
}

impl Outgoing {
    /// Writes a message. `key` must not have a colon in it.
    ///
    /// ```
    /// use b24_auth_frame::protocol::{Command, Outgoing, Payload};
    /// use serde_json::json;
    ///
    /// let message = Outgoing::new(&Command::SET_TITLE, Payload::Json(json!({ "title": "Deals" })), "k1", "sid");
    /// assert_eq!(message, Outgoing::Text(r#"setTitle:{"title":"Deals"}:k1:sid"#.into()));
    /// ```
    #[must_use]
    pub fn new(command: &Command, payload: Payload, key: &str, app_sid: &str) -> Self {
        let name = command.as_str();
        if name.contains(':') {
            let params = match payload {
                Payload::Nothing => Value::from(""),
                Payload::Json(value) => value,
                Payload::Raw(text) => Value::from(text),
            };
            return Self::Object { method: name.into(), params, callback: key.into(), app_sid: app_sid.into() };
        }
        let payload = match payload {
            Payload::Nothing => String::new(),
            // A value can always be written; its `Display` would be a second writer in the program.
            Payload::Json(value) => serde_json::to_string(&value).unwrap_or_default(),
            Payload::Raw(text) => text,
        };
        let parts = [name, &payload, key, app_sid];
        Self::Text(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// How the page reads a text: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html>.
    fn as_the_page_reads_it(text: &str) -> (&str, Option<&str>, &str, &str) {
        let (command, rest) = text.split_once(':').unwrap();
        let (rest, app_sid) = rest.rsplit_once(':').unwrap();
        match rest.rsplit_once(':') {
            Some((payload, key)) => (command, Some(payload), key, app_sid),
            None => (command, None, rest, app_sid),
        }
    }

    #[test]
    fn a_command_without_payload_leaves_its_place_out() {
        let message = Outgoing::new(&Command::GET_INIT_DATA, Payload::Nothing, "k", "sid");
        assert_eq!(message, Outgoing::Text("getInitData:k:sid".into()));
    }

    #[test]
    fn a_raw_payload_is_not_serialised_again() {
        let set = Command::new("setValue").unwrap();
        let message = Outgoing::new(&set, Payload::Raw(r#"{"a":1}"#.into()), "k", "sid");
        assert_eq!(message, Outgoing::Text(r#"setValue:{"a":1}:k:sid"#.into()));
        let text = Outgoing::new(&set, Payload::Json(json!("a:b")), "k", "sid");
        assert_eq!(text, Outgoing::Text(r#"setValue:"a:b":k:sid"#.into()));
    }

    #[test]
    fn a_command_with_a_colon_travels_as_an_object() {
        let command = Command::new("crm:open").unwrap();
        for (payload, params) in [
            (Payload::Nothing, json!("")),
            (Payload::Json(json!({ "id": 1 })), json!({ "id": 1 })),
            (Payload::Raw("x".into()), json!("x")),
        ] {
            let want =
                Outgoing::Object { method: "crm:open".into(), params, callback: "k".into(), app_sid: "sid".into() };
            assert_eq!(Outgoing::new(&command, payload, "k", "sid"), want);
        }
    }

    proptest! {
        #[test]
        fn the_page_finds_every_part_again(name in "[a-zA-Z]{1,12}", title in ".{0,40}", key in "[a-z0-9-]{1,36}") {
            let payload = json!({ "title": title });
            let message =
                Outgoing::new(&Command::new(name.as_str()).unwrap(), Payload::Json(payload.clone()), &key, "a1.b-c_d");
            let Outgoing::Text(text) = message else { panic!("no colon in {name}") };
            let (command, sent, callback, app_sid) = as_the_page_reads_it(&text);
            prop_assert_eq!((command, callback, app_sid), (name.as_str(), key.as_str(), "a1.b-c_d"));
            prop_assert_eq!(serde_json::from_str::<Value>(sent.unwrap()).unwrap(), payload);
        }
    }
}
