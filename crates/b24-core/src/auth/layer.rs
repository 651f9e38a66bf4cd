//! The layer: plain data.

use tower_layer::Layer;

use super::{Auth, Authenticator};

/// Wraps a service in [`Auth`].
#[derive(Clone, Debug)]
pub struct AuthLayer<A> {
    authenticator: A,
}

impl<A: Authenticator> AuthLayer<A> {
    /// A layer that takes its credentials from `authenticator`.
    #[must_use]
    pub fn new(authenticator: A) -> Self {
        Self { authenticator }
    }
}

impl<A: Authenticator, S> Layer<S> for AuthLayer<A> {
    type Service = Auth<S, A>;

    fn layer(&self, inner: S) -> Auth<S, A> {
        Auth::new(inner, self.authenticator.clone())
    }
}
