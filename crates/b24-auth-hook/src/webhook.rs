//! The webhook as a source of credentials.

use std::future::{Ready, ready};

use b24_core::{Authenticator, Error, Grant, PortalAddress};

/// The credentials of an inbound webhook: one grant, for ever.
///
/// Keep it on a server: the secret gives everybody who has it the webhook's rights, until it is revoked or runs out. In a
/// browser (`wasm32-unknown-unknown`) it has no constructors, unless the feature `expose-secret-in-browser` asks for them;
/// then each one that is made warns, as an event and in the browser's console.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub(crate) grant: Grant,
}

impl Webhook {
    /// The portal it belongs to.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        self.grant.portal()
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
    use b24_core::Secret;

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
