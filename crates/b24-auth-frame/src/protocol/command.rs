//! The commands that the portal's page knows.

use std::{borrow::Cow, fmt, time::Duration};

use crate::FrameError;

/// A command to the portal's page.
///
/// A placement has commands of its own, which [`Command::new`] takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command(Cow<'static, str>);

/// When a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answers {
    /// By the page, at once.
    Soon,
    /// When a person is done: has chosen, has closed what was opened. One who changes their mind may leave it unanswered.
    WhenDone,
    /// Perhaps not at all: some pages answer, some do what they are told and say nothing.
    Maybe,
}

impl Answers {
    /// How long an answer is waited for.
    #[must_use]
    pub fn patience(self) -> Duration {
        match self {
            Self::Soon => Duration::from_secs(10),
            Self::WhenDone => Duration::from_secs(60 * 60),
            Self::Maybe => Duration::from_millis(900),
        }
    }
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $answers:ident;)*) => {
        impl Command {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// When it is answered; one of a placement counts as [`Answers::Soon`].
            #[must_use]
            pub fn answers(&self) -> Answers {
                match &*self.0 {
                    $($text => Answers::$answers,)*
                    _ => Answers::Soon,
                }
            }
        }
    };
}

commands! {
    /// What the application is opened with: [`InitData`](super::InitData).
    GET_INIT_DATA = "getInitData", Soon;
    /// New [`Tokens`](super::Tokens). Where the page cannot renew them it shows an alert, and does not answer.
    REFRESH_AUTH = "refreshAuth", Soon;
    /// The application has been opened for the first time.
    SET_INSTALL = "setInstall", Maybe;
    /// The installation is finished; the page reloads the application.
    SET_INSTALL_FINISH = "setInstallFinish", Maybe;
    /// Keeps a setting for all users; administrators only.
    SET_APP_OPTION = "setAppOption", Maybe;
    /// Keeps a setting for this user.
    SET_USER_OPTION = "setUserOption", Maybe;
    /// The size of the frame.
    RESIZE_WINDOW = "resizeWindow", Maybe;
    /// Loads the page again.
    RELOAD_WINDOW = "reloadWindow", Maybe;
    /// The title of the page.
    SET_TITLE = "setTitle", Maybe;
    /// How far the page is scrolled.
    SET_SCROLL = "setScroll", Maybe;
    /// Opens the application in a slider.
    OPEN_APPLICATION = "openApplication", WhenDone;
    /// Closes the slider of the application.
    CLOSE_APPLICATION = "closeApplication", Maybe;
    /// Opens a page of the portal in a slider.
    OPEN_PATH = "openPath", WhenDone;
    /// Calls a user.
    IM_CALL_TO = "imCallTo", Maybe;
    /// Calls a telephone.
    IM_PHONE_TO = "imPhoneTo", Maybe;
    /// Opens the messenger.
    IM_OPEN_MESSENGER = "imOpenMessenger", Maybe;
    /// Opens the history of a chat.
    IM_OPEN_HISTORY = "imOpenHistory", Maybe;
    /// Lets the user choose colleagues.
    SELECT_USER = "selectUser", WhenDone;
    /// Lets the user choose rights.
    SELECT_ACCESS = "selectAccess", WhenDone;
    /// Lets the user choose records of the CRM.
    SELECT_CRM = "selectCRM", WhenDone;
    /// What the placement can do.
    GET_INTERFACE = "getInterface", Soon;
    /// Tells of each event of the placement.
    PLACEMENT_BIND_EVENT = "placementBindEvent", Maybe;
}

impl Command {
    /// A command of a placement.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when it is empty or longer than 255 bytes.
    pub fn new(name: impl Into<String>) -> Result<Self, FrameError> {
        let name = name.into();
        match name.len() {
            1..=255 => Ok(Self(Cow::Owned(name))),
            _ => Err(FrameError::InvalidArgument { why: "a command has 1 to 255 characters" }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
