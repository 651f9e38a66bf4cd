//! A function of the program that is told of something.

use std::{future::Future, pin::Pin, sync::Arc};

use b24_core::BoxError;

/// A function, or none.
pub(super) struct Hook<T>(Option<Arc<Function<T>>>);

type Function<T> = dyn Fn(T) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> + Send + Sync;

impl<T> Hook<T> {
    pub(super) fn new<F>(hear: impl Fn(T) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self(Some(Arc::new(move |told| Box::pin(hear(told)))))
    }

    pub(super) async fn call(&self, told: T) -> Result<(), BoxError> {
        match &self.0 {
            Some(hear) => hear(told).await,
            None => Ok(()),
        }
    }
}

impl<T> Clone for Hook<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Hook<T> {
    fn default() -> Self {
        Self(None)
    }
}
