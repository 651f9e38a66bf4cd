//! One generation of the REST API.

use b24_core::ApiVersion;

use crate::{Aggregate, Call, Client};

/// The actions of one generation of the API; made by [`Client::v2`] and [`Client::v3`].
#[derive(Clone, Copy, Debug)]
pub struct Api<'a> {
    client: &'a Client,
    version: ApiVersion,
}

impl<'a> Api<'a> {
    pub(crate) fn new(client: &'a Client, version: ApiVersion) -> Self {
        Self { client, version }
    }

    /// Begins a call of `method`, such as `crm.item.get`. Nothing happens until it is sent.
    ///
    /// There is no list of known methods: the portal decides. What cannot be a method name is refused when the call is
    /// sent, before anything goes over the wire.
    pub fn call(self, method: &str) -> Call {
        Call::new(self.client, self.version, method)
    }

    /// Begins an aggregate of v3, such as `vendor.deal.aggregate`. Nothing happens until it is sent.
    pub fn aggregate(self, method: &str) -> Aggregate {
        Aggregate::new(self.client, method)
    }
}
