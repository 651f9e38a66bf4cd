//! The frame, and the handle on its portal.

use std::cell::RefCell;

use b24::{B24, Frame, Restrictions};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;

use crate::outcome::{Outcome, Trouble};

thread_local! {
    static SESSION: RefCell<Option<(B24, Frame)>> = const { RefCell::new(None) };
}

#[derive(Deserialize)]
pub(super) struct Connect {
    /// How many ask for the frame at once.
    #[serde(default = "one")]
    times: usize,
    /// Whether calls keep to the pace of a portal with limits.
    #[serde(default)]
    unhurried: bool,
}

fn one() -> usize {
    1
}

/// Connects, and says what the portal's page has said.
pub(super) async fn connect(with: Connect) -> Outcome {
    let mut sessions = join_all((0..with.times).map(|_| B24::frame())).await;
    while sessions.len() > 1 {
        sessions.pop().transpose()?;
    }
    let Some(session) = sessions.pop() else { return Err(Trouble::misunderstood("nobody asks for the frame")) };
    let (mut b24, frame) = session?;
    if !with.unhurried {
        let stack = B24::builder().restrictions(Restrictions::self_hosted());
        b24 = stack.map_err(|error| Trouble::misunderstood(&error.to_string()))?.frame(&frame);
    }
    SESSION.set(Some((b24, frame)));
    describe()
}

/// What the portal's page has said.
pub(super) fn describe() -> Outcome {
    let frame = frame()?;
    Ok(json!({
        "portal": frame.portal().to_string(),
        "memberId": frame.member_id(),
        "language": frame.language(),
        "isAdmin": frame.is_admin(),
        "isInstalling": frame.is_installing(),
        "isFirstRun": frame.is_first_run(),
        "isDestroyed": frame.is_destroyed(),
        "placement": frame.placement().code(),
        "placementOptions": frame.placement().options(),
        "appOptions": frame.app_options().names(),
        "userOptions": frame.user_options().names(),
        // The whole of it, for the test to search.
        "debug": format!("{frame:?} {:?} {:?}", frame.auth(), b24()?),
    }))
}

pub(super) fn destroy() -> Outcome {
    frame()?.destroy();
    Ok(json!(null))
}

pub(super) async fn install_finish() -> Outcome {
    Ok(json!(frame()?.install_finish().await?))
}

/// The frame that was connected last.
pub(super) fn frame() -> Result<Frame, Trouble> {
    session().map(|(_, frame)| frame)
}

/// The handle on its portal.
pub(super) fn b24() -> Result<B24, Trouble> {
    session().map(|(b24, _)| b24)
}

fn session() -> Result<(B24, Frame), Trouble> {
    SESSION.with_borrow(Clone::clone).ok_or_else(|| Trouble::misunderstood("it is not connected"))
}
