//! What an application says to the portal's page, read as the page reads it.
//!
//! A text is `command:JSON:callback:APP_SID`, without the JSON where there are no parameters; a command with a colon in its
//! name comes as an object. The portal's script has the rules: `rest/install/js/rest/applayout.js`.

use serde_json::{Value, json};

/// Which of the two forms a message had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageForm {
    /// `command:JSON:callback:APP_SID`
    Text,
    /// `{method, params, callback, appSid}`
    Object,
}

/// A message, taken apart.
#[derive(Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) form: MessageForm,
    pub(crate) command: String,
    /// The parameters as JSON, if they are that. The portal's script has an empty list where there are none.
    pub(crate) params: Result<Value, NotJson>,
    /// Under which key an answer is waited for; empty where none is.
    pub(crate) callback: String,
    pub(crate) app_sid: String,
}

/// Parameters that are not JSON, as they came: the portal's script stumbles over them and goes no further.
#[derive(Clone, PartialEq)]
pub(crate) struct NotJson(pub(crate) String);

impl Message {
    /// Reads a message; nothing where it is neither a text nor an object.
    pub(crate) fn read(data: &Value) -> Option<Self> {
        match data {
            Value::String(text) => Some(Self::of_text(text)),
            Value::Object(_) | Value::Array(_) => Some(Self::of_object(data)),
            _ => None,
        }
    }

    /// The first part is the command, the last the session, the next to last the callback, all between the parameters.
    /// Of a message with fewer parts one part is several of these.
    fn of_text(text: &str) -> Self {
        let parts: Vec<&str> = text.split(':').collect();
        let from_end = |place: usize| parts.len().checked_sub(place).map_or("", |at| parts[at]);
        let params = parts.get(1..parts.len().saturating_sub(2)).unwrap_or_default().join(":");
        Self {
            form: MessageForm::Text,
            command: parts[0].to_owned(),
            callback: from_end(2).to_owned(),
            app_sid: from_end(1).to_owned(),
            params: match params.as_str() {
                "" => Ok(json!([])),
                json => serde_json::from_str(json).map_err(|_| NotJson(params)),
            },
        }
    }

    fn of_object(data: &Value) -> Self {
        let text = |name: &str| match &data[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let params = Some(&data["params"]).filter(|params| is_truthy(params));
        Self {
            form: MessageForm::Object,
            command: text("method"),
            callback: text("callback"),
            app_sid: text("appSid"),
            params: Ok(params.cloned().unwrap_or_else(|| json!([]))),
        }
    }
}

/// JavaScript's `if (value)`.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> (String, Value, String, String) {
        let message = Message::read(&text.into()).expect("a text");
        let params = message.params.unwrap_or_else(|NotJson(text)| format!("not JSON: {text}").into());
        (message.command, params, message.callback, message.app_sid)
    }

    fn want(command: &str, params: Value, callback: &str, sid: &str) -> (String, Value, String, String) {
        (command.into(), params, callback.into(), sid.into())
    }

    #[test]
    fn the_parts_of_a_text_are_told_by_their_places() {
        for (text, want) in [
            ("refreshAuth:k1:sid", want("refreshAuth", json!([]), "k1", "sid")),
            ("setTitle:{\"title\":\"a:b::c\"}:k2:sid", want("setTitle", json!({"title": "a:b::c"}), "k2", "sid")),
            ("setValue:\"x:y\":k3:sid", want("setValue", json!("x:y"), "k3", "sid")),
            ("setTitle:{\"title\":k4:sid", want("setTitle", json!("not JSON: {\"title\""), "k4", "sid")),
            ("reloadWindow::sid", want("reloadWindow", json!([]), "", "sid")),
            // As the portal's script has it: too few parts are shared.
            ("getInitData:sid", want("getInitData", json!([]), "getInitData", "sid")),
            ("alone", want("alone", json!([]), "", "alone")),
            ("", want("", json!([]), "", "")),
        ] {
            assert_eq!(parts(text), want, "{text}");
        }
    }

    #[test]
    fn an_object_names_its_parts_and_nothing_is_an_empty_list() {
        let data = json!({"method": "a:b", "params": {"x": 1}, "callback": "k", "appSid": "sid", "requestId": "r"});
        let message = Message::read(&data).expect("an object");
        assert_eq!((message.form, message.command.as_str()), (MessageForm::Object, "a:b"));
        assert_eq!((message.callback.as_str(), message.app_sid.as_str()), ("k", "sid"));
        assert!(message.params == Ok(json!({"x": 1})));
        for none in [json!({"params": ""}), json!({"params": null}), json!({})] {
            assert!(Message::read(&none).expect("an object").params == Ok(json!([])), "{none}");
        }
    }

    #[test]
    fn what_is_neither_text_nor_object_is_no_message() {
        for data in [json!(null), json!(7), json!(true)] {
            assert!(Message::read(&data).is_none(), "{data}");
        }
    }

    proptest! {
        #[test]
        fn a_text_that_an_application_writes_is_read_back(command in "[a-zA-Z]{1,12}", title in ".*", key in "[a-f0-9-]{1,36}") {
            let params = json!({"title": title});
            let text = format!("{command}:{params}:{key}:sid");
            prop_assert_eq!(parts(&text), want(&command, params, &key, "sid"));
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".*") {
            parts(&text);
        }
    }
}
