//! What is known of a command after its batch has been written.

use std::fmt;

use super::Key;
use crate::{Method, Params};

/// What layers and errors know of a command of a batch: what it is called, and which method it calls.
#[derive(Clone)]
pub struct CommandInfo {
    key: Key,
    method: Method,
    params: Params,
}

impl CommandInfo {
    pub(super) fn new(key: Key, method: Method, params: Params) -> Self {
        Self { key, method, params }
    }

    /// What it is called in the batch.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The method it calls.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn params(&self) -> &Params {
        &self.params
    }
}

impl fmt::Debug for CommandInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.method)
    }
}
