//! The handle as a tower service, for what is written against `Service` and not against [`Client`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use b24_core::{Error, RestRequest, RestResponse};
use pin_project_lite::pin_project;
use tower::{
    ServiceExt,
    util::{BoxCloneSyncService, Oneshot},
};
use tower_service::Service;

use crate::{Client, exchange::with_request_id};

/// Sends requests as they are, for code that takes any service of [`RestRequest`]s.
///
/// It is always ready: each call takes a copy of the stack, waits until that is ready, and calls it. So a handle keeps no
/// place in the stack between `poll_ready` and `call`, and one that was made ready and is never called blocks nobody. A
/// request without an id gets a new one, and errors name the call, as with [`Call`](crate::Call).
///
/// ```
/// use b24_client::Client;
/// use b24_core::{ApiVersion, Error, Method, Params, RestRequest};
/// use tower_service::Service;
///
/// # async fn example(mut b24: Client) -> Result<(), Error> {
/// let request = RestRequest::new(ApiVersion::V2, Method::new("server.time")?, Params::empty());
/// let time = b24.call(request).await?.decode::<String>()?.result;
/// # Ok(())
/// # }
/// ```
impl Service<RestRequest> for Client {
    type Response = RestResponse;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> ResponseFuture {
        let request = match request.options().request_id() {
            Some(_) => request,
            None => {
                let options = with_request_id(request.options().clone());
                request.with_options(options)
            }
        };
        ResponseFuture { inner: self.stack().oneshot(request.clone()), request }
    }
}

pin_project! {
    /// The future of a request that was given to [`Client`] as a service.
    ///
    /// # Cancel safety
    /// Dropping it gives the call up. If it had been sent, the portal may have executed it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture {
        #[pin]
        inner: Oneshot<BoxCloneSyncService<RestRequest, RestResponse, Error>, RestRequest>,
        request: RestRequest,
    }
}

impl Future for ResponseFuture {
    type Output = Result<RestResponse, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.inner.poll(context).map_err(|error| error.with_request(this.request))
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("request", &self.request).finish_non_exhaustive()
    }
}
