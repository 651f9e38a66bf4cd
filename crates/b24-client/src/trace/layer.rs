//! The layer: plain data.

use b24_core::PortalAddress;
use tower_layer::Layer;

use super::Trace;

/// Wraps a service in [`Trace`]. It belongs outermost, above everything that waits or sends again.
#[derive(Clone, Debug)]
pub struct TraceLayer {
    portal: PortalAddress,
}

impl TraceLayer {
    /// Spans that name `portal` as their server.
    #[must_use]
    pub fn new(portal: PortalAddress) -> Self {
        Self { portal }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace::new(inner, self.portal.clone())
    }
}
