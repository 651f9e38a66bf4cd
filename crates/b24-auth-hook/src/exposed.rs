//! A secret in a browser is said aloud.

use b24_core::{PortalAddress, keys};

/// Warns that a webhook is being used where everybody can read it.
pub(crate) fn warn(portal: &PortalAddress) {
    tracing::warn!(target: keys::TARGET_AUTH, { { keys::SERVER_ADDRESS } = portal.authority().host() }, "{TEXT}");
    web_sys::console::warn_1(&format!("b24: {TEXT} (the webhook of {portal})").into());
}

const TEXT: &str = "a webhook is used in a browser: whoever opens the page can read its secret and has its rights";
