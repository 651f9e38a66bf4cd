//! What the services of one layer share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{RetryPolicy, budget::Budget};
use crate::sync::Mutex;

/// The policy, the budget, the count.
#[derive(Debug)]
pub(super) struct Shared {
    policy: Mutex<Arc<RetryPolicy>>,
    pub(super) budget: Budget,
    repeats: AtomicU64,
}

impl Shared {
    pub(super) fn new(policy: RetryPolicy) -> Self {
        Self { policy: Mutex::new(Arc::new(policy)), budget: Budget::new(), repeats: AtomicU64::new(0) }
    }

    pub(super) fn policy(&self) -> Arc<RetryPolicy> {
        Arc::clone(&self.policy.lock())
    }

    pub(super) fn set_policy(&self, policy: RetryPolicy) {
        *self.policy.lock() = Arc::new(policy);
    }

    pub(super) fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    pub(super) fn count_repeat(&self) {
        self.repeats.fetch_add(1, Ordering::Relaxed);
    }
}
