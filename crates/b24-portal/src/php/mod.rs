//! The parts of PHP a client can feel on the wire.

pub(crate) mod form;
pub(crate) mod number;
pub(crate) mod time;
