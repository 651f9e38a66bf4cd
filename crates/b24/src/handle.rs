//! The handle with a ready-made stack.

use std::ops::Deref;

use b24_client::Client;

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
    /// Does no I/O; whether the webhook is good shows with the first call.
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
    #[cfg(all(feature = "hook", feature = "transport"))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "hook", feature = "transport"))))]
    pub fn from_webhook_url(url: &str) -> Result<Self, b24_core::Error> {
        Self::builder().webhook_url(url)
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

impl From<Client> for B24 {
    fn from(client: Client) -> Self {
        Self {
            client,
            #[cfg(feature = "limiter")]
            limits: None,
        }
    }
}
