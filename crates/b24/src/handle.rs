//! The handle with a ready-made stack.

use std::{
    ops::Deref,
    task::{Context, Poll},
};

use b24_client::{Client, ResponseFuture};
use b24_core::{RestRequest, RestResponse};
use tower_service::Service;

/// A handle on one portal, with the stack this crate puts together. Cheap to clone, `Send` and `Sync`.
///
/// It adds constructors to [`Client`], which it dereferences to: all actions are there, and a function that takes
/// `&Client` takes `&B24` too. The type is the same whatever the credentials are.
#[derive(Clone, Debug)]
pub struct B24 {
    client: Client,
    #[cfg(feature = "limiter")]
    limits: Option<crate::Limits>,
}

impl B24 {
    /// A handle on the portal of an inbound webhook, with the default stack.
    ///
    /// Does no I/O; whether the webhook is good shows with the first call. In a browser it exists with the feature
    /// `expose-secret-in-browser` only, and warns.
    ///
    /// # Errors
    /// A code that begins with `HOOK_URL_`; no part of the URL is in the error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use b24::B24;
    ///
    /// let b24 = B24::from_webhook_url(&std::env::var("B24_HOOK")?)?;
    /// let time = b24.v2().call("server.time").send::<String>().await?.result;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/local-integrations/local-webhooks.html>
    #[cfg(all(
        feature = "hook",
        feature = "transport",
        any(not(all(target_arch = "wasm32", target_os = "unknown")), feature = "expose-secret-in-browser")
    ))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "hook", feature = "transport"))))]
    pub fn from_webhook_url(url: &str) -> Result<Self, b24_core::Error> {
        Self::builder().webhook_url(url)
    }

    /// A handle on the portal of an OAuth application, with the default stack and the tokens in memory.
    ///
    /// New tokens are lost with the program. A program that runs for more than an hour keeps them in a store: see
    /// [`OAuth::builder`](b24_auth_oauth::OAuth::builder), and hands the [`OAuth`](b24_auth_oauth::OAuth) it makes to
    /// [`Builder::oauth`](crate::Builder::oauth).
    ///
    /// # Errors
    /// `UNTRUSTED_SERVER` when the tokens name an authorisation server that is none of the vendor's.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use b24::{B24, OAuthParams, OAuthSecret};
    ///
    /// let params = OAuthParams::from_json(&std::fs::read("tokens.json")?)?;
    /// let secret = OAuthSecret::new("local.573ad8a0346747.09223434", std::env::var("B24_CLIENT_SECRET")?)?;
    /// let b24 = B24::from_oauth(params, secret)?;
    /// let time = b24.v2().call("server.time").send::<String>().await?.result;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
    #[cfg(all(feature = "oauth", feature = "transport"))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "oauth", feature = "transport"))))]
    pub fn from_oauth(
        params: b24_auth_oauth::OAuthParams,
        secret: b24_auth_oauth::OAuthSecret,
    ) -> Result<Self, b24_core::Error> {
        let client = crate::HttpClient::new();
        let app = b24_auth_oauth::OAuthApp::new(secret, client.clone());
        let oauth = b24_auth_oauth::OAuth::new(app, params)?;
        Ok(Self::builder().http_client(client).oauth(&oauth))
    }

    /// The portals of an application that is installed on many of them, each with the default stack, all with one pool of
    /// connections. For another stack, give [`Tenants::new`](b24_auth_oauth::Tenants::new) a function of your own.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(member_id: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// use b24::{B24, HttpClient, OAuthApp, OAuthSecret, oauth::{FileStore, TokenKey}};
    ///
    /// let secret = OAuthSecret::new("app.573ad8a0346747.09223434", std::env::var("B24_CLIENT_SECRET")?)?;
    /// let client = HttpClient::new();
    /// let tenants = B24::tenants(OAuthApp::new(secret, client.clone()), FileStore::folder("tokens"), client);
    /// let b24 = tenants.get(&TokenKey::new(member_id)?).await?;
    /// let time = b24.v2().call("server.time").send::<String>().await?.result;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(all(feature = "oauth", feature = "transport"))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "oauth", feature = "transport"))))]
    pub fn tenants(
        app: b24_auth_oauth::OAuthApp,
        store: impl b24_auth_oauth::TokenStore,
        client: crate::HttpClient,
    ) -> b24_auth_oauth::Tenants<Self> {
        b24_auth_oauth::Tenants::new(app, store, move |oauth| Self::builder().http_client(client.clone()).oauth(&oauth))
    }

    /// A handle on the portal that has opened this program in a frame, with the default stack, and the frame: the page
    /// around it, dialogs, sliders, the placement. For another stack, give the frame of
    /// [`Frame::connect`](b24_auth_frame::Frame::connect) to [`Builder::frame`](crate::Builder::frame).
    ///
    /// There is one frame for a page; every call of this gets the same, until it is given up.
    ///
    /// # Errors
    /// [`FrameError::NotInFrame`](b24_auth_frame::FrameError::NotInFrame) when the program was not opened by a portal, or
    /// does not run in a browser; [`FrameError::NoAnswer`](b24_auth_frame::FrameError::NoAnswer) after 10 s.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use b24::B24;
    ///
    /// let (b24, frame) = B24::frame().await?;
    /// let time = b24.v2().call("server.time").send::<String>().await?.result;
    /// frame.parent().set_title(&time).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html>
    #[cfg(all(feature = "frame", feature = "transport"))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "frame", feature = "transport"))))]
    pub async fn frame() -> Result<(Self, b24_auth_frame::Frame), b24_auth_frame::FrameError> {
        let frame = b24_auth_frame::Frame::connect().await?;
        Ok((Self::builder().frame(&frame), frame))
    }

    /// Changes to the default stack: limits, HTTP layers of yours, an HTTP client of yours.
    #[cfg(feature = "transport")]
    #[cfg_attr(docsrs, doc(cfg(feature = "transport")))]
    pub fn builder() -> crate::Builder {
        crate::Builder::new()
    }

    /// What holds calls back and sends them again; `None` for a handle on a stack of your own.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    #[must_use]
    pub fn limits(&self) -> Option<&crate::Limits> {
        self.limits.as_ref()
    }

    /// What has been counted on the way to this portal: sends, waits, refusals, operating time by method. All zero for a
    /// handle on a stack of your own.
    #[cfg(feature = "limiter")]
    #[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
    #[must_use]
    pub fn stats(&self) -> b24_limiter::stats::Stats {
        self.limits.as_ref().map(crate::Limits::stats).unwrap_or_default()
    }

    #[cfg(all(feature = "limiter", feature = "transport"))]
    pub(crate) fn with_limits(mut self, limits: crate::Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// The handle without the constructors.
    #[must_use]
    pub fn into_client(self) -> Client {
        self.client
    }
}

impl Deref for B24 {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Sends requests as they are, for code that takes any service of [`RestRequest`]s: see [`Client`], which does it.
impl Service<RestRequest> for B24 {
    type Response = RestResponse;
    type Error = b24_core::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), b24_core::Error>> {
        self.client.poll_ready(context)
    }

    fn call(&mut self, request: RestRequest) -> ResponseFuture {
        self.client.call(request)
    }
}

impl From<Client> for B24 {
    fn from(client: Client) -> Self {
        Self {
            client,
            #[cfg(feature = "limiter")]
            limits: None,
        }
    }
}
