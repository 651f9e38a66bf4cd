//! The two generations of the REST API.

use b24_core::{ApiVersion, batch::Command};
use futures_util::Stream;

use crate::{Aggregate, Batch, Bulk, Call, Client, List, Tail};

/// REST v2: every method of the portal. Made by [`Client::v2`].
#[derive(Clone, Copy, Debug)]
pub struct V2<'c> {
    client: &'c Client,
}

/// REST v3: the newer families. Made by [`Client::v3`].
#[derive(Clone, Copy, Debug)]
pub struct V3<'c> {
    client: &'c Client,
}

impl<'c> V2<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client }
    }

    /// Begins a call of `method`, such as `crm.item.get`. Nothing happens until it is sent.
    ///
    /// There is no list of known methods: the portal decides. What cannot be a method name is refused when the call is
    /// sent, before anything goes over the wire.
    pub fn call(self, method: &str) -> Call {
        Call::new(self.client, ApiVersion::V2, method)
    }

    /// Begins a batch: up to 50 commands in one request.
    pub fn batch(self) -> Batch {
        Batch::new(self.client, ApiVersion::V2)
    }

    /// All rows of a method that gives them in pages, such as `crm.item.list`.
    pub fn list<T>(self, method: &str) -> List<T> {
        List::new(self.client, ApiVersion::V2, method)
    }

    /// Any number of commands, in batches of 50.
    pub fn bulk<'a, C: Into<Command> + 'a>(
        self,
        commands: impl IntoIterator<Item = C, IntoIter: Send + 'a>,
    ) -> Bulk<'a> {
        Bulk::new(self.client, ApiVersion::V2, commands)
    }

    /// Any number of commands from a stream, in batches of 50. A batch is sent when it is full, or the stream at its end.
    pub fn bulk_stream<'a>(self, commands: impl Stream<Item = Command> + Send + 'a) -> Bulk<'a> {
        Bulk::from_stream(self.client, ApiVersion::V2, commands)
    }
}

impl<'c> V3<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client }
    }

    /// Begins a call of `method`, such as `tasks.task.get`. Nothing happens until it is sent.
    ///
    /// There is no list of known methods: the portal decides. What cannot be a method name is refused when the call is
    /// sent, before anything goes over the wire.
    pub fn call(self, method: &str) -> Call {
        Call::new(self.client, ApiVersion::V3, method)
    }

    /// Begins a batch: up to 50 commands in one request. The first error is the answer to all of them.
    pub fn batch(self) -> Batch {
        Batch::new(self.client, ApiVersion::V3)
    }

    /// All rows of a method that gives them in pages, such as `tasks.task.list`.
    pub fn list<T>(self, method: &str) -> List<T> {
        List::new(self.client, ApiVersion::V3, method)
    }

    /// What has come since a value, of a method such as `main.eventlog.tail`.
    pub fn tail<T>(self, method: &str) -> Tail<T> {
        Tail::new(self.client, method)
    }

    /// Any number of commands, in batches of 50.
    pub fn bulk<'a, C: Into<Command> + 'a>(
        self,
        commands: impl IntoIterator<Item = C, IntoIter: Send + 'a>,
    ) -> Bulk<'a> {
        Bulk::new(self.client, ApiVersion::V3, commands)
    }

    /// Any number of commands from a stream, in batches of 50. A batch is sent when it is full, or the stream at its end.
    pub fn bulk_stream<'a>(self, commands: impl Stream<Item = Command> + Send + 'a) -> Bulk<'a> {
        Bulk::from_stream(self.client, ApiVersion::V3, commands)
    }

    /// Begins an aggregate of v3, such as `vendor.deal.aggregate`. Nothing happens until it is sent.
    pub fn aggregate(self, method: &str) -> Aggregate {
        Aggregate::new(self.client, method)
    }
}
