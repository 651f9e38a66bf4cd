//! What an application knows of one portal: tokens, addresses, names.

mod draft;
mod install;
mod json;
mod page;
mod reply;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use b24_core::{PortalAddress, Secret, values::AppStatus};

pub(crate) use draft::{base, portal, wrong};
pub(crate) use json::text;
pub use page::AppPage;
pub use reply::TokenReply;

use crate::{AuthServer, TokenKey};

/// The tokens of an application on one portal, with everything the portal tells beside them.
///
/// It comes from an install event, from the page of an application, from a token reply or from storage. The portal is
/// that of `client_endpoint`: what a token reply calls `domain` is the authorisation server.
///
/// `Debug` shows no token. It is not serialisable by accident: [`to_json`](Self::to_json) writes the tokens in the clear.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
#[derive(Clone, Debug)]
pub struct OAuthParams {
    pub(crate) member_id: Box<str>,
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Secret,
    /// Seconds since 1970; `None` when nobody has said it.
    pub(crate) expires: Option<u64>,
    pub(crate) expires_in: Option<u64>,
    pub(crate) portal: PortalAddress,
    pub(crate) server: AuthServer,
    pub(crate) application_token: Option<Secret>,
    pub(crate) user_id: Option<u64>,
    pub(crate) scope: Box<str>,
    pub(crate) domain: Box<str>,
    pub(crate) status: Option<AppStatus>,
    pub(crate) issuer: Option<Box<str>>,
}

impl OAuthParams {
    /// Which portal it is, whatever its address: `member_id`.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// Sent with calls; good for an hour.
    #[must_use]
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// Exchanged for the next pair; good for 180 days, and once.
    #[must_use]
    pub fn refresh_token(&self) -> &Secret {
        &self.refresh_token
    }

    /// Until when the access token is good, by the clock of this machine; `None` when nobody has said it.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.expires?))
    }

    /// How long the access token was good for when it was made.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    /// Where calls go: the portal of `client_endpoint`.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        &self.portal
    }

    /// Who renews the tokens: the server of `server_endpoint`.
    #[must_use]
    pub fn server(&self) -> &AuthServer {
        &self.server
    }

    /// Proves that an event comes from this portal; the same for as long as the application is installed.
    #[must_use]
    pub fn application_token(&self) -> Option<&Secret> {
        self.application_token.as_ref()
    }

    /// Whether both bring the same `application_token`, which only the portal and this application know. Where one of them
    /// has none, there is no proof, and it is `false`.
    ///
    /// An event about a portal that is known already has to pass this before it is believed: any user of the portal has an
    /// access token that [`OAuthApp::verify`](crate::OAuthApp::verify) takes.
    #[must_use]
    pub fn is_same_installation(&self, known: &Self) -> bool {
        match (&self.application_token, &known.application_token) {
            (Some(given), Some(known)) => known.matches(given.expose()),
            _ => false,
        }
    }

    /// In whose name calls are made, where that was told.
    #[must_use]
    pub fn user_id(&self) -> Option<u64> {
        self.user_id
    }

    /// What the application may do: `crm`, `task`, …
    pub fn scope(&self) -> impl Iterator<Item = &str> {
        self.scope.split([',', ' ']).filter(|part| !part.is_empty())
    }

    /// What was called `domain`: the portal's address at the time, or that of the authorisation server. Calls do not go
    /// by it.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// How the application is installed, where that was told.
    #[must_use]
    pub fn status(&self) -> Option<&AppStatus> {
        self.status.as_ref()
    }

    /// What they are stored under when the application keeps one pair for a portal. One that keeps a pair for each user
    /// adds [`with_user`](TokenKey::with_user).
    #[must_use]
    pub fn key(&self) -> TokenKey {
        TokenKey::checked(&self.member_id)
    }

    /// Who issued the tokens, where that was told.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// When the access token should be replaced: 60 s before it expires, or a tenth of its life if that is shorter. One
    /// whose end nobody has told is used until it is refused.
    #[must_use]
    pub fn due(&self) -> Option<SystemTime> {
        let early = self.expires_in.map_or(EARLY, |life| EARLY.min(life / 10));
        UNIX_EPOCH.checked_add(Duration::from_secs(self.expires?.saturating_sub(early)))
    }

    /// Whether the access token should be replaced before it is used at `now`.
    #[must_use]
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.due().is_some_and(|due| due <= now)
    }
}

/// Seconds: a call that is under way when the token expires would be refused.
const EARLY: u64 = 60;
