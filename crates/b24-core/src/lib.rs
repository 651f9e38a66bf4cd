#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_version;
pub mod auth;
pub mod batch;
mod cursor;
mod datetime;
pub mod de;
mod envelope;
pub mod error;
mod fields;
pub mod filter;
mod json;
pub mod keys;
mod method;
mod multi_field;
mod options;
mod order;
mod params;
mod portal_address;
pub mod redact;
mod reply;
mod request;
mod response;
mod secret;
mod time;
pub mod values;

pub use api_version::ApiVersion;
pub use auth::{Auth, AuthLayer, Authenticator, Credential, Grant};
pub use cursor::Cursor;
pub use datetime::{DateTime, InvalidDateTime};
pub use error::{BoxError, Error, ErrorKind, RestError, SdkCode, Validation};
pub use fields::Fields;
pub use filter::Scalar;
pub use method::Method;
pub use multi_field::MultiField;
pub use options::{CallOptions, Priority, RetryOnNetworkError, Safety};
pub use order::{Direction, Order};
pub use params::Params;
pub use portal_address::{AddressError, PortalAddress};
pub use reply::Reply;
pub use request::{RequestInfo, RestRequest};
pub use response::RestResponse;
pub use secret::Secret;
pub use time::Time;
