//! The portal's rate, seen from the client: pure state machines that are given the time.

mod bucket;
mod recovery;
mod shape;

pub(crate) use bucket::Bucket;
pub(crate) use recovery::Recovery;
pub(crate) use shape::Shape;
