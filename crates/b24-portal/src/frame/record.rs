//! What the portal's page remembers of the messages it got.

use std::collections::VecDeque;
use std::fmt;

use super::message::{Message, MessageForm, NotJson};

/// A message that arrived at the portal's page, and what became of it.
///
/// `Debug` shows neither the parameters nor the session: both may be secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameMessage {
    /// The command, as well as it can be told; empty where the message is neither text nor object.
    pub command: String,
    /// The parameters as JSON, `[]` where there were none; as they came where they are not JSON.
    pub params: String,
    /// The key that an answer is waited for under; empty where none is.
    pub callback: String,
    /// The session that the message names: the third part of the frame's `window.name`.
    pub app_sid: String,
    /// Text or object; `None` where the message is neither.
    pub form: Option<MessageForm>,
    /// The origin of the window that posted it.
    pub origin: String,
    /// What became of it.
    pub fate: MessageFate,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageFate {
    /// The command was carried out. Whether it was answered depends on the command, and on faults.
    Accepted,
    /// Ignored: it does not come from the application's origin.
    ForeignOrigin,
    /// Ignored: neither a text nor an object.
    NotAMessage,
    /// Ignored: it names another session than the frame's.
    WrongSid,
    /// Ignored: its parameters are not JSON.
    BadParams,
    /// Ignored: the page has no such command, or not in this placement.
    UnknownCommand,
}

impl FrameMessage {
    pub(crate) fn new(message: Option<Message>, origin: &str, fate: MessageFate) -> Self {
        let empty = Self {
            command: String::new(),
            params: String::new(),
            callback: String::new(),
            app_sid: String::new(),
            form: None,
            origin: origin.to_owned(),
            fate,
        };
        match message {
            None => empty,
            Some(message) => Self {
                command: message.command,
                params: message.params.map_or_else(|NotJson(text)| text, |params| params.to_string()),
                callback: message.callback,
                app_sid: message.app_sid,
                form: Some(message.form),
                ..empty
            },
        }
    }
}

impl fmt::Debug for FrameMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameMessage")
            .field("command", &self.command)
            .field("callback", &self.callback)
            .field("form", &self.form)
            .field("origin", &self.origin)
            .field("fate", &self.fate)
            .finish_non_exhaustive()
    }
}

/// The most recent messages.
#[derive(Debug, Default)]
pub(crate) struct MessageLog {
    kept: VecDeque<FrameMessage>,
    limit: usize,
}

impl MessageLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), limit }
    }

    pub(crate) fn push(&mut self, message: FrameMessage) {
        self.kept.push_back(message);
        while self.kept.len() > self.limit {
            self.kept.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<FrameMessage> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_shows_neither_parameters_nor_session() {
        let message = Message::read(&json!("setUserOption:{\"value\":\"s3cret\"}:k:s3ss1on"));
        let shown = format!("{:?}", FrameMessage::new(message, "http://a.test", MessageFate::Accepted));
        assert!(shown.contains("setUserOption") && shown.contains("Accepted"), "{shown}");
        assert!(!shown.contains("s3cret") && !shown.contains("s3ss1on"), "{shown}");
    }

    #[test]
    fn only_so_many_messages_are_kept() {
        let mut log = MessageLog::new(2);
        for command in ["a", "b", "c"] {
            log.push(FrameMessage::new(Message::read(&json!(command)), "", MessageFate::WrongSid));
        }
        let commands: Vec<String> = log.all().into_iter().map(|message| message.command).collect();
        assert_eq!(commands, ["b", "c"]);
    }
}
