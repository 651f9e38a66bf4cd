//! End-to-end tests of the workspace: the whole stack against the embedded portal, over real sockets.
//!
//! The tests are in `tests/tests`; this crate itself holds what several of them and `bench-call` share.
