//! What one call is allowed with.

use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, LazyLock},
};

use crate::{PortalAddress, Secret};

/// Credentials for calls to one portal; a clone is one reference count.
///
/// The grant names the portal it belongs to, and calls are sent to no other address: credentials cannot go astray.
#[derive(Clone)]
pub struct Grant(Arc<Inner>);

struct Inner {
    portal: PortalAddress,
    credential: Credential,
    generation: u64,
    owner: u64,
}

/// How a call proves who it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// An inbound webhook: user and secret stand in the path.
    Webhook {
        /// The user whose rights the webhook has.
        user_id: u64,
        /// The secret; nothing renews it.
        secret: Secret,
    },
    /// An access token, sent as `Authorization: Bearer`.
    Token(Secret),
}

impl Grant {
    /// The grant of an inbound webhook; there is only one generation of it.
    #[must_use]
    pub fn webhook(portal: PortalAddress, user_id: u64, secret: Secret) -> Self {
        let owner = number_of(&(user_id, secret.expose()));
        Self(Arc::new(Inner { portal, credential: Credential::Webhook { user_id, secret }, generation: 0, owner }))
    }

    /// The grant of an access token of an application, which is known by its `client_id`; each renewal has a higher
    /// generation.
    #[must_use]
    pub fn token(portal: PortalAddress, client_id: &str, token: Secret, generation: u64) -> Self {
        let owner = number_of(client_id);
        Self(Arc::new(Inner { portal, credential: Credential::Token(token), generation, owner }))
    }

    /// The portal it is good for.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        &self.0.portal
    }

    /// How a call proves who it is.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.0.credential
    }

    /// Whose operating time its calls spend: a number that is the same for all grants of one webhook or application of the
    /// portal, in this process.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
    #[must_use]
    pub fn owner(&self) -> u64 {
        self.0.owner
    }

    /// Which renewal it came from.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }
}

fn number_of(identity: &(impl Hash + ?Sized)) -> u64 {
    /// Drawn anew in each process: the number of a secret says nothing about it anywhere else.
    static NUMBERS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    NUMBERS.hash_one(identity)
}

impl Credential {
    /// The secret part.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Webhook { secret, .. } | Self::Token(secret) => secret,
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("portal", &self.0.portal)
            .field("credential", &self.0.credential)
            .field("generation", &self.0.generation)
            .finish()
    }
}
