//! The end of a program whose tokens renew themselves.

use std::time::Duration;

use b24::OAuth;
use tokio::time::sleep;

use crate::{
    interrupt::{interrupted, interrupted_again},
    output::say,
};

/// Waits until no renewal is under way: one that is cut off between the authorisation server and the file loses the
/// tokens. Who asks for the end a second time does not want to wait.
pub(super) async fn settle(oauth: &OAuth, was_interrupted: bool) {
    let impatience = async {
        if !was_interrupted {
            interrupted().await;
            say(PLEASE_WAIT);
        }
        interrupted_again().await
    };
    let explanation = async {
        sleep(QUIET).await;
        say(PLEASE_WAIT);
        sleep(LONGEST - QUIET).await;
    };
    tokio::select! {
        biased;
        () = oauth.settled() => {}
        status = impatience => std::process::exit(i32::from(status)),
        () = explanation => say("b24: the renewal of the tokens does not end; the ones in the file may be used up"),
    }
}

const PLEASE_WAIT: &str = "b24: waiting until renewed tokens are in the file; Ctrl-C once more would lose them";

/// Nobody wonders about a wait this short.
const QUIET: Duration = Duration::from_secs(1);
/// Three sends to the authorisation server, 20 s each, and the file.
const LONGEST: Duration = Duration::from_secs(90);
