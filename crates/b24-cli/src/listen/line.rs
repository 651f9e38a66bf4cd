//! What a delivery looks like on standard output.

use std::{collections::BTreeMap, time::SystemTime};

use b24::core::{DateTime, Secret, redact};
use b24_events::{
    ApplicationToken, DecodeError, EventAuth, Incoming, PageRequest, RobotCall, Verdict, Verify, inbox::Letter,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::output::json_text;

/// A delivery, without its secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    received: Option<DateTime>,
    kind: &'static str,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    #[serde(rename_all = "camelCase")]
    Read {
        name: String,
        /// `None` when there is nothing to compare with.
        verified: Option<bool>,
        handler_id: Option<u64>,
        sent: Option<DateTime>,
        data: Value,
        auth: BTreeMap<&'static str, String>,
    },
    Unreadable {
        verified: Option<bool>,
        error: Problem,
    },
}

#[derive(Serialize)]
struct Problem {
    message: String,
}

impl Line {
    /// Reads a delivery, and compares its token with those that are known.
    pub(super) async fn of(letter: &Letter, known: Option<&ApplicationToken>) -> Self {
        let incoming = Incoming::decode(letter.encoding, &letter.body);
        let verified = match (&incoming, known) {
            (_, None) => None,
            (Err(_), Some(_)) => Some(false),
            (Ok(incoming), Some(known)) => Some(matches!(known.verify(incoming).await, Ok(Verdict::Genuine))),
        };
        Self::new(incoming, verified, letter.received)
    }

    fn new(incoming: Result<Incoming, DecodeError>, verified: Option<bool>, received: SystemTime) -> Self {
        let (kind, content) = match incoming {
            Ok(incoming) => {
                let (kind, handler_id, sent, data) = match &incoming {
                    Incoming::Event(event) => ("event", event.handler_id(), event.sent(), event.raw_data().clone()),
                    Incoming::Robot(call) => ("robot", None, call.sent(), robot(call)),
                    Incoming::Page(page) => ("page", None, None, self::page(page)),
                    // A kind that came after this was written.
                    _ => ("other", None, None, Value::Null),
                };
                let content = Content::Read {
                    name: redact::text(incoming.name()).into_owned(),
                    verified,
                    handler_id,
                    sent: sent.and_then(date),
                    data: redacted(&data),
                    auth: auth(incoming.auth()),
                };
                (kind, content)
            }
            Err(error) => {
                ("unreadable", Content::Unreadable { verified, error: Problem { message: error.to_string() } })
            }
        };
        Self { received: date(received), kind, content }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn name(&self) -> Option<&str> {
        match &self.content {
            Content::Read { name, .. } => Some(name),
            Content::Unreadable { .. } => None,
        }
    }

    pub(super) fn verified(&self) -> Option<bool> {
        match self.content {
            Content::Read { verified, .. } | Content::Unreadable { verified, .. } => verified,
        }
    }

    /// Whether a command may be run for it: not for what is known not to come from the portal.
    pub(super) fn may_be_forwarded(&self) -> bool {
        self.name().is_some() && self.verified() != Some(false)
    }

    /// What it is, for people.
    pub(super) fn title(&self) -> String {
        match self.name() {
            Some(name) => format!("{} {name}", self.kind),
            None => "an unreadable body".to_owned(),
        }
    }

    /// One line that no terminal takes for a command: JSON itself does not mind the controls above 0x7e.
    pub(super) fn to_json(&self) -> String {
        let text = json_text(self);
        if !text.contains(is_control) {
            return text;
        }
        let escape = |letter| if is_control(letter) { format!("\\u{:04x}", u32::from(letter)) } else { letter.into() };
        text.chars().map(escape).collect()
    }
}

fn is_control(letter: char) -> bool {
    ('\u{7f}'..='\u{9f}').contains(&letter)
}

fn date(time: SystemTime) -> Option<DateTime> {
    DateTime::from_system_time(time, 0).ok()
}

/// Under the names of the wire.
fn robot(call: &RobotCall) -> Value {
    json!({
        "workflow_id": call.workflow_id(),
        "document_id": call.document_id(),
        "document_type": call.document_type(),
        "event_token": call.event_token().map(|_| redact::MASK),
        "use_subscription": call.uses_subscription(),
        "timeout_duration": call.timeout().map(|timeout| timeout.as_secs()),
        "properties": call.raw_properties(),
    })
}

fn page(page: &PageRequest) -> Value {
    json!({ "LANG": page.language(), "PLACEMENT_OPTIONS": page.raw_options() })
}

fn redacted(data: &Value) -> Value {
    serde_json::from_str(&redact::json(data.to_string().as_bytes())).unwrap_or(Value::Null)
}

/// What is known of the sender. Fields that no portal sends are left out: who knows what is in them.
fn auth(auth: &EventAuth) -> BTreeMap<&'static str, String> {
    let shown = |(name, value): (&'static str, &Secret)| {
        let text = if redact::is_secret_name(name) {
            redact::MASK.to_owned()
        } else {
            redact::text(value.expose()).into_owned()
        };
        (name, text)
    };
    auth.known_fields().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use b24_events::Encoding;

