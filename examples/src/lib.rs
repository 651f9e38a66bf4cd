//! What the examples share: which portal they call.

use std::error::Error;

use b24_portal::{Portal, PortalBuilder};

/// The webhook to call: the one in `B24_HOOK`, or with `--fake` that of a portal inside of this program, which is
/// there until the `Portal` is dropped.
///
/// # Errors
/// When `B24_HOOK` is missing, or the portal cannot open a socket.
pub async fn hook_url() -> Result<(String, Option<Portal>), Box<dyn Error>> {
    hook_url_or(Portal::builder()).await
}

/// The same, with a portal of the example's own choice for `--fake`.
///
/// # Errors
/// When `B24_HOOK` is missing, or the portal cannot open a socket.
pub async fn hook_url_or(fake: PortalBuilder) -> Result<(String, Option<Portal>), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--fake") {
        let portal = fake.start().await?;
        return Ok((portal.hook_url(), Some(portal)));
    }
    match std::env::var("B24_HOOK") {
        Ok(url) => Ok((url, None)),
        Err(_) => Err("set B24_HOOK to the URL of an inbound webhook, or give --fake".into()),
    }
}

/// Whether a program that changes something may do so: on a portal inside of this program, and elsewhere with `--write`.
#[must_use]
pub fn may_write() -> bool {
    std::env::args().any(|argument| argument == "--fake" || argument == "--write")
}
