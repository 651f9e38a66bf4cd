//! Who has sent it: nothing reaches a handler that this module has not let through.
//!
//! The portal proves itself by `auth[application_token]`, which it shares with the receiver alone: that of an outgoing
//! webhook stands on the webhook's page, that of an application comes with its installation.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/events/safe-event-handlers.html>

mod application_token;
mod portal_tokens;

use std::{fmt, future::Future, ops::Deref, pin::Pin};

pub use application_token::ApplicationToken;
use b24_core::BoxError;
pub use portal_tokens::{LookupFuture, PortalToken, PortalTokens, TokenLookup};

use crate::Incoming;

/// The future of a check. An error means that nobody can tell now: it is asked again later.
pub type VerifyFuture<'a> = Pin<Box<dyn Future<Output = Result<Verdict, BoxError>> + Send + 'a>>;

/// Tells whether a delivery comes from where it says.
///
/// It has to fail closed: what cannot be checked is [`Forged`](Verdict::Forged) or
/// [`UnknownPortal`](Verdict::UnknownPortal).
pub trait Verify: fmt::Debug + Send + Sync + 'static {
    /// Checks one delivery.
    fn verify<'a>(&'a self, incoming: &'a Incoming) -> VerifyFuture<'a>;
}

impl<V: Verify + ?Sized> Verify for std::sync::Arc<V> {
    fn verify<'a>(&'a self, incoming: &'a Incoming) -> VerifyFuture<'a> {
        (**self).verify(incoming)
    }
}

/// What a check has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It comes from the portal. Its handler is called.
    Genuine,
    /// It does not prove where it comes from. It is counted, logged and dropped.
    Forged,
    /// Nothing is known of the portal that it names. It is counted and dropped; for `ONAPPUNINSTALL` that is the end of
    /// the matter, because there is nothing left to remove.
    UnknownPortal,
}

/// A delivery that was checked: what handlers are given.
///
/// Only a check makes one, so no way leads around it.
#[derive(Clone, Debug)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What was verified, with no mark of it.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }

    pub(crate) fn new(genuine: T) -> Self {
        Self(genuine)
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Checks a delivery outside of an [`EventService`](crate::EventService), for programs with a way of their own to receive:
/// a function of a cloud, a queue.
///
/// ```
/// # use b24_events::{ApplicationToken, Encoding, Incoming, verify};
/// # async fn example(with: ApplicationToken, content_type: &str, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let encoding = Encoding::of_content_type(content_type).ok_or("neither a form nor JSON")?;
/// let delivery = verify(&with, Incoming::decode(encoding, body)?).await?;
/// if let Incoming::Event(event) = &*delivery {
///     println!("{} {}", event.name(), event.raw_data()["FIELDS"]["ID"]);
/// }
/// # Ok(())
/// # }
/// ```
///
/// What the service does besides is then yours: to bound the body, to answer at once, to try again, and to know by its
/// [`fingerprint`](Incoming::fingerprint) what was handled before.
///
/// # Errors
/// The delivery itself with the verdict, when it is not genuine; [`NotVerified::error`] when nobody could tell.
pub async fn verify(with: &dyn Verify, incoming: Incoming) -> Result<Verified<Incoming>, NotVerified> {
    match with.verify(&incoming).await {
        Ok(Verdict::Genuine) => Ok(Verified(incoming)),
        Ok(verdict) => Err(NotVerified { verdict: Some(verdict), error: None }),
        Err(error) => Err(NotVerified { verdict: None, error: Some(error) }),
    }
}

/// Why a delivery was not let through.
#[derive(Debug)]
pub struct NotVerified {
    verdict: Option<Verdict>,
    error: Option<BoxError>,
}

impl NotVerified {
    /// What the check has shown; `None` when nobody could tell.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// Why nobody could tell: keep the delivery and try again.
    #[must_use]
    pub fn error(&self) -> Option<&BoxError> {
        self.error.as_ref()
    }
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.verdict {
            Some(Verdict::UnknownPortal) => "nothing is known of the portal it names",
            Some(_) => "it does not prove that it comes from the portal",
            None => "whether it comes from the portal could not be checked",
        })
    }
}

impl std::error::Error for NotVerified {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
    }
}
