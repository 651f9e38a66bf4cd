//! What a request spends, and what an answer teaches.
//!
//! A [`Classifier`] is the limiter's view of a stack's requests and responses. There is one for the requests of this SDK,
//! [`RestClassifier`], and one for plain `http` requests, [`HttpClassifier`].

mod batch;
mod http;
mod lesson;
mod reading;
mod rest;
mod spend;

use std::{borrow::Cow, time::Duration};

pub use self::http::HttpClassifier;
pub use lesson::{Lesson, Refused};
pub use reading::Reading;
pub use rest::RestClassifier;
pub(crate) use rest::refusal;
pub use spend::{Command, Spend};

/// The limiter's view of requests and their outcomes.
///
/// ```
/// use b24_limiter::classify::{Classifier, Lesson, Spend};
/// use std::borrow::Cow;
///
/// /// Requests of a program of one's own: a portal's host and a method.
/// struct Job {
///     host: String,
///     method: &'static str,
/// }
///
/// #[derive(Clone)]
/// struct Jobs;
///
/// impl<R, E> Classifier<Job, R, E> for Jobs {
///     fn portal<'r>(&self, job: &'r Job) -> Option<Cow<'r, str>> {
///         Some(Cow::Borrowed(job.host.as_str()))
///     }
///
///     fn spend(&self, job: &Job) -> Spend {
///         Spend::call(job.method)
///     }
///
///     fn learn(&self, _: &Spend, outcome: Result<&R, &E>) -> Lesson {
///         if outcome.is_ok() { Lesson::succeeded() } else { Lesson::failed("ERROR") }
///     }
/// }
/// ```
pub trait Classifier<Request, Response, Error> {
    /// The portal that the request goes to: whatever is the same for all requests that share its limits, such as its
    /// origin. `None` lets the request through as if there were no limiter.
    fn portal<'r>(&self, request: &'r Request) -> Option<Cow<'r, str>>;

    /// What the request spends. A request that names no method is limited by the rate alone.
    fn spend(&self, request: &Request) -> Spend;

    /// What its outcome teaches.
    fn learn(&self, spend: &Spend, outcome: Result<&Response, &Error>) -> Lesson;

    /// The request with what is left of its deadline after a wait. Default: as it is.
    fn after_waiting(&self, request: Request, waited: Duration) -> Request {
        let _ = waited;
        request
    }
}
