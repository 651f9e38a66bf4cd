//! A service of the test's that stands for every handler there is.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

/// How a letter was answered, or why not.
pub(crate) type Answer = Result<StatusCode, String>;

/// Takes letters.
pub(crate) trait Receiver: fmt::Debug + Send + Sync {
    fn deliver(&self, request: Request<Full<Bytes>>) -> Pin<Box<dyn Future<Output = Answer> + Send>>;
}

/// A service that takes letters; every letter gets a clone of it.
pub(crate) struct ByService<S>(Mutex<S>);

impl<S> ByService<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }
}

impl<S, B> Receiver for ByService<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: fmt::Display, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Send + 'static,
{
    fn deliver(&self, request: Request<Full<Bytes>>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(|error| error.to_string())?;
            let response = service.call(request).await.map_err(|error| error.to_string())?;
            Ok(response.status())
        })
    }
}

impl<S> fmt::Debug for ByService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByService").finish_non_exhaustive()
    }
}
