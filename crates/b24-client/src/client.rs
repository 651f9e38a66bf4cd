//! The handle.

use std::{fmt, sync::Arc};

use b24_core::{Error, PortalAddress, RestRequest, RestResponse};
use tower::util::BoxCloneSyncService;
use tower_layer::Layer;
use tower_service::Service;

use crate::{TraceLayer, V2, V3, tools::Admin};

/// A handle on one portal: cheap to clone, `Send` and `Sync`, the same type whatever the credentials are.
///
/// It stands on a stack of tower layers, which it erases; nothing is spawned, and no runtime is needed to make one.
#[derive(Clone)]
pub struct Client {
    stack: BoxCloneSyncService<RestRequest, RestResponse, Error>,
    portal: PortalAddress,
    /// Whether the user is an administrator, once that has been asked; clones share it.
    admin: Arc<Admin>,
}

impl Client {
    /// A handle on a stack of your own that calls `portal`. The span of each call is added here.
    pub fn new<S>(portal: PortalAddress, stack: S) -> Self
    where
        S: Service<RestRequest, Response = RestResponse, Error = Error> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let traced = TraceLayer::new(portal.clone()).layer(stack);
        Self { stack: BoxCloneSyncService::new(traced), portal, admin: Arc::default() }
    }

    /// REST v2: every method of the portal.
    #[must_use]
    pub fn v2(&self) -> V2<'_> {
        V2::new(self)
    }

    /// REST v3: the newer families.
    #[must_use]
    pub fn v3(&self) -> V3<'_> {
        V3::new(self)
    }

    /// The portal it calls.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        &self.portal
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    pub(crate) fn stack(&self) -> BoxCloneSyncService<RestRequest, RestResponse, Error> {
        self.stack.clone()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("portal", &self.portal).finish_non_exhaustive()
    }
}
