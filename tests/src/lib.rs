//! End-to-end tests of the workspace: the whole stack against the embedded portal, over real sockets.
//!
//! The tests are in `tests/tests`; this crate itself holds what several of them and of the programs in `src/bin` share.

pub mod server;
pub mod watched;

/// The code blocks of the pages a person reads first: they compile, and those that can, run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    mod readme {}

    #[doc = include_str!("../../docs/guide.md")]
    mod guide {}

    #[doc = include_str!("../../docs/from-javascript.md")]
    mod from_javascript {}
}
