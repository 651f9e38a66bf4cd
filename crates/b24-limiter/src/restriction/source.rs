//! Which limiter a request goes by.

use std::{collections::HashMap, sync::Arc};

use crate::{
    limiter::{Limiter, Limiters},
    settings::Restrictions,
    sync::Mutex,
};

/// One limiter, or one for each portal.
#[derive(Clone, Debug)]
pub(super) enum Source {
    One(Limiter),
    ByPortal(Arc<ByPortal>),
}

/// The process-wide limiters of the portals that were called through this layer. They are held, so that what was learned
/// of a portal is not forgotten between two calls.
#[derive(Debug)]
pub(super) struct ByPortal {
    restrictions: Option<Restrictions>,
    known: Mutex<HashMap<Box<str>, Limiter>>,
}

impl Source {
    pub(super) fn by_portal(restrictions: Option<Restrictions>) -> Self {
        Self::ByPortal(Arc::new(ByPortal { restrictions, known: Mutex::new(HashMap::new()) }))
    }

    pub(super) fn limiter(&self, portal: &str) -> Limiter {
        match self {
            Self::One(limiter) => limiter.clone(),
            Self::ByPortal(by_portal) => by_portal.limiter(portal),
        }
    }
}

impl ByPortal {
    fn limiter(&self, portal: &str) -> Limiter {
        let mut known = self.known.lock();
        if let Some(limiter) = known.get(portal) {
            return limiter.clone();
        }
        // Before it grows, those are let go that have nothing to remember.
        if known.len() >= FEW && known.len() == known.capacity() {
            known.retain(|_, limiter| !limiter.is_idle());
        }
        let limiters = Limiters::process_wide();
        let tuned = self.restrictions.as_ref().and_then(|restrictions| limiters.get_with(portal, restrictions).ok());
        let limiter = tuned.unwrap_or_else(|| limiters.get(portal));
        known.insert(portal.into(), limiter.clone());
        limiter
    }
}

const FEW: usize = 64;
