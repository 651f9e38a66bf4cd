//! Receiving from a Bitrix24 portal.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod form;
pub mod incoming;

pub use incoming::{DecodeError, Encoding, Event, EventAuth, Fingerprint, Incoming, PageRequest, RobotCall};
