//! An application that is registered on the portal.

use std::fmt;

use crate::config::all_scopes;
use crate::rng;

/// An application as it is registered: what its author copies into its settings.
///
/// Given by [`Portal::application`](crate::Portal::application). `Debug` shows neither the secret nor the token.
#[derive(Clone)]
pub struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) application_token: String,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) has_page: bool,
    /// Where it hears that it is installed, without a page.
    pub(crate) handler_url: Option<String>,
}

impl Application {
    /// An application with all scopes; `number` tells it from others of the same seed.
    pub(crate) fn new(client_id: String, client_secret: String, seed: u64, number: u64) -> Self {
        Self {
            client_id,
            client_secret,
            application_token: rng::letters(seed, rng::Secret::ApplicationToken, number, 32),
            redirect_uri: None,
            scopes: all_scopes(),
            has_page: false,
            handler_url: None,
        }
    }

    /// A local application with credentials made from the seed, in the form a portal gives them.
    pub(crate) fn local(seed: u64) -> Self {
        let hex = rng::hex(seed, rng::Secret::ClientId, 0, 14);
        let digits = rng::mix(seed, &[0xC11_E47]) % 100_000_000;
        let secret = rng::letters(seed, rng::Secret::ClientKey, 0, 50);
        Self::new(format!("local.{hex}.{digits:08}"), secret, seed, 0)
    }

    /// The application's code, such as `local.5f3e6a1c0b7d24.18273645`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The application's key, which only the authorisation server and the application know.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// What proves to the application that an event comes from the portal; the same for all its installations here.
    #[must_use]
    pub fn application_token(&self) -> &str {
        &self.application_token
    }

    /// Where the portal sends a user who has authorised the application.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.as_deref()
    }

    /// What its tokens may be used for.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// `L`, a local application, or `F`, a free one of the market.
    ///
    /// <https://apidocs.bitrix24.com/api-reference/common/system/app-info.html>
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.client_id.starts_with("local.") { "L" } else { "F" }
    }

    /// The scopes as tokens tell them.
    pub(crate) fn scope(&self) -> String {
        self.scopes.join(",")
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("client_id", &self.client_id)
            .field("client_secret", &"***")
            .field("application_token", &"***")
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_secret_nor_the_token() {
        let app = Application::local(24);
        let shown = format!("{app:?}");
        assert!(shown.contains(app.client_id()));
        assert!(!shown.contains(app.client_secret()) && !shown.contains(app.application_token()), "{shown}");
    }

    #[test]
    fn credentials_look_like_a_portals() {
        let app = Application::local(24);
        let parts: Vec<&str> = app.client_id().split('.').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [5, 14, 8]);
        assert_eq!((app.client_secret().len(), app.application_token().len(), app.status()), (50, 32, "L"));
        assert_ne!(app.client_id(), Application::local(25).client_id());
    }
}
