//! Many portals, each with its own application token.

use std::{fmt, future::Future, pin::Pin};

use b24_core::{BoxError, Secret};

use super::{Verdict, Verify, VerifyFuture};
use crate::Incoming;

/// Lets through what brings the application token of the very portal that it names by `member_id`.
///
/// The facade crate has one ready over its token store: `b24::Installer`.
#[derive(Clone, Debug)]
pub struct PortalTokens<L>(L);

/// Finds application tokens by portal.
pub trait TokenLookup: fmt::Debug + Send + Sync + 'static {
    /// The application token of this portal. An error means that nobody can tell now; the delivery is kept, and asked about
    /// again.
    fn application_token<'a>(&'a self, member_id: &'a str) -> LookupFuture<'a>;
}

/// The future of a look-up.
pub type LookupFuture<'a> = Pin<Box<dyn Future<Output = Result<PortalToken, BoxError>> + Send + 'a>>;

/// What is known of a portal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PortalToken {
    /// This is its token.
    Token(Secret),
    /// The portal is known, and its token is not: nothing that names it can be believed.
    Missing,
    /// Nothing is known of the portal.
    UnknownPortal,
}

impl<L: TokenLookup> PortalTokens<L> {
    /// The portals that `lookup` knows.
    #[must_use]
    pub fn new(lookup: L) -> Self {
        Self(lookup)
    }

    async fn check(&self, incoming: &Incoming) -> Result<Verdict, BoxError> {
        let auth = incoming.auth();
        let (Some(member_id), Some(given)) = (auth.member_id(), auth.application_token()) else {
            return Ok(Verdict::Forged);
        };
        Ok(match self.0.application_token(member_id).await? {
            PortalToken::Token(known) if !known.expose().is_empty() && known.matches(given.expose()) => {
                Verdict::Genuine
            }
            PortalToken::Token(_) | PortalToken::Missing => Verdict::Forged,
            PortalToken::UnknownPortal => Verdict::UnknownPortal,
        })
    }
}

impl<L: TokenLookup> Verify for PortalTokens<L> {
    fn verify<'a>(&'a self, incoming: &'a Incoming) -> VerifyFuture<'a> {
        Box::pin(self.check(incoming))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::Encoding;

    #[derive(Debug)]
    struct Known;

    impl TokenLookup for Known {
        fn application_token<'a>(&'a self, member_id: &'a str) -> LookupFuture<'a> {
            let found = match member_id {
                "m1" => Ok(PortalToken::Token(Secret::from("token-1"))),
                "m2" => Ok(PortalToken::Token(Secret::from("token-2"))),
                "bare" => Ok(PortalToken::Missing),
                "empty" => Ok(PortalToken::Token(Secret::from(""))),
                "down" => Err("the store is down".into()),
                _ => Ok(PortalToken::UnknownPortal),
            };
            Box::pin(std::future::ready(found))
        }
    }

    fn verdict(body: &str) -> Option<Verdict> {
        let incoming = Incoming::decode(Encoding::Form, format!("event=X&{body}").as_bytes()).unwrap();
        PortalTokens::new(Known).verify(&incoming).now_or_never().unwrap().ok()
    }

    #[test]
    fn a_portal_is_believed_with_its_own_token_alone() {
        for (body, want) in [
            ("auth[member_id]=m1&auth[application_token]=token-1", Some(Verdict::Genuine)),
            // Another portal of the same application.
            ("auth[member_id]=m1&auth[application_token]=token-2", Some(Verdict::Forged)),
            ("auth[member_id]=m1", Some(Verdict::Forged)),
            ("auth[application_token]=token-1", Some(Verdict::Forged)),
            ("auth[member_id]=bare&auth[application_token]=x", Some(Verdict::Forged)),
            ("auth[member_id]=empty&auth[application_token]=", Some(Verdict::Forged)),
            ("auth[member_id]=nobody&auth[application_token]=x", Some(Verdict::UnknownPortal)),
            // Nobody can tell: neither believed nor dropped.
            ("auth[member_id]=down&auth[application_token]=x", None),
        ] {
            assert_eq!(verdict(body), want, "{body}");
        }
    }
}
