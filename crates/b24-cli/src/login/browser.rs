//! Showing a page to the user.

use std::process::Stdio;

use super::secret::B24_CLIENT_SECRET;

/// Starts the browser, by the first way that there is. Whether it shows the page is not known.
pub(super) fn open(url: &str) -> bool {
    open::commands(url).into_iter().any(|mut command| {
        command
            // A browser lives long, and so does its environment.
            .env_remove(B24_CLIENT_SECRET)
            .env_remove("B24_HOOK")
            // What it has to say would stand between the lines of this program.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // The runtime buries it when it ends.
        tokio::process::Command::from(command).spawn().is_ok()
    })
}
