//! Credentials: where they come from, how they travel, and the layer that attaches them.
//!
//! An [`Authenticator`] hands out [`Grant`]s; the [`AuthLayer`] attaches one to each call and, when the portal refuses
//! it as expired, asks for a newer one and sends the call once more. Stack it above whatever limits the rate, so that
//! every send takes its own turn:
//!
//! ```text
//! right:  Auth -> Restriction -> Rest      a resend after a renewal waits its turn
//! wrong:  Restriction -> Auth -> Rest      the resend jumps the queue
//! ```

mod future;
mod grant;
mod layer;
mod service;

use std::future::Future;

pub use future::ResponseFuture;
pub use grant::{Credential, Grant};
pub use layer::AuthLayer;
pub use service::Auth;

use crate::Error;

/// A source of credentials; clones share them.
///
/// A webhook has one grant for ever; an OAuth application has one that expires and is replaced.
pub trait Authenticator: Clone + Send + Sync + 'static {
    /// The future of a grant.
    type Future: Future<Output = Result<Grant, Error>> + Send + 'static;

    /// A grant that is good as far as is known.
    fn authorize(&self) -> Self::Future;

    /// A grant that is newer than `rejected`, which the portal refused.
    ///
    /// Where `rejected` has been replaced meanwhile, the replacement is handed out and nothing is renewed. A grant of
    /// the same generation says that there is nothing newer: the refusal is final.
    fn renew(&self, rejected: &Grant) -> Self::Future;

    /// The portal has refused `renewed` too, a grant that [`renew`](Self::renew) had just handed out: for what ails the
    /// call, renewing is no help. A source that has to ask somebody for each renewal leaves it for a while.
    fn refused_again(&self, renewed: &Grant) {
        let _ = renewed;
    }
}
