//! Pages that slide in.

use serde_json::{Map, Value, json};

use crate::{
    Conversation, Delivery, FrameError,
    protocol::{Command, Payload},
};

/// Pages that slide in from the side.
///
/// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/additional-functions/index.html>
#[derive(Clone, Copy, Debug)]
pub struct Slider<'a> {
    conversation: &'a Conversation,
}

/// How a slider ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The user has closed it.
    Closed,
    /// The page answered something else. It is open, or was.
    Unknown,
}

impl<'a> Slider<'a> {
    pub(crate) fn new(conversation: &'a Conversation) -> Self {
        Self { conversation }
    }

    /// Opens this application in a slider, with `params` as options of its placement, and waits until it is closed, an
    /// hour at most. Names that begin with `bx24_` are for the slider: `bx24_width`, `bx24_label`, `bx24_title`,
    /// `bx24_leftBoundary`.
    ///
    /// # Errors
    /// As [`Conversation::ask`].
    ///
    /// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/additional-functions/bx24-open-application.html>
    pub async fn open_app(&self, params: Map<String, Value>) -> Result<Value, FrameError> {
        let payload = if params.is_empty() { Payload::Nothing } else { Payload::Json(params.into()) };
        self.conversation.ask(&Command::OPEN_APPLICATION, payload).await
    }

    /// Closes the slider that this application is in.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub async fn close_app(&self) -> Result<Delivery, FrameError> {
        self.conversation.post(&Command::CLOSE_APPLICATION, Payload::Nothing).await
    }

    /// Opens a page of the portal in a slider, such as `/crm/deal/details/5/`, and waits until it is closed, an hour at
    /// most.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the path does not begin with one slash. [`FrameError::Refused`] with
    /// `METHOD_NOT_SUPPORTED_ON_DEVICE` where there are no sliders: open [`url`](Self::url) in a new window then. As
    /// [`Conversation::ask`].
    pub async fn open_path(&self, path: &str, width: Width) -> Result<Ended, FrameError> {
        let command = Command::OPEN_PATH;
        let path = format!("{}{}", width.prefix(), in_a_slider(path)?);
        let answer = self.conversation.ask(&command, Payload::Json(json!({ "path": path }))).await?;
        match answer.get("result").and_then(Value::as_str) {
            Some("close") => Ok(Ended::Closed),
            Some("error") => {
                let code = answer.get("errorCode").and_then(Value::as_str).unwrap_or_default();
                Err(FrameError::Refused { command, code: code.to_owned() })
            }
            _ => Ok(Ended::Unknown),
        }
    }

    /// The address of a page of the portal.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when the path does not begin with one slash.
    pub fn url(&self, path: &str) -> Result<String, FrameError> {
        Ok(format!("{}{}", self.conversation.name().portal(), checked(path)?))
    }
}

/// How wide a slider is, in pixels. The portal knows no such parameter: it goes by the address, and there are addresses of
/// each width that lead back to the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Width {
    /// 900.
    Narrow,
    /// 950.
    Medium,
    /// 1200.
    Wide,
    /// 1640.
    Wider,
    /// As wide as the window.
    #[default]
    Full,
}

impl Width {
    /// Source: `slider.openPath` of the official JavaScript SDK.
    fn prefix(self) -> &'static str {
        match self {
            Self::Narrow => "/workgroups/group/0/card/../../../..",
            Self::Medium => "/crm/company/requisite/0/../../../..",
            Self::Wide => "/company/personal/user/0/groups/create/../../../../../..",
            Self::Wider => "/crm/type/0/details/0/../../../../..",
            Self::Full => "/crm/deal/../..",
        }
    }
}

/// The path with what tells the portal that it is in a slider.
fn in_a_slider(path: &str) -> Result<String, FrameError> {
    let path = checked(path)?.split('#').next().unwrap_or_default();
    let mark = if path.contains('?') { '&' } else { '?' };
    Ok(format!("{path}{mark}IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"))
}

/// A path of the portal, and no address of somebody else.
fn checked(path: &str) -> Result<&str, FrameError> {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if own { Ok(path) } else { Err(FrameError::InvalidArgument { why: "a path begins with one slash" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_that_it_is_in_a_slider() {
        for (path, want) in [
            ("/crm/deal/details/5/", "/crm/deal/details/5/?IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"),
            ("/x?a=1#top", "/x?a=1&IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"),
        ] {
            assert_eq!(in_a_slider(path).unwrap(), want);
        }
    }

    #[test]
    fn an_address_of_somebody_else_is_refused() {
        for path in ["", "crm/deal/", "//evil.com/", "https://evil.com/", "/\\evil.com", "javascript:alert(1)"] {
            assert!(in_a_slider(path).is_err(), "{path}");
        }
    }

    #[test]
    fn every_width_leads_back_to_the_root() {
        for width in [Width::Narrow, Width::Medium, Width::Wide, Width::Wider, Width::Full] {
            let mut depth = 0_i32;
            for step in width.prefix().split('/').skip(1) {
                depth += if step == ".." { -1 } else { 1 };
            }
            assert_eq!(depth, 0, "{width:?}");
        }
    }
}
