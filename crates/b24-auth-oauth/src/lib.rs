#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod auth_server;
mod clock;
mod login;
mod params;
mod raw;
mod secret;
mod session;
pub mod store;
mod tenants;

pub use app::{AppInfo, OAuthApp};
pub use auth_server::AuthServer;
pub use login::{LoginState, Redirect};
pub use params::{AppPage, OAuthParams, TokenReply};
pub use secret::OAuthSecret;
pub use session::{GrantFuture, OAuth, OAuthBuilder};
#[cfg(feature = "file-store")]
pub use store::FileStore;
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
pub use store::{MemoryStore, RenewalLock, StoreError, StoreErrorKind, TokenKey, TokenRecord, TokenStore};
pub use tenants::Tenants;
