//! What the examples share: which portal they call, and as whom.

use std::{error::Error, time::SystemTime};

use b24::{HttpClient, OAuthApp, OAuthSecret, core::SdkCode};
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
    if is_fake() {
        let portal = fake.start().await?;
        return Ok((portal.hook_url(), Some(portal)));
    }
    match std::env::var("B24_HOOK") {
        Ok(url) => Ok((url, None)),
        Err(_) => Err("set B24_HOOK to the URL of an inbound webhook, or give --fake".into()),
    }
}

/// Whether to run against a portal inside of this program.
#[must_use]
pub fn is_fake() -> bool {
    std::env::args().any(|argument| argument == "--fake")
}

/// The application that the environment names, by `B24_CLIENT_ID` and `B24_CLIENT_SECRET`.
///
/// # Errors
/// When one of them is missing, or cannot be what it should be.
pub fn application(client: HttpClient) -> Result<OAuthApp, b24::Error> {
    let missing = |name| b24::Error::usage(SdkCode::InvalidConfig, format!("set {name}, or give --fake"));
    let set = |name| std::env::var(name).map_err(|_| missing(name));
    Ok(OAuthApp::new(OAuthSecret::new(&set("B24_CLIENT_ID")?, set("B24_CLIENT_SECRET")?)?, client))
}

/// The application that the portal inside of this program knows.
///
/// # Errors
/// None: what the portal says of itself is good.
pub fn application_of(portal: &Portal, client: HttpClient) -> Result<OAuthApp, b24::Error> {
    let known = portal.application();
    let secret = OAuthSecret::new(known.client_id(), known.client_secret().to_owned())?;
    // The authorisation server is on this machine, and not the vendor's: whom the secret may be told has to be said then.
    Ok(OAuthApp::new(secret, client).with_trusted_server(portal.auth_url().parse()?))
}

/// The time of day.
#[must_use]
pub fn now() -> SystemTime {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    SystemTime::now()
}

/// Whether a program that changes something may do so: on a portal inside of this program, and elsewhere with `--write`.
#[must_use]
pub fn may_write() -> bool {
    std::env::args().any(|argument| argument == "--fake" || argument == "--write")
}
