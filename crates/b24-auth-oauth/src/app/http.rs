//! The HTTP client, whatever its type.

use b24_core::BoxError;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use tower::{ServiceExt, util::BoxCloneSyncService};
use tower_service::Service;

/// Sends a request and reads the answer whole.
pub(super) type Http = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Hides the type of a client. Whatever body it takes is made of bytes.
pub(super) fn erase<S, Q, P>(client: S) -> Http
where
    S: Service<Request<Q>, Response = Response<P>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Q: From<Bytes> + Send + 'static,
    P: Body<Data: Send> + Send,
    P::Error: Into<BoxError>,
{
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            let (head, body) = client.oneshot(request.map(Q::from)).await.map_err(Into::into)?.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        }
    }))
}

/// A pair of tokens and what is told beside it has less than one kilobyte.
const MAX_ANSWER: usize = 1 << 16;
