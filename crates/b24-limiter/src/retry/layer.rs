//! The layer: a handle on what its services share.

use std::sync::Arc;

use tower_layer::Layer;

use super::{Retry, RetryPolicy, shared::Shared};

/// Wraps a service in [`Retry`]. Clones of a layer, and the services they make, share its policy and its budget of
/// repeats: when more than a fifth of all calls would have to be sent again after failures that leave open whether they
/// ran, the rest fail at once.
#[derive(Clone, Debug)]
pub struct RetryLayer(Arc<Shared>);

impl RetryLayer {
    /// A layer with a policy.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self(Arc::new(Shared::new(policy)))
    }

    /// The policy as it is now.
    #[must_use]
    pub fn policy(&self) -> RetryPolicy {
        (*self.0.policy()).clone()
    }

    /// Replaces the policy while calls are under way; calls that begin from now on go by the new one.
    pub fn set_policy(&self, policy: RetryPolicy) {
        self.0.set_policy(policy);
    }

    /// How often calls were sent again.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.0.repeats()
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new(RetryPolicy::default())
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry::new(inner, Arc::clone(&self.0))
    }
}
