#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod form;
pub mod inbox;
pub mod incoming;
mod service;
mod verify;
mod worker;

#[cfg(feature = "sqlite")]
pub use inbox::SqliteInbox;
pub use inbox::{Inbox, MemoryInbox};
pub use incoming::{
    DecodeError, DecodeErrorKind, Encoding, Event, EventAuth, Fingerprint, Incoming, Known, PageRequest, RobotCall,
};
pub use service::{AllowedSources, EventService, EventServiceBuilder, ResponseBody, ResponseFuture};
pub use verify::{
    ApplicationToken, LookupFuture, NotVerified, PortalToken, PortalTokens, TokenLookup, Verdict, Verified, Verify,
    VerifyFuture, verify,
};
pub use worker::{Left, Stats, Worker};
