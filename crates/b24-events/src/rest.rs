//! Calls over whatever sends requests.

use std::future::poll_fn;

use b24_core::{ApiVersion, CallOptions, Error, Fields, Method, Params, Reply, RestRequest, RestResponse, Safety};
use serde::de::DeserializeOwned;
use tower_service::Service;

/// What calls the portal: the handles of the crates `b24` and `b24-client`, or a tower stack of yours. Every service that
/// fits is one.
pub trait RestService:
    Service<RestRequest, Response = RestResponse, Error = Error, Future: Send> + Clone + Send + 'static
{
}

impl<S> RestService for S
where
    S: Service<RestRequest, Response = RestResponse, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
}

/// One call of v2, and its payload.
pub(crate) async fn call<S: RestService, T: DeserializeOwned>(
    service: S,
    method: &str,
    params: &Fields,
    safety: Safety,
) -> Result<Reply<T>, Error> {
    call_with(service, method, params, CallOptions::default().with_safety(safety)).await
}

/// One call of v2 with options, and its payload.
pub(crate) async fn call_with<S: RestService, T: DeserializeOwned>(
    mut service: S,
    method: &str,
    params: &Fields,
    options: CallOptions,
) -> Result<Reply<T>, Error> {
    let request = RestRequest::new(ApiVersion::V2, Method::new(method)?, Params::object(params)?).with_options(options);
    let sent = request.clone();
    let answer = match poll_fn(|context| service.poll_ready(context)).await {
        Ok(()) => service.call(request).await,
        Err(error) => Err(error),
    };
    answer.and_then(RestResponse::decode).map_err(|error| error.with_request(&sent))
}