    use super::*;

    fn line(body: &str) -> String {
        let incoming = Incoming::decode(Encoding::Form, body.as_bytes());
        Line::new(incoming, Some(true), UNIX_EPOCH + Duration::from_secs(1_787_219_542)).to_json()
    }

    #[test]
    fn an_event_is_shown_without_its_secrets() {
        let shown = line(
            "event=ONCRMDEALADD&event_handler_id=7&ts=1787219540&data[FIELDS][ID]=5&data[FIELDS][ACCESS_TOKEN]=s3cr3t&\
             data[BOT][1][AUTH][application_token]=s3cr3t&auth[domain]=p.example&auth[application_token]=s3cr3t&\
             auth[access_token]=s3cr3t&auth[refresh_token]=s3cr3t&auth[user_id]=1&auth[other]=s3cr3t",
        );
        assert_eq!(
            shown,
            r#"{"received":"2026-08-20T09:52:22+00:00","kind":"event","name":"ONCRMDEALADD","verified":true,"handlerId":7,"#
                .to_owned()
                + r#""sent":"2026-08-20T09:52:20+00:00","data":{"BOT":{"1":{"AUTH":"***"}},"#
                + r#""FIELDS":{"ACCESS_TOKEN":"***","ID":"5"}},"auth":{"access_token":"***","#
                + r#""application_token":"***","domain":"p.example","refresh_token":"***","user_id":"1"}}"#
        );
    }

    #[test]
    fn a_robot_and_a_page_have_the_same_fields() {
        let robot = line("code=sms&workflow_id=w1&event_token=s3cr3t&properties[phone]=5&properties[api_key]=s3cr3t");
        let page = line("PLACEMENT=X&AUTH_ID=s3cr3t&PLACEMENT_OPTIONS={\"ID\":\"5\"}&LANG=en&APP_SID=s3cr3t");
        let keys = |line: &str| -> Vec<String> {
            serde_json::from_str::<serde_json::Map<_, _>>(line).unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&robot), keys(&line("event=X")));
        assert_eq!(keys(&page), keys(&robot));
        assert!(robot.contains(r#""properties":{"api_key":"***","phone":"5"}"#), "{robot}");
        assert!(page.contains(r#""data":{"LANG":"en","PLACEMENT_OPTIONS":{"ID":"5"}}"#), "{page}");
        assert!(!robot.contains("s3cr3t") && !page.contains("s3cr3t"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let shown = line("a=b");
        let message = "the body is neither an event nor the call of a robot nor a page";
        assert!(
            shown.ends_with(&format!(r#""kind":"unreadable","verified":true,"error":{{"message":"{message}"}}}}"#))
        );
    }

    #[test]
    fn controls_of_terminals_are_escaped() {
        let shown = line("event=X&data[T]=a%C2%9B31m%7F%1B");
        assert!(shown.contains(r#""T":"a\u009b31m\u007f\u001b""#), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["data"]["T"], "a\u{9b}31m\u{7f}\u{1b}");
    }
}
