//! The layer: plain data.

use std::sync::Arc;

use tower_layer::Layer;

use super::{Retry, RetryPolicy, budget::Budget};

/// Wraps a service in [`Retry`]. Services made by one layer share its budget of repeats: when more than a fifth of all
/// calls would have to be sent again after failures that leave open whether they ran, the rest fail at once.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    policy: Arc<RetryPolicy>,
    budget: Budget,
}

impl RetryLayer {
    /// A layer with a policy.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy: Arc::new(policy), budget: Budget::new() }
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
        Retry::new(inner, Arc::clone(&self.policy), self.budget.clone())
    }
}
