//! Settings of the client.

use std::{fmt, time::Duration};

use b24_core::Error;

use super::{HttpClient, connect::Connector, proxy::Proxies, tls::Roots};

/// Settings of an [`HttpClient`].
///
/// ```
/// use b24_transport::HttpClient;
///
/// let client = HttpClient::builder().without_proxy().build();
/// ```
pub struct HttpClientBuilder {
    roots: Roots,
    proxies: Proxies,
    connect_timeout: Duration,
}

impl HttpClientBuilder {
    pub(super) fn new() -> Self {
        Self { roots: Roots::default(), proxies: Proxies::from_env(), connect_timeout: Duration::from_secs(10) }
    }

    /// Trusts further root certificates, given as PEM, beside those of the platform: for self-hosted portals with a
    /// certificate authority of their own, and for the embedded portal.
    ///
    /// # Errors
    /// [`SdkCode::InvalidConfig`](b24_core::SdkCode::InvalidConfig) when there is no certificate in it, or one that
    /// cannot be read.
    pub fn root_certificates_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.roots.add_pem(pem)?;
        Ok(self)
    }

    /// How long connecting may take: name lookup, TCP, proxy and TLS together. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Ignores the proxies of the environment. By default `HTTPS_PROXY` and `ALL_PROXY` are used, and `NO_PROXY` and
    /// loopback hosts are excepted.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.proxies = Proxies::none();
        self
    }

    /// Builds the client. Does no I/O: the platform's certificates are read when the first `https` connection is made.
    #[must_use]
    pub fn build(self) -> HttpClient {
        HttpClient::with_connector(Connector::new(self.roots, self.proxies, self.connect_timeout))
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder").field("connect_timeout", &self.connect_timeout).finish_non_exhaustive()
    }
}
