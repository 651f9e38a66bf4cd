#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod binding;
mod form;
pub mod html;
pub mod inbox;
pub mod incoming;
pub mod offline;
pub mod reply;
mod rest;
mod service;
mod shared;
mod verify;
mod worker;

#[cfg(feature = "sqlite")]
pub use inbox::SqliteInbox;
pub use inbox::{Inbox, MemoryInbox};
pub use incoming::{DecodeError, Encoding, Event, EventAuth, Fingerprint, Incoming, Known, PageRequest, RobotCall};
pub use offline::{Doorbell, OfflineEvents};
pub use rest::RestService;
pub use service::{AllowedSources, EventService, EventServiceBuilder, ResponseBody, ResponseFuture};
pub use shared::Stats;
pub use verify::{
    ApplicationToken, LookupFuture, NotVerified, PortalToken, PortalTokens, TokenLookup, Verdict, Verified, Verify,
    VerifyFuture, verify,
};
pub use worker::{Left, Worker};
