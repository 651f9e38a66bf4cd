#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth_server;
mod params;
mod secret;
pub mod store;

pub use auth_server::AuthServer;
pub use params::{AppPage, AppStatus, OAuthParams, TokenReply};
pub use secret::OAuthSecret;
pub use store::{MemoryStore, StoreError, StoreErrorKind, TokenKey, TokenRecord, TokenStore};
