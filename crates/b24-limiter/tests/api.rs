//! What every public type can do.

use std::fmt::Debug;

use b24_core::{RestRequest, RestResponse};
use b24_limiter::{
    Limiter, Limiters, Permit, Rejection, Restriction, RestrictionLayer, Restrictions, Retry, RetryLayer, RetryPolicy,
    classify::{HttpClassifier, Lesson, Reading, RestClassifier, Spend},
    limiter::Turn,
    quota::{InProcess, Take, Tokens},
    restriction::{Bounded, Patient},
    settings::{InvalidRestrictions, RestrictionsPatch},
    stats::Stats,
    timer::SystemTimer,
};

fn shared<T: Send + Sync + Debug + Clone + 'static>() {}
fn sent<T: Send + Debug + 'static>() {}

type Inner = tower::util::BoxCloneSyncService<RestRequest, RestResponse, b24_core::Error>;

#[test]
fn types_can_be_sent_shared_cloned_and_printed() {
    shared::<Limiter>();
    shared::<Rejection>();
    shared::<RestrictionLayer>();
    shared::<RestrictionLayer<HttpClassifier, Bounded>>();
    shared::<Restrictions>();
    shared::<RestrictionsPatch>();
    shared::<RetryLayer>();
    shared::<RetryPolicy>();
    shared::<RestClassifier>();
    shared::<Spend>();
    shared::<Lesson>();
    shared::<Reading>();
    shared::<Take>();
    shared::<Tokens>();
    shared::<Patient>();
    shared::<Stats>();
    shared::<SystemTimer>();
}

#[test]
fn services_and_their_futures_can_be_sent() {
    fn service<T: Send + Sync + Clone + 'static>() {}
    service::<Restriction<Inner>>();
    service::<Retry<Restriction<Inner, RestClassifier, Bounded>>>();
    sent::<b24_limiter::restriction::ResponseFuture<Inner, RestClassifier, Patient, RestRequest>>();
    sent::<b24_limiter::retry::ResponseFuture<Inner>>();
    sent::<Turn>();
    sent::<Permit>();
    sent::<Limiters>();
    sent::<InProcess>();
}

#[test]
fn errors_are_errors() {
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    error::<Rejection>();
    error::<InvalidRestrictions>();
    error::<b24_limiter::settings::UnknownPreset>();
}
