//! TLS settings: which certificates are trusted.

mod roots;
mod verifier;

pub(super) use roots::Roots;
