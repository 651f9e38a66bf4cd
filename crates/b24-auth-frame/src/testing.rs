//! The other side, for the tests: a page that answers as it is told.

use serde_json::{Value, json};

use crate::{
    Conversation, Frame,
    conversation::{Outbox, Received},
    protocol::{FrameName, Outgoing},
};

pub(crate) const PORTAL: &str = "https://p.bitrix24.com";

/// The page around a frame.
pub(crate) struct Page {
    pub(crate) conversation: Conversation,
    outbox: Outbox,
}

/// A command that has arrived.
pub(crate) struct Told {
    pub(crate) command: String,
    pub(crate) payload: String,
    pub(crate) key: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        let (conversation, outbox) = Conversation::new(FrameName::parse("p.bitrix24.com|1|sid").unwrap());
        Self { conversation, outbox }
    }

    /// A page with an application that was opened with `init`.
    pub(crate) async fn with_frame(init: &Value) -> (Self, Frame) {
        let mut page = Self::new();
        let open = Frame::open(page.conversation.clone());
        let answer = async {
            let told = page.told().await;
            assert_eq!(told.command, "getInitData");
            page.answer(&told, init);
        };
        let (frame, ()) = tokio::join!(open, answer);
        (page, frame.unwrap())
    }

    pub(crate) async fn told(&mut self) -> Told {
        match self.outbox.next().await.unwrap() {
            Outgoing::Text(text) => {
                let (command, rest) = text.split_once(':').unwrap();
                let (rest, app_sid) = rest.rsplit_once(':').unwrap();
                let (payload, key) = rest.rsplit_once(':').unwrap_or(("", rest));
                assert_eq!(app_sid, "sid");
                Told { command: command.into(), payload: payload.into(), key: key.into() }
            }
            Outgoing::Object { method, params, callback, app_sid } => {
                assert_eq!(app_sid, "sid");
                Told { command: method, payload: params.to_string(), key: callback }
            }
        }
    }

    /// Whether nothing has arrived.
    pub(crate) fn is_quiet(&mut self) -> bool {
        use futures_util::FutureExt;
        self.outbox.next().now_or_never().is_none()
    }

    pub(crate) fn answer(&self, told: &Told, answer: &Value) -> Received {
        self.say(&format!("{}:{answer}", told.key))
    }

    pub(crate) fn say(&self, text: &str) -> Received {
        self.conversation.receive(PORTAL, text)
    }
}

/// What a page says when an application is opened.
pub(crate) fn init() -> Value {
    json!({
        "AUTH_ID": "first", "AUTH_EXPIRES": "3600", "REFRESH_ID": "r", "DOMAIN": "p.bitrix24.com", "PROTOCOL": 1,
        "LANG": "de", "MEMBER_ID": "m1", "IS_ADMIN": true, "PLACEMENT": "CRM_DEAL_DETAIL_TAB",
        "PLACEMENT_OPTIONS": { "ID": "5" }, "APP_OPTIONS": { "count": "0" }, "USER_OPTIONS": [],
        "INSTALL": false, "FIRST_RUN": false,
    })
}
