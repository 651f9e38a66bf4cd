//! The service: the secret goes in, and nothing of it comes back.

use std::task::{Context, Poll};

use b24_core::{BoxError, Grant};
use http::Request;
use tower_service::Service;

use super::{ResponseFuture, attach::attach};
use crate::{Body, HttpError, place::Place, sends::Sends};

/// Writes the credentials of a call into the request: a webhook's secret into the path, a token into the
/// `Authorization` header. In a browser, where portals do not permit that header, a token goes into the body as its last
/// member `auth`, and with a v3 batch, whose body is a list, into the query. Takes them out of the client's errors again.
///
/// It stands below every layer that could log a request or an error, because the full URL of a webhook is a secret;
/// above it the secret's place in the path reads `***`. [`RestLayer`](crate::RestLayer) puts it there. Credentials are
/// attached only to requests for the portal they belong to, whatever a layer in between made of the address.
#[derive(Clone, Debug)]
pub struct Credentials<S> {
    inner: S,
}

/// What travels with a request from the codec to this step, past the layers in between.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    pub(crate) grant: Grant,
    pub(crate) sends: Sends,
}

impl<S> Credentials<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The wrapped client.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Hands the wrapped client over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S> Service<Request<Body>> for Credentials<S>
where
    S: Service<Request<Body>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = HttpError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        self.inner.poll_ready(cx).map_err(|error| HttpError::refused(&*error.into()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let passage = request.extensions_mut().remove::<Passage>();
        if let Some(Passage { grant, sends }) = &passage {
            attach(grant, &mut request, Place::HERE);
            sends.begin();
        }
        ResponseFuture::new(self.inner.call(request), passage)
    }
}
