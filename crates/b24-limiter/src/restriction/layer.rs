//! The layer: plain data.

use std::time::Duration;

use tower_layer::Layer;

use super::{Bounded, Patient, Restriction, source::Source};
use crate::{
    classify::RestClassifier,
    limiter::Limiter,
    settings::{InvalidRestrictions, Restrictions},
};

/// Wraps a service in [`Restriction`].
///
/// `C` is the [`Classifier`](crate::classify::Classifier), `P` the [`Patience`](super::Patience).
#[derive(Clone, Debug)]
pub struct RestrictionLayer<C = RestClassifier, P = Patient> {
    source: Source,
    classifier: C,
    patience: P,
}

impl RestrictionLayer {
    /// Keeps each portal's limits by these parameters. All that call a portal from this process share one limiter: the
    /// [process-wide one](crate::Limiters::process_wide), which takes these parameters over.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when a parameter makes no sense.
    pub fn new(restrictions: Restrictions) -> Result<Self, InvalidRestrictions> {
        restrictions.check()?;
        Ok(Self::from_source(Source::by_portal(Some(restrictions))))
    }

    /// Goes by one limiter, whatever the portal is.
    #[must_use]
    pub fn with_limiter(limiter: Limiter) -> Self {
        Self::from_source(Source::One(limiter))
    }

    fn from_source(source: Source) -> Self {
        Self { source, classifier: RestClassifier::new(), patience: Patient }
    }
}

impl Default for RestrictionLayer {
    /// Goes by the process-wide limiter of each portal, with whatever parameters that has.
    fn default() -> Self {
        Self::from_source(Source::by_portal(None))
    }
}

impl<C, P> RestrictionLayer<C, P> {
    /// Understands the stack's requests by another classifier.
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> RestrictionLayer<D, P> {
        RestrictionLayer { source: self.source, classifier, patience: self.patience }
    }
}

impl<C> RestrictionLayer<C, Patient> {
    /// Rejects calls at once whose wait would outlast their own deadline.
    #[must_use]
    pub fn rejecting(self) -> RestrictionLayer<C, Bounded> {
        RestrictionLayer { source: self.source, classifier: self.classifier, patience: Bounded::default() }
    }

    /// Rejects calls whose wait would be longer than that, or would outlast their own deadline.
    #[must_use]
    pub fn with_max_wait(self, wait: Duration) -> RestrictionLayer<C, Bounded> {
        self.rejecting().with_max_wait(wait)
    }

    /// Rejects calls when so many wait for the rate, or when their wait would outlast their own deadline.
    #[must_use]
    pub fn with_max_queue(self, calls: usize) -> RestrictionLayer<C, Bounded> {
        self.rejecting().with_max_queue(calls)
    }
}

impl<C> RestrictionLayer<C, Bounded> {
    /// Rejects calls whose wait would be longer than that.
    #[must_use]
    pub fn with_max_wait(mut self, wait: Duration) -> Self {
        self.patience.max_wait = Some(wait);
        self
    }

    /// Rejects calls when so many wait for the rate.
    #[must_use]
    pub fn with_max_queue(mut self, calls: usize) -> Self {
        self.patience.max_queue = Some(calls);
        self
    }
}

impl<S, C: Clone, P: Clone> Layer<S> for RestrictionLayer<C, P> {
    type Service = Restriction<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Restriction::new(inner, self.source.clone(), self.classifier.clone(), self.patience.clone())
    }
}
