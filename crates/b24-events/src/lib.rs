//! Receiving from a Bitrix24 portal.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod inbox;
pub mod incoming;

#[cfg(feature = "sqlite")]
pub use inbox::SqliteInbox;
pub use inbox::{Inbox, MemoryInbox};
pub use incoming::{Encoding, Fingerprint};
