//! The codec: a [`RestRequest`](b24_core::RestRequest) becomes an HTTP request, an HTTP response becomes a
//! [`RestResponse`](b24_core::RestResponse) or an [`Error`](b24_core::Error).
//!
//! It works over any HTTP client that is a tower service. Put your own HTTP layers between the codec and the client
//! with [`RestLayer::with_http_layer`], and they never see a secret; a layer inside the client you pass does see it:
//!
//! ```text
//! right:  RestLayer::new().with_http_layer(TraceLayer::new_for_http()).layer(client)
//! wrong:  RestLayer::new().layer(TraceLayer::new_for_http().layer(client))      logs the webhook's secret
//! ```

mod future;
mod layer;
mod received;
mod service;
mod wire;

pub use future::ResponseFuture;
pub use layer::RestLayer;
pub use service::Rest;
