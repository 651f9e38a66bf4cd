//! Putting the stack together.

use std::{fmt, time::Duration};

use b24_client::Client;
use b24_core::{AuthLayer, Authenticator, BoxError, PortalAddress};
#[cfg(feature = "limiter")]
use b24_limiter::{
    Limiter, Limiters, RestrictionLayer, Restrictions, RetryLayer, RetryPolicy, settings::InvalidRestrictions,
};
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
/// The stack, outermost first: `Trace`, `Retry`, `Auth`, `Restriction`, `Rest`, your HTTP layer, `Credentials`, the HTTP
/// client.
#[must_use = "a builder does nothing until the credentials are named"]
pub struct Builder<C = HttpClient, L = Identity> {
    http_client: C,
    rest: RestLayer<L>,
    #[cfg(feature = "limiter")]
    restraint: Restraint,
}

/// What holds calls back and sends them again.
#[cfg(feature = "limiter")]
#[derive(Default)]
struct Restraint {
    retry: RetryPolicy,
    /// For the limiter; `None` leaves it as it is.
    restrictions: Option<Restrictions>,
    /// In place of the process-wide one of the portal.
    limiter: Option<Limiter>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            http_client: HttpClient::new(),
            rest: RestLayer::new(),
            #[cfg(feature = "limiter")]
            restraint: Restraint::default(),
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
            restraint: self.restraint,
        }
    }

    /// Puts a layer of yours around the HTTP client, in place of the one that is there. It sees requests without
    /// credentials. Several layers are joined with `tower::ServiceBuilder`.
    pub fn http_layer<M>(self, layer: M) -> Builder<C, M> {
        Builder {
            http_client: self.http_client,
            rest: self.rest.with_http_layer(layer),
            #[cfg(feature = "limiter")]
            restraint: self.restraint,
        }
    }

    /// How often and after which failures a call is sent again. Default: [`RetryPolicy::default`], three sends at most.
    /// [`restrictions`](Self::restrictions) say it too; the later word counts.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.restraint.retry = policy;
        self
    }

    /// How many calls go out, how much operating time they may use, what is sent again. Default: what the limiter of the
    /// portal goes by already, or [`Restrictions::default`], and [`RetryPolicy::default`].
    ///
    /// All handles on one portal in this process share a limiter, because the portal counts them together; the last
    /// parameters given hold for all of them.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when a parameter makes no sense.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    pub fn restrictions(mut self, restrictions: Restrictions) -> Result<Self, InvalidRestrictions> {
        restrictions.check()?;
        self.restraint.retry = restrictions.retry.clone();
        self.restraint.restrictions = Some(restrictions);
        Ok(self)
    }

    /// Goes by a limiter of your own instead of the one that all handles on the portal share. Restrictions that are given
    /// are given to it.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.restraint.limiter = Some(limiter);
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
    #[cfg(all(
        feature = "hook",
        any(not(all(target_arch = "wasm32", target_os = "unknown")), feature = "expose-secret-in-browser")
    ))]
    #[cfg_attr(docsrs, doc(cfg(feature = "hook")))]
    pub fn webhook_url(self, url: &str) -> Result<B24, b24_core::Error> {
        let hook = b24_auth_hook::Webhook::from_url(url)?;
        Ok(self.authenticator(hook.portal().clone(), hook))
    }

    /// Calls as an OAuth application.
    #[cfg(feature = "oauth")]
    #[cfg_attr(docsrs, doc(cfg(feature = "oauth")))]
    #[must_use]
    pub fn oauth(self, oauth: &b24_auth_oauth::OAuth) -> B24 {
        self.authenticator(oauth.portal(), oauth.clone())
    }

    /// Calls as the user who has opened the application in the portal.
    #[cfg(feature = "frame")]
    #[cfg_attr(docsrs, doc(cfg(feature = "frame")))]
    #[must_use]
    pub fn frame(self, frame: &b24_auth_frame::Frame) -> B24 {
        self.authenticator(frame.portal().clone(), frame.auth().clone())
    }

    /// Calls `portal` with credentials of any other source. Each grant names the portal it is good for, and calls go there;
    /// `portal` is what spans and [`Client::portal`] say, so the two must be the same.
    #[must_use]
    pub fn authenticator<A: Authenticator>(self, portal: PortalAddress, authenticator: A) -> B24 {
        let rest = self.rest.layer(self.http_client);
        #[cfg(feature = "limiter")]
        {
            let (limiter, retry) = self.restraint.join(&portal);
            let restriction = RestrictionLayer::with_limiter(limiter.clone()).rejecting();
            let stack = retry.layer(AuthLayer::new(authenticator).layer(restriction.layer(rest)));
            B24::from(Client::new(portal, stack)).with_limits(crate::Limits::new(limiter, retry))
        }
        #[cfg(not(feature = "limiter"))]
        Client::new(portal, AuthLayer::new(authenticator).layer(rest)).into()
    }
}

#[cfg(feature = "limiter")]
impl Restraint {
    /// The limiter of `portal`, and the layer of its repeats.
    fn join(self, portal: &PortalAddress) -> (Limiter, RetryLayer) {
        let Self { retry, restrictions, limiter } = self;
        let limiter = limiter.unwrap_or_else(|| Limiters::process_wide().get(portal.authority().as_str()));
        if let Some(restrictions) = restrictions {
            // They were checked when they were given.
            let _ = limiter.update(|known| *known = restrictions);
        }
        (limiter, RetryLayer::new(retry))
    }
}

impl<C, L> fmt::Debug for Builder<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
