//! The frame an application runs in.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use b24_core::PortalAddress;
use serde_json::json;

use crate::{
    Dialog, FrameAuth, FrameError, Options, Parent, Placement, Slider,
    conversation::Conversation,
    options::Kept,
    protocol::{Command, InitData, Payload},
};

/// The frame that an application runs in: its tokens, what the portal said when it was opened, and the page around it.
/// Clones share everything.
///
/// In a browser, [`Frame::connect`] makes it. Elsewhere, and in tests, [`Frame::open`] does, over a
/// [`Conversation`] that somebody else carries.
#[derive(Clone)]
pub struct Frame(Arc<Inner>);

struct Inner {
    conversation: Conversation,
    auth: FrameAuth,
    init: InitData,
    kept: Kept,
    is_installing: AtomicBool,
}

impl Frame {
    /// Connects to the portal's page around this one, in a browser. There is one frame for a page: who calls this while it
    /// is being opened waits for the same, and later gets the same. After a failure, or [`destroy`](Self::destroy), it is
    /// opened anew.
    ///
    /// In a browser the future stays on its thread: run it with `wasm_bindgen_futures::spawn_local`. On any other target it
    /// is an error at once.
    ///
    /// # Errors
    /// [`FrameError::NotInFrame`] when the program was not opened by a portal, or does not run in a browser; as
    /// [`open`](Self::open).
    ///
    /// # Cancel safety
    /// Dropping it gives the wait up. The opening goes on.
    pub async fn connect() -> Result<Self, FrameError> {
        crate::window::connect().await
    }

    /// Asks the portal's page what the application was opened with. In the first run it tells the page that it was.
    ///
    /// # Errors
    /// [`FrameError::NoAnswer`] after 10 s, [`FrameError::BadAnswer`] when there is no token in the answer,
    /// [`FrameError::Destroyed`].
    ///
    /// # Cancel safety
    /// Dropping it leaves the conversation as it is; it can be opened again.
    ///
    /// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-functions/bx24-init.html>
    pub async fn open(conversation: Conversation) -> Result<Self, FrameError> {
        let command = Command::GET_INIT_DATA;
        let answer = conversation.ask(&command, Payload::Nothing).await?;
        let init = InitData::parse(&answer).map_err(|why| FrameError::bad_answer(&command, why))?;
        if init.is_first_run {
            conversation.tell(&Command::SET_INSTALL, Payload::Json(json!({ "install": true })))?;
        }
        let auth = FrameAuth::new(conversation.clone(), &init);
        let kept = Kept::new(&init);
        let is_installing = AtomicBool::new(init.is_installing);
        Ok(Self(Arc::new(Inner { conversation, auth, init, kept, is_installing })))
    }

    /// The portal.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        self.0.conversation.name().portal()
    }

    /// What the portal calls this application while it is open.
    #[must_use]
    pub fn app_sid(&self) -> &str {
        self.0.conversation.name().app_sid()
    }

    /// The tokens of the user who has opened the application: the [`Authenticator`](b24_core::Authenticator) for the
    /// stack.
    #[must_use]
    pub fn auth(&self) -> &FrameAuth {
        &self.0.auth
    }

    /// The portal, as a number that stays when its address changes; empty where the page did not say.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.0.init.member_id
    }

    /// The language of the portal, such as `de`; `en` where the page did not say.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.0.init.language
    }

    /// Whether the user is an administrator, as the page says. The portal decides anew with each call.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.0.init.is_admin
    }

    /// Whether this is the page of the installation, which ends with [`install_finish`](Self::install_finish). Until then
    /// the application gets no events and has no placements.
    #[must_use]
    pub fn is_installing(&self) -> bool {
        self.0.is_installing.load(Ordering::Relaxed)
    }

    /// Whether the application was opened for the first time.
    #[must_use]
    pub fn is_first_run(&self) -> bool {
        self.0.init.is_first_run
    }

    /// Finishes the installation. The portal loads the application anew: nothing after it may run.
    ///
    /// # Errors
    /// [`FrameError::InstallFinished`] when there is none to finish; [`FrameError::Destroyed`].
    ///
    /// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-functions/bx24-install-finish.html>
    pub async fn install_finish(&self) -> Result<(), FrameError> {
        if !self.0.is_installing.swap(false, Ordering::Relaxed) {
            return Err(FrameError::InstallFinished);
        }
        let posted = self.0.conversation.post(&Command::SET_INSTALL_FINISH, Payload::Nothing).await;
        if posted.is_err() {
            self.0.is_installing.store(true, Ordering::Relaxed);
        }
        posted.map(|_| ())
    }

    /// The page around the frame: size, title, messenger.
    #[must_use]
    pub fn parent(&self) -> Parent<'_> {
        Parent::new(&self.0.conversation)
    }

    /// Pages that slide in.
    #[must_use]
    pub fn slider(&self) -> Slider<'_> {
        Slider::new(&self.0.conversation)
    }

    /// Dialogs that let the user choose.
    #[must_use]
    pub fn dialog(&self) -> Dialog<'_> {
        Dialog::new(&self.0.conversation)
    }

    /// Settings that the portal keeps for the application, the same for all users.
    #[must_use]
    pub fn app_options(&self) -> Options<'_> {
        Options::of_the_app(&self.0.conversation, &self.0.kept)
    }

    /// Settings that the portal keeps for the application and this user.
    #[must_use]
    pub fn user_options(&self) -> Options<'_> {
        Options::of_the_user(&self.0.conversation, &self.0.kept)
    }

    /// The place in the portal where the application was opened.
    #[must_use]
    pub fn placement(&self) -> Placement<'_> {
        Placement::new(&self.0.conversation, &self.0.init)
    }

    /// Gives the frame up: who waits for an answer gets [`FrameError::Destroyed`], events end, and the browser's messages
    /// are not listened to any more. Calls go on with the token that is there, as long as it is good.
    pub fn destroy(&self) {
        self.0.conversation.destroy();
    }

    /// Whether it was given up.
    #[must_use]
    pub fn is_destroyed(&self) -> bool {
        self.0.conversation.is_destroyed()
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("name", self.0.conversation.name()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
