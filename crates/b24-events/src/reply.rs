//! Answers to the portal: of a robot or activity to its process, of a bot or a program to a chat.
//!
//! What the portal is told in the answer to its own request, it does not read. It is told by calls, for which the event or
//! the call of the robot brings the credentials.

use std::fmt;

use b24_core::{Error, Fields, Safety, Secret, de};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{RestService, html, rest::call};

/// Hands the values of a robot or an activity to the process that waits for them, which then goes on.
///
/// `values` becomes an object whose keys are those of `RETURN_PROPERTIES`; `()` is none. The message goes to the log of the
/// process, where that keeps one. The robot must have been called with `use_subscription`, or nobody waits.
///
/// ```no_run
/// # use b24_core::{Error, Secret};
/// # use b24_events::{RestService, reply};
/// # async fn example<S: RestService>(b24: S, event_token: &Secret) -> Result<(), Error> {
/// let values = serde_json::json!({ "discount": 15 });
/// reply::send_values(b24, event_token, &values, Some("a good customer")).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `ACCESS_DENIED` with status 403 when the token is used up or too old; whatever the stack gives. It is not sent again
/// after a lost answer: the second time the token would be refused, though the first one did it. Ask
/// [`may_have_run`](Error::may_have_run). The token is in none of the errors.
///
/// # Cancel safety
/// Dropped, the process may have the values.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-event-send.html>
pub async fn send_values<S: RestService, V: Serialize + Sync + ?Sized>(
    service: S,
    event_token: &Secret,
    values: &V,
    log_message: Option<&str>,
) -> Result<(), Error> {
    let params = Fields::new()
        .set("EVENT_TOKEN", event_token.expose())
        .set("RETURN_VALUES", values)
        .set_opt("LOG_MESSAGE", log_message);
    tell(service, "bizproc.event.send", params, event_token).await
}

/// Writes a line into the log of the process that waits for a robot or an activity, which goes on waiting. Takes an
/// administrator's credentials, and a log that was switched on in the template.
///
/// # Errors
/// `ERROR_EMPTY_LOG_MESSAGE` for an empty message; else as [`send_values`].
///
/// # Cancel safety
/// Dropped, the line may have been written.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-activity/bizproc-activity-log.html>
pub async fn write_log<S: RestService>(service: S, event_token: &Secret, message: &str) -> Result<(), Error> {
    let params = Fields::new().set("EVENT_TOKEN", event_token.expose()).set("LOG_MESSAGE", message);
    tell(service, "bizproc.activity.log", params, event_token).await
}

async fn tell<S: RestService>(service: S, method: &str, params: Fields, token: &Secret) -> Result<(), Error> {
    let told = call::<_, IgnoredAny>(service, method, &params, Safety::NotIdempotent).await;
    // Parameters are shown masked; this is for a portal that repeats what it was told.
    told.map(drop).map_err(|error| error.without(token))
}

/// A message to a chat or a person.
///
/// ```no_run
/// # use b24_core::Error;
/// # use b24_events::{RestService, html, reply::Message};
/// # async fn example<S: RestService>(b24: S, name: &str) -> Result<(), Error> {
/// let text = format!("[b]New lead[/b]: {}", html::plain(name));
/// let id = Message::bb_code("chat13", text).send(b24).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use = "a message does nothing until it is sent"]
pub struct Message {
    dialog: String,
    text: String,
    bot: Option<u64>,
    previews: bool,
}

impl Message {
    /// Text that is shown as it is: of others, or without any markup. See [`html::plain`] for what that does.
    ///
    /// The dialog is `chat13` for a chat, and the number of a user, as text, for a person.
    pub fn plain(dialog: impl Into<String>, text: &str) -> Self {
        Self::bb_code(dialog, html::plain(text))
    }

    /// Text in which BB codes take effect. What others wrote goes through [`html::plain`] before it becomes a part of it.
    pub fn bb_code(dialog: impl Into<String>, text: impl Into<String>) -> Self {
        Self { dialog: dialog.into(), text: text.into(), bot: None, previews: true }
    }

    /// Of this bot, by `imbot.message.add`. Default: of the user whose credentials the call has, by `im.message.add`.
    pub fn from_bot(mut self, bot_id: u64) -> Self {
        self.bot = Some(bot_id);
        self
    }

    /// Leaves links as they are. Default: the portal fetches their pages, and shows what it has found there.
    pub fn without_previews(mut self) -> Self {
        self.previews = false;
        self
    }

    /// Sends it, and gives the id of the message.
    ///
    /// # Errors
    /// `MESSAGE_EMPTY`, `DIALOG_ID_EMPTY`, `ACCESS_ERROR`, `BOT_ID_ERROR` and others; whatever the stack gives. It is not
    /// sent again after a lost answer, for it would come twice: ask [`may_have_run`](Error::may_have_run).
    ///
    /// # Cancel safety
    /// Dropped, it may have been sent.
    ///
    /// Sources: <https://apidocs.bitrix24.com/api-reference/chats/messages/im-message-add.html>,
    /// <https://apidocs.bitrix24.com/api-reference/chat-bots/messages/imbot-message-add.html>
    pub async fn send<S: RestService>(&self, service: S) -> Result<u64, Error> {
        let params = Fields::new()
            .set_opt("BOT_ID", self.bot)
            .set("DIALOG_ID", &self.dialog)
            .set("MESSAGE", &self.text)
            .flag("URL_PREVIEW", self.previews);
        let method = if self.bot.is_some() { "imbot.message.add" } else { "im.message.add" };
        Ok(call::<_, Id>(service, method, &params, Safety::NotIdempotent).await?.result.0)
    }
}

/// Shows how long the text is, and not what it says.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("dialog", &self.dialog)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("bot", &self.bot)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Id(#[serde(deserialize_with = "de::number")] u64);
