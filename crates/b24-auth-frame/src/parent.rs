//! The page around the frame.

use serde_json::{Value, json};

use crate::{
    Conversation, Delivery, FrameError,
    protocol::{Command, Payload},
};

/// The page around the frame: its size, its title, the portal's messenger.
///
/// None of this has to be answered: a command counts as [`Delivery::Posted`] 900 ms after it was sent.
///
/// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/additional-functions/index.html>
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    conversation: &'a Conversation,
}

impl<'a> Parent<'a> {
    pub(crate) fn new(conversation: &'a Conversation) -> Self {
        Self { conversation }
    }

    /// Makes the frame so large, in pixels.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when one of them is 0; [`FrameError::Destroyed`].
    pub async fn resize(&self, width: u32, height: u32) -> Result<Delivery, FrameError> {
        if width == 0 || height == 0 {
            return Err(FrameError::InvalidArgument { why: "width and height of a frame are at least 1" });
        }
        self.post(Command::RESIZE_WINDOW, json!({ "width": width, "height": height })).await
    }

    /// Makes the frame as wide as the page allows, and so high, in pixels.
    ///
    /// # Errors
    /// As [`resize`](Self::resize).
    pub async fn resize_height(&self, height: u32) -> Result<Delivery, FrameError> {
        if height == 0 {
            return Err(FrameError::InvalidArgument { why: "the height of a frame is at least 1" });
        }
        self.post(Command::RESIZE_WINDOW, json!({ "width": "100%", "height": height })).await
    }

    /// Makes the frame as high as what is in it.
    ///
    /// # Errors
    /// As [`resize`](Self::resize), also where there is no document to measure.
    pub async fn fit(&self) -> Result<Delivery, FrameError> {
        self.resize_height(crate::window::content_height().unwrap_or(0)).await
    }

    /// Scrolls the page to so many pixels from its top; only from the application's own page, and not in a placement.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn scroll_to(&self, pixels: u32) -> Result<Delivery, FrameError> {
        self.post(Command::SET_SCROLL, json!({ "scroll": pixels })).await
    }

    /// Loads the page again, and the application with it; not in a placement, as [`scroll_to`](Self::scroll_to).
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn reload(&self) -> Result<Delivery, FrameError> {
        self.conversation.post(&Command::RELOAD_WINDOW, Payload::Nothing).await
    }

    /// Sets the title that the page shows above the application, which is not that of the browser's tab. There is none in a
    /// slider, and in a placement it is somebody else's: nothing happens there.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn set_title(&self, title: &str) -> Result<Delivery, FrameError> {
        self.post(Command::SET_TITLE, json!({ "title": title })).await
    }

    /// Closes the application, where it was opened in a slider.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn close(&self) -> Result<Delivery, FrameError> {
        self.conversation.post(&Command::CLOSE_APPLICATION, Payload::Nothing).await
    }

    /// Calls a user of the portal.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn call_user(&self, user_id: u64, with_video: bool) -> Result<Delivery, FrameError> {
        self.post(Command::IM_CALL_TO, json!({ "userId": user_id, "video": with_video })).await
    }

    /// Calls a telephone; `params` go to the portal's telephony.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn call_phone(&self, number: &str, params: Option<Value>) -> Result<Delivery, FrameError> {
        let message = with(json!({ "phone": number }), "params", params);
        self.post(Command::IM_PHONE_TO, message).await
    }

    /// Opens the messenger at a dialog, such as `chat12` or the id of a user, and there at a message.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn open_messenger(&self, dialog: &str, message_id: Option<u64>) -> Result<Delivery, FrameError> {
        let message = with(json!({ "dialogId": dialog }), "messageId", message_id.map(Value::from));
        self.post(Command::IM_OPEN_MESSENGER, message).await
    }

    /// Opens the history of a dialog.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn open_history(&self, dialog: &str) -> Result<Delivery, FrameError> {
        self.post(Command::IM_OPEN_HISTORY, json!({ "dialogId": dialog })).await
    }

    async fn post(&self, command: Command, payload: Value) -> Result<Delivery, FrameError> {
        self.conversation.post(&command, Payload::Json(payload)).await
    }
}

/// A second argument is sent only when it is given.
fn with(mut message: Value, name: &str, value: Option<Value>) -> Value {
    if let Some(value) = value {
        message[name] = value;
    }
    message
}
