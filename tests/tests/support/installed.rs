//! An application that is installed on a portal of its own, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "application.rs"]
mod application;

use std::time::SystemTime;

use application::application_of;
use b24::{B24, HttpClient, OAuth, OAuthParams};
use b24_portal::{Limits, Portal, PortalBuilder};

/// The first application of a portal, installed by its administrator.
pub(crate) struct Installed {
    pub(crate) portal: Portal,
    pub(crate) b24: B24,
}

impl Installed {
    pub(crate) async fn on(builder: PortalBuilder) -> Self {
        let portal = builder.limits(Limits::off()).start().await.unwrap();
        let b24 = of_user(&portal, 1);
        Self { portal, b24 }
    }

    /// How often the portal was asked for a method.
    pub(crate) fn asked(&self, method: &str) -> usize {
        self.portal.requests().iter().filter(|request| request.method.eq_ignore_ascii_case(method)).count()
    }
}

/// The application with the tokens of this user.
pub(crate) fn of_user(portal: &Portal, user: u32) -> B24 {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    let now = SystemTime::now();
    let app = application_of(portal, HttpClient::new());
    let params = OAuthParams::from_install_event(portal.install(user).event_form().as_bytes(), now).unwrap();
    B24::builder().oauth(&OAuth::new(app, params).unwrap())
}
