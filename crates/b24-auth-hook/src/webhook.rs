//! The webhook as a source of credentials.

use std::{
    future::{Ready, ready},
    str::FromStr,
};

use b24_core::{Authenticator, Error, Grant, PortalAddress, Secret};

use crate::{HookUrlError, parse::parse};

/// The credentials of an inbound webhook: one grant, for ever.
///
/// Keep it on a server: the secret gives everybody who has it the webhook's rights, until it is revoked or runs out.
#[derive(Clone, Debug)]
pub struct Webhook {
    grant: Grant,
}

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
        Ok(Self { grant: parse(url)? })
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

    /// The portal it belongs to.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        self.grant.portal()
    }
}

impl FromStr for Webhook {
    type Err = HookUrlError;

    fn from_str(url: &str) -> Result<Self, HookUrlError> {
        Self::from_url(url)
    }
}

impl Authenticator for Webhook {
    type Future = Ready<Result<Grant, Error>>;

    fn authorize(&self) -> Self::Future {
        ready(Ok(self.grant.clone()))
    }

    /// There is nothing newer than a webhook: the same grant again, which makes the refusal final.
    fn renew(&self, _: &Grant) -> Self::Future {
        self.authorize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_portal_and_not_the_secret() {
        let hook = Webhook::from_url("https://p.bitrix24.com/rest/1/s3cr3t/").unwrap();
        let shown = format!("{hook:?}");
        assert!(shown.contains("https://p.bitrix24.com") && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn parts_make_the_same_webhook_or_are_refused() {
        let new = |secret| Webhook::new("https://p.bitrix24.com".parse().unwrap(), 1, Secret::from(secret));
        assert_eq!(new("s3cr3t").unwrap().portal().to_string(), "https://p.bitrix24.com");
        for bad in ["", "a/b", "a?b", "a#b", "a b", "..", "/a"] {
            assert!(new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_webhook_has_no_renewal() {
        let hook = Webhook::from_url("https://p.bitrix24.com/rest/1/s3cr3t/").unwrap();
        let first = hook.authorize().into_inner().unwrap();
        assert_eq!(hook.renew(&first).into_inner().unwrap().generation(), first.generation());
    }
}
