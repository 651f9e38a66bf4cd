//! The grant in use.

use std::time::{Duration, SystemTime};

use b24_core::Grant;

use crate::{OAuthApp, TokenRecord};

/// What calls go out with, and when it should be replaced. The refresh token is not here: it is in the store.
pub(super) struct Live {
    grant: Grant,
    due: Option<SystemTime>,
    expires: Option<SystemTime>,
}

impl Live {
    pub(super) fn new(app: &OAuthApp, record: &TokenRecord) -> Self {
        let params = record.params();
        let token = params.access_token().clone();
        let grant = Grant::token(params.portal().clone(), app.secret().client_id(), token, record.generation());
        Self { grant, due: params.due(), expires: params.expires() }
    }

    pub(super) fn grant(&self) -> &Grant {
        &self.grant
    }

    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// An early renewal has failed: the next one is tried a little later, if the token is good until then.
    pub(super) fn postpone(&mut self, now: SystemTime) -> Option<Grant> {
        let good = self.expires.is_some_and(|expires| now < expires);
        good.then(|| {
            self.due = now.checked_add(PAUSE).min(self.expires);
            self.grant.clone()
        })
    }
}

const PAUSE: Duration = Duration::from_secs(10);
