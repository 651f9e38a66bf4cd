//! The portal's rate, seen from the client: pure state machines that are given the time.

#[cfg(test)]
mod against_a_portal;
mod bucket;
mod recovery;
mod shape;

pub(crate) use bucket::Bucket;
pub(crate) use recovery::Recovery;
pub(crate) use shape::Shape;
