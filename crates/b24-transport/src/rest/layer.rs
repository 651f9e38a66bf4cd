//! The layer: plain data.

use std::time::Duration;

use tower_layer::{Identity, Layer};

use super::{Rest, service::Settings};
use crate::Credentials;

/// Wraps an HTTP client in the codec [`Rest`].
///
/// ```
/// use b24_transport::RestLayer;
/// use std::time::Duration;
///
/// // The defaults: 75 s for one send, answers up to 64 MiB.
/// let layer = RestLayer::new();
/// // A portal behind a slow link, and small answers only.
/// let layer = RestLayer::new().with_timeout(Duration::from_secs(120)).with_max_response_size(1 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct RestLayer<L = Identity> {
    http_layer: L,
    settings: Settings,
}

impl RestLayer {
    /// A codec with the default limits and no further HTTP layers.
    #[must_use]
    pub fn new() -> Self {
        Self { http_layer: Identity::new(), settings: Settings::default() }
    }
}

impl Default for RestLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> RestLayer<L> {
    /// Puts a layer of yours between the codec and the client, in place of the one that is there. Several are joined
    /// with `tower::ServiceBuilder`. It sees requests without credentials.
    #[must_use]
    pub fn with_http_layer<M>(self, http_layer: M) -> RestLayer<M> {
        RestLayer { http_layer, settings: self.settings }
    }

    /// How long one send may take, from the first byte to the last, unless the call says otherwise. Default: 75 s,
    /// because the cloud cuts a request at 60 s, and a client that gives up earlier manufactures duplicates.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How many bytes an answer may have, after decompression. Default: 64 MiB.
    #[must_use]
    pub fn with_max_response_size(mut self, bytes: usize) -> Self {
        self.settings.max_response_size = bytes;
        self
    }
}

impl<L, S> Layer<S> for RestLayer<L>
where
    L: Layer<Credentials<S>>,
{
    type Service = Rest<L::Service>;

    fn layer(&self, client: S) -> Self::Service {
        Rest::new(self.http_layer.layer(Credentials::new(client)), self.settings)
    }
}
