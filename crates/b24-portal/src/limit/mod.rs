//! The two limiters of a portal: requests per second and seconds of work per ten minutes.

pub(crate) mod bucket;
pub(crate) mod operating;
