#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "oauth", target_arch = "wasm32", target_os = "unknown"))]
compile_error!(
    "the features `oauth` and `postgres` are for servers: in a browser everybody could read the application's secret. An \
     application in a portal's frame gets its tokens from the frame"
);

#[cfg(all(feature = "events", target_arch = "wasm32", target_os = "unknown"))]
compile_error!("the feature `events` is for servers: nothing can call a page in a browser");

#[cfg(feature = "transport")]
mod builder;
mod handle;
#[cfg(all(feature = "events", feature = "oauth", feature = "transport"))]
mod installer;
#[cfg(feature = "limiter")]
mod limits;

#[cfg(feature = "frame")]
#[cfg_attr(docsrs, doc(cfg(feature = "frame")))]
pub use b24_auth_frame::{self as frame, Frame, FrameError};
#[cfg(feature = "hook")]
#[cfg_attr(docsrs, doc(cfg(feature = "hook")))]
pub use b24_auth_hook as hook;
#[cfg(feature = "oauth")]
#[cfg_attr(docsrs, doc(cfg(feature = "oauth")))]
pub use b24_auth_oauth::{self as oauth, OAuth, OAuthApp, OAuthParams, OAuthSecret};
pub use b24_client::{self as client, Aggregate, Batch, Bulk, Call, Client, List, Tail, V2, V3};
pub use b24_core::{
    self as core, ApiVersion, Authenticator, CallOptions, Cursor, DateTime, Direction, Error, ErrorKind, Fields, Grant,
    Method, MultiField, Order, Params, PortalAddress, Priority, Reply, RestError, RetryOnNetworkError, Safety, Secret,
    Time, Validation, batch, de, filter, values,
};
#[cfg(feature = "events")]
#[cfg_attr(docsrs, doc(cfg(feature = "events")))]
pub use b24_events::{self as events, EventService};
#[cfg(feature = "limiter")]
#[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
pub use b24_limiter::{self as limiter, Limiter, Restrictions, RetryPolicy};
#[cfg(feature = "transport")]
#[cfg_attr(docsrs, doc(cfg(feature = "transport")))]
pub use b24_transport::{self as transport, HttpClient};
#[cfg(feature = "transport")]
#[cfg_attr(docsrs, doc(cfg(feature = "transport")))]
pub use builder::Builder;
pub use handle::B24;
/// The types of requests and responses that HTTP layers and clients of your own are written against.
pub use http;
#[cfg(all(feature = "events", feature = "oauth", feature = "transport"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "events", feature = "oauth", feature = "transport"))))]
pub use installer::Installer;
#[cfg(feature = "limiter")]
#[cfg_attr(docsrs, doc(cfg(feature = "limiter")))]
pub use limits::Limits;
