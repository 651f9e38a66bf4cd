//! Making a webhook. In a browser there is no way to, but for the feature `expose-secret-in-browser`.

use std::str::FromStr;

use b24_core::{PortalAddress, Secret};

use crate::{HookUrlError, Webhook, parse::parse};

impl Webhook {
    /// Reads the URL that the portal shows for an inbound webhook:
    /// `https://<portal>/rest/<user id>/<secret>/`, also in the form `/rest/api/…`.
    ///
    /// The one webhook serves both generations of the API, whichever form it is given in.
    ///
    /// # Errors
    /// [`HookUrlError`]; no part of the URL is in it.
    ///
    /// Source: <https://apidocs.bitrix24.com/local-integrations/local-webhooks.html>
    pub fn from_url(url: &str) -> Result<Self, HookUrlError> {
        let grant = parse(url)?;
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        crate::exposed::warn(grant.portal());
        Ok(Self { grant })
    }

    /// Puts a webhook together from its parts.
    ///
    /// # Errors
    /// [`HookUrlError::Malformed`] when the secret is empty or holds what cannot stand in one segment of a path.
    pub fn new(portal: PortalAddress, user_id: u64, secret: Secret) -> Result<Self, HookUrlError> {
        let url = format!("{portal}/rest/{user_id}/{}/", secret.expose());
        let hook = Self::from_url(&url)?;
        let same = hook.grant.credential().secret().expose() == secret.expose();
        same.then_some(hook).ok_or(HookUrlError::Malformed)
    }
}

impl FromStr for Webhook {
    type Err = HookUrlError;

    fn from_str(url: &str) -> Result<Self, HookUrlError> {
        Self::from_url(url)
    }
}
