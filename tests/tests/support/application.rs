//! The application of an embedded portal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use b24::{HttpClient, OAuthApp, OAuthSecret};
use b24_portal::Portal;

/// The first application of a portal. The portal of a test is on this machine, and so is its authorisation server: that has
/// to be said.
pub(crate) fn application_of(portal: &Portal, client: HttpClient) -> OAuthApp {
    let app = portal.application();
    let secret = OAuthSecret::new(app.client_id(), app.client_secret().to_owned()).unwrap();
    OAuthApp::new(secret, client).with_trusted_server(portal.auth_url().parse().unwrap())
}
