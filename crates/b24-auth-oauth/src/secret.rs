//! What an application proves itself with.

use b24_core::{Error, SdkCode, Secret};

/// The two words an application is known by: `client_id` and `client_secret`.
///
/// They are shown where the application was registered: on the portal for a local one, in the vendor's cabinet for one of
/// the marketplace. Keep the secret on a server.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
#[derive(Clone, Debug)]
pub struct OAuthSecret {
    pub(crate) client_id: Box<str>,
    pub(crate) client_secret: Secret,
}

impl OAuthSecret {
    /// An application's own credentials.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`] when one of them is empty, or holds what is no visible ASCII.
    pub fn new(client_id: &str, client_secret: impl Into<Secret>) -> Result<Self, Error> {
        let client_secret = client_secret.into();
        let legal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !legal(client_id) || !legal(client_secret.expose()) {
            let text = "client_id and client_secret are visible ASCII characters, and neither is empty";
            return Err(Error::usage(SdkCode::InvalidOAuthParams, text));
        }
        Ok(Self { client_id: client_id.into(), client_secret })
    }

    /// Known to everybody: it stands in the address of the login page.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Known to the application and the authorisation server.
    #[must_use]
    pub fn client_secret(&self) -> &Secret {
        &self.client_secret
    }
}
