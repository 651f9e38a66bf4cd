//! What can be chosen about applications and the authorisation server.

use std::time::Duration;

use super::PortalBuilder;
use crate::oauth::Application;

impl PortalBuilder {
    /// Registers an application with these credentials. The first one is
    /// [`Portal::application`](crate::Portal::application)'s.
    ///
    /// Without any, the portal has one with credentials made from the seed. Each is installed from the start, has all
    /// scopes and no page. A `client_id` that begins with `local.` is a local application, any other a free one.
    pub fn application(mut self, client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let number = u64::try_from(self.config.applications.len()).unwrap_or_default().saturating_add(1);
        let app = Application::new(client_id.into(), client_secret.into(), self.config.seed, number);
        self.config.applications.push(app);
        self
    }

    /// Sets where users come back to who authorise the application added last, or the default one.
    ///
    /// Without it the portal shows them the code on a page.
    pub fn redirect_uri(self, uri: impl Into<String>) -> Self {
        let uri = uri.into();
        self.change(|app| app.redirect_uri = Some(uri))
    }

    /// Sets the scopes of the application added last, or of the default one. All by default.
    pub fn application_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.change(|app| app.scopes = scopes)
    }

    /// Gives the application added last, or the default one, a page in the portal.
    ///
    /// Once installed, it is not done until its page says so: `INSTALLED` of `app.info` is false until
    /// [`Portal::finish_installation`](crate::Portal::finish_installation).
    pub fn application_page(self) -> Self {
        self.change(|app| app.has_page = true)
    }

    /// Sets who is signed in when the portal is asked to authorise an application; user 1, the administrator, by default.
    pub fn signed_in(mut self, user_id: u32) -> Self {
        self.config.signed_in = user_id.into();
        self
    }

    /// Sets the portal's id, which applications keep their tokens by. By default it is made from the seed.
    pub fn member_id(mut self, member_id: impl Into<String>) -> Self {
        self.config.member_id = Some(member_id.into());
        self
    }

    /// Sets how long access tokens live that the portal issues; an hour by default.
    pub fn access_token_life(mut self, life: Duration) -> Self {
        self.config.access_life = life;
        self
    }

    /// Sets how long the authorisation server waits before every answer; as long as the portal by default.
    pub fn auth_latency(mut self, latency: Duration) -> Self {
        self.config.auth_latency = Some(latency);
        self
    }

    /// Sets the TCP port of the authorisation server on the loopback address; by default the system chooses one.
    pub fn auth_port(mut self, port: u16) -> Self {
        self.doors.auth_port = port;
        self
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Application)) -> Self {
        if self.config.applications.is_empty() {
            self.config.applications.push(Application::local(self.config.seed));
        }
        if let Some(app) = self.config.applications.last_mut() {
            change(app);
        }
        self
    }
}
