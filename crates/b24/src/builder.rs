//! Putting the stack together.

use std::{fmt, time::Duration};

use b24_client::Client;
use b24_core::{AuthLayer, Authenticator, BoxError, PortalAddress};
#[cfg(feature = "limiter")]
use b24_limiter::{RetryLayer, RetryPolicy};
use b24_transport::{Body, Credentials, HttpClient, RestLayer};
use http::{Request, Response};
use tower_layer::{Identity, Layer};
use tower_service::Service;

use crate::B24;

/// Changes to the default stack; the last step names the credentials.
///
/// ```
/// use std::time::Duration;
/// use b24::B24;
///
/// let b24 = B24::builder()
///     .timeout(Duration::from_secs(120))
///     .max_response_size(8 << 20)
///     .webhook_url("https://example.bitrix24.com/rest/1/k32t88gf3azpmwv3/")?;
/// # Ok::<(), b24::Error>(())
/// ```
///
/// The stack, outermost first: `Trace`, `Retry`, `Auth`, `Rest`, your HTTP layer, `Credentials`, the HTTP client.
#[must_use = "a builder does nothing until the credentials are named"]
pub struct Builder<C = HttpClient, L = Identity> {
    http_client: C,
    rest: RestLayer<L>,
    #[cfg(feature = "limiter")]
    retry: RetryLayer,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            http_client: HttpClient::new(),
            rest: RestLayer::new(),
            #[cfg(feature = "limiter")]
            retry: RetryLayer::default(),
        }
    }
}

impl<C, L> Builder<C, L> {
    /// Sends with another HTTP client: an [`HttpClient`] with settings of yours, or any
    /// `Service<http::Request<Body>>`.
    ///
    /// A client of your own sees requests with their credentials; redirects must not be followed by it. Wrap its errors
    /// in [`HttpError`](b24_transport::HttpError) to say which of them mean "not sent".
    pub fn http_client<D>(self, http_client: D) -> Builder<D, L> {
        Builder {
            http_client,
            rest: self.rest,
            #[cfg(feature = "limiter")]
            retry: self.retry,
        }
    }

    /// Puts a layer of yours around the HTTP client, in place of the one that is there. It sees requests without
    /// credentials. Several layers are joined with `tower::ServiceBuilder`.
    pub fn http_layer<M>(self, layer: M) -> Builder<C, M> {
        Builder {
            http_client: self.http_client,
            rest: self.rest.with_http_layer(layer),
            #[cfg(feature = "limiter")]
            retry: self.retry,
        }
    }

    /// How often and after which failures a call is sent again. Default: [`RetryPolicy::default`], three sends at most.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = RetryLayer::new(policy);
        self
    }

    /// How long one send may take, unless the call says otherwise. Default: 75 s; the cloud cuts a request at 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.rest = self.rest.with_timeout(timeout);
        self
    }

    /// How many bytes an answer may have, after decompression. Default: 64 MiB.
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.rest = self.rest.with_max_response_size(bytes);
        self
    }
}

/// What the ready-made stack needs of the HTTP side.
impl<C, L, S, B> Builder<C, L>
where
    L: Layer<Credentials<C>, Service = S>,
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Calls with an inbound webhook.
    ///
    /// # Errors
    /// A code that begins with `HOOK_URL_`; no part of the URL is in the error.
    #[cfg(feature = "hook")]
    #[cfg_attr(docsrs, doc(cfg(feature = "hook")))]
    pub fn webhook_url(self, url: &str) -> Result<B24, b24_core::Error> {
        let hook = b24_auth_hook::Webhook::from_url(url)?;
        Ok(self.authenticator(hook.portal().clone(), hook))
    }

    /// Calls `portal` with credentials of any other source. Each grant names the portal it is good for, and calls go there;
    /// `portal` is what spans and [`Client::portal`] say, so the two must be the same.
    #[must_use]
    pub fn authenticator<A: Authenticator>(self, portal: PortalAddress, authenticator: A) -> B24 {
        let stack = AuthLayer::new(authenticator).layer(self.rest.layer(self.http_client));
        #[cfg(feature = "limiter")]
        let stack = self.retry.layer(stack);
        Client::new(portal, stack).into()
    }
}

impl<C, L> fmt::Debug for Builder<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
