//! Waiting as long as it takes, or not.

use crate::limiter::{Bounded, Rejection};

/// Whether calls may be rejected instead of waiting: [`Patient`] or [`Bounded`]. Sealed: there is nothing else to be.
pub trait Patience<E>: sealed::Sealed + Clone {
    /// What calls may wait for; `None`: as long as it takes.
    fn bounds(&self) -> Option<Bounded>;

    /// The error of a rejected call; `None` where nothing is rejected.
    fn error(rejection: Rejection) -> Option<E>;
}

/// Every call waits as long as it takes: the layer has no errors of its own, and fits any stack.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Patient;

impl<E> Patience<E> for Patient {
    fn bounds(&self) -> Option<Bounded> {
        None
    }

    fn error(_: Rejection) -> Option<E> {
        None
    }
}

/// A call that would have to wait too long is rejected at once. The stack's error must be able to hold a [`Rejection`].
impl<E: From<Rejection>> Patience<E> for Bounded {
    fn bounds(&self) -> Option<Bounded> {
        Some(*self)
    }

    fn error(rejection: Rejection) -> Option<E> {
        Some(rejection.into())
    }
}

mod sealed {
    #[allow(unnameable_types, reason = "what cannot be named cannot be implemented")]
    pub trait Sealed {}

    impl Sealed for super::Patient {}
    impl Sealed for super::Bounded {}
}
