//! Messages in chats with bots.

use std::fmt;

use serde_json::{Map, Value};

use super::{EventAuth, field};

/// A message in a chat that a bot of the application takes part in.
///
/// Read from `ONIMBOTMESSAGEADD` and `ONIMMESSAGEADD`, and from `ONIMBOTV2MESSAGEADD`, which spells its fields otherwise.
/// `Debug` shows ids, and no text.
///
/// Sources: <https://apidocs.bitrix24.com/api-reference/chat-bots/outdated/messages/events/on-imbot-message-add.html>,
/// <https://apidocs.bitrix24.com/api-reference/chat-bots/chat-bots-v2/imbot.v2/events/events.html>
#[derive(Clone)]
pub struct ChatMessage {
    bots: Vec<ChatBot>,
    dialog_id: Option<String>,
    chat_id: Option<u64>,
    message_id: Option<u64>,
    author_id: Option<u64>,
    text: String,
    language: Option<String>,
}

/// A bot that a message is for. `Debug` shows its id and code.
#[derive(Clone)]
pub struct ChatBot {
    id: u64,
    code: Option<String>,
    auth: EventAuth,
}

impl ChatMessage {
    pub(super) fn of(name: &str, data: &Value) -> Option<Self> {
        match name {
            "ONIMBOTMESSAGEADD" | "ONIMMESSAGEADD" => Some(Self::of_v1(data)),
            "ONIMBOTV2MESSAGEADD" => Some(Self::of_v2(data)),
            _ => None,
        }
    }

    fn of_v1(data: &Value) -> Self {
        let params = data.get("PARAMS").unwrap_or(&Value::Null);
        let text = |name: &str| params.get(name).and_then(field::text).map(Into::into);
        // 0 is how a portal writes that there is none.
        let id = |name: &str| params.get(name).and_then(field::number).filter(|id| *id != 0);
        Self {
            bots: bots_v1(data.get("BOT").unwrap_or(&Value::Null)),
            dialog_id: text("DIALOG_ID"),
            chat_id: id("TO_CHAT_ID").or_else(|| id("CHAT_ID")),
            message_id: id("MESSAGE_ID"),
            author_id: id("FROM_USER_ID").or_else(|| id("AUTHOR_ID")),
            text: text("MESSAGE").unwrap_or_default(),
            language: text("LANGUAGE"),
        }
    }

    fn of_v2(data: &Value) -> Self {
        let at = |object: &str, name: &str| data.get(object)?.get(name);
        let text = |object: &str, name: &str| at(object, name).and_then(field::text).map(Into::into);
        let id = |object: &str, name: &str| at(object, name).and_then(field::number).filter(|id| *id != 0);
        let bot = id("bot", "id").map(|id| ChatBot {
            id,
            code: text("bot", "code"),
            auth: EventAuth::of(at("bot", "auth").cloned()),
        });
        Self {
            bots: bot.into_iter().collect(),
            dialog_id: text("chat", "dialogId"),
            chat_id: id("message", "chatId").or_else(|| id("chat", "id")),
            message_id: id("message", "id"),
            author_id: id("message", "authorId").or_else(|| id("user", "id")),
            text: text("message", "text").unwrap_or_default(),
            language: data.get("language").and_then(field::text).map(Into::into),
        }
    }

    /// The bots that it is for; none where the event names none.
    #[must_use]
    pub fn bots(&self) -> &[ChatBot] {
        &self.bots
    }

    /// Where an answer goes: the id of a user, or `chat` and the id of a chat, such as `chat42`.
    #[must_use]
    pub fn dialog_id(&self) -> Option<&str> {
        self.dialog_id.as_deref()
    }

    /// The chat.
    #[must_use]
    pub fn chat_id(&self) -> Option<u64> {
        self.chat_id
    }

    /// The message.
    #[must_use]
    pub fn message_id(&self) -> Option<u64> {
        self.message_id
    }

    /// The user who wrote it.
    #[must_use]
    pub fn author_id(&self) -> Option<u64> {
        self.author_id
    }

    /// What they wrote; empty when it is a file only. It comes from a user: escape it before it goes anywhere as HTML.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The language of the portal, such as `en`.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }
}

/// An object or a list with a bot for each entry. Its key is the bot's id, which is written inside as well.
fn bots_v1(bots: &Value) -> Vec<ChatBot> {
    let bot = |key: Option<&str>, fields: &Map<String, Value>| {
        let id = fields.get("BOT_ID").and_then(field::number).or_else(|| key?.parse().ok())?;
        let code = fields.get("BOT_CODE").and_then(field::text).map(Into::into);
        // The tokens stand beside the id, and again in `AUTH`.
        let auth = fields.get("AUTH").filter(|auth| auth.is_object()).cloned();
        let auth = auth.map_or_else(|| EventAuth::of_fields(fields.clone()), |auth| EventAuth::of(Some(auth)));
        Some(ChatBot { id, code, auth })
    };
    match bots {
        Value::Object(bots) => bots.iter().filter_map(|(key, fields)| bot(Some(key), fields.as_object()?)).collect(),
        Value::Array(bots) => bots.iter().filter_map(|fields| bot(None, fields.as_object()?)).collect(),
        _ => Vec::new(),
    }
}

impl ChatBot {
    /// The bot's id, which is that of its user.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The code that the application registered it with.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The bot's own tokens, to answer with.
    #[must_use]
    pub fn auth(&self) -> &EventAuth {
        &self.auth
    }
}

impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessage")
            .field("bots", &self.bots)
            .field("chat_id", &self.chat_id)
            .field("message_id", &self.message_id)
            .field("author_id", &self.author_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChatBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatBot").field("id", &self.id).field("code", &self.code).finish_non_exhaustive()
    }
}
