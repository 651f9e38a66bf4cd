//! The fields of one source, as texts, and what they have to be.

use std::time::{SystemTime, UNIX_EPOCH};

use b24_core::{Error, PortalAddress, SdkCode, Secret, values::AppStatus};

use super::{EARLY, OAuthParams};
use crate::{AuthServer, raw::whole, store::is_member_id};

/// What one source says, field by field. All of it is text: forms know nothing else, and JSON writes numbers both ways.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) application_token: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) member_id: Option<String>,
    pub(super) access_token: Option<String>,
    pub(super) refresh_token: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) expires_in: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) client_endpoint: Option<String>,
    pub(super) server_endpoint: Option<String>,
    pub(super) status: Option<String>,
    pub(super) issuer: Option<String>,
}

/// Whether the tokens were made just now.
#[derive(Clone, Copy)]
pub(super) enum Age {
    /// So their life is counted from this moment, by our own clock: the server's may differ.
    Fresh(SystemTime),
    /// They come from storage, where their end was written by our clock.
    Stored,
}

impl Draft {
    /// The fields under the names that portals and authorisation servers use.
    pub(super) fn of_wire(get: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            application_token: get("application_token"),
            user_id: get("user_id"),
            member_id: get("member_id"),
            access_token: get("access_token"),
            refresh_token: get("refresh_token"),
            expires: get("expires"),
            expires_in: get("expires_in"),
            scope: get("scope"),
            domain: get("domain"),
            client_endpoint: get("client_endpoint"),
            server_endpoint: get("server_endpoint"),
            status: get("status"),
            issuer: get("issuer"),
        }
    }

    /// The fields under the names they are stored with.
    pub(super) fn of_storage(get: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            application_token: get("applicationToken"),
            user_id: get("userId"),
            member_id: get("memberId"),
            access_token: get("accessToken"),
            refresh_token: get("refreshToken"),
            expires: get("expires"),
            expires_in: get("expiresIn"),
            scope: get("scope"),
            domain: get("domain"),
            client_endpoint: get("clientEndpoint"),
            server_endpoint: get("serverEndpoint"),
            status: get("status"),
            issuer: get("issuer"),
        }
    }

    /// Checks every field. An error names the field, and nothing of what is in it.
    pub(super) fn check(self, age: Age) -> Result<OAuthParams, Error> {
        let member_id = required(self.member_id, "member_id").and_then(|text| {
            if is_member_id(&text) { Ok(text.into()) } else { Err(wrong("member_id: not 1 to 64 letters and digits")) }
        })?;
        let endpoint = required(self.client_endpoint, "client_endpoint")?;
        let portal = portal(&endpoint)?;
        let server = match self.server_endpoint.filter(|text| !text.is_empty()) {
            Some(endpoint) => endpoint.parse()?,
            None => AuthServer::default(),
        };
        let expires_in = number(self.expires_in, "expires_in")?;
        let expires = number(self.expires, "expires")?;
        Ok(OAuthParams {
            member_id,
            access_token: token(self.access_token, "access_token")?,
            refresh_token: token(self.refresh_token, "refresh_token")?,
            expires: age.end(expires, expires_in),
            expires_in,
            portal,
            server,
            application_token: self.application_token.filter(|text| !text.is_empty()).map(Secret::from),
            user_id: number(self.user_id, "user_id")?.filter(|id| *id != 0),
            scope: printable(self.scope.unwrap_or_default()),
            domain: printable(self.domain.unwrap_or_default()),
            status: self
                .status
                .map(printable)
                .filter(|letter| !letter.is_empty())
                .map(|letter| AppStatus::from(&*letter)),
            issuer: self.issuer.map(printable),
        })
    }
}

impl Age {
    /// When the access token expires, in seconds since 1970 by our clock.
    ///
    /// What is made just now and said to be over already was made by a clock that differs from ours: when it ends is not
    /// known then. To believe it would mean to renew before every call.
    pub(super) fn end(self, expires: Option<u64>, expires_in: Option<u64>) -> Option<u64> {
        let Self::Fresh(now) = self else { return expires };
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let by_life = expires_in.filter(|life| *life > 0).and_then(|life| now.checked_add(life));
        by_life.or(expires.filter(|end| *end > now.saturating_add(EARLY)))
    }
}

/// The address of a portal, of `https://<portal>/rest/`.
pub(crate) fn portal(endpoint: &str) -> Result<PortalAddress, Error> {
    let bad = |why| wrong(format!("client_endpoint: {why}"));
    base(endpoint).ok_or_else(|| bad("not https://<host>/rest/".to_owned()))?;
    endpoint.trim().parse().map_err(|error| bad(format!("{error}")))
}

/// An endpoint without `/rest/`, when there is nothing else behind the host.
pub(crate) fn base(endpoint: &str) -> Option<&str> {
    let endpoint = endpoint.trim();
    let bare = endpoint.strip_suffix('/').unwrap_or(endpoint);
    let bare = bare.strip_suffix("/rest").unwrap_or(bare);
    let (_, host) = bare.split_once("://")?;
    (!host.contains(['/', '?', '#', '\\'])).then_some(bare)
}

fn required(text: Option<String>, name: &str) -> Result<String, Error> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| wrong(format!("{name} is missing")))
}

/// A token has to fit into a header and a form.
fn token(text: Option<String>, name: &str) -> Result<Secret, Error> {
    let text = required(text, name)?;
    if text.len() > 4096 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(format!("{name} is no token")));
    }
    Ok(text.into())
}

/// What stands beside the tokens must not keep them from being stored: a database may take no control characters.
fn printable(mut text: String) -> Box<str> {
    text.retain(|letter| !letter.is_control());
    text.into()
}

fn number(text: Option<String>, name: &str) -> Result<Option<u64>, Error> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| whole(&text).ok_or_else(|| wrong(format!("{name} is no whole number")))).transpose()
}

pub(crate) fn wrong(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::usage(SdkCode::InvalidOAuthParams, text)
}
