//! The text of what the portal sends to handlers.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/index.html>

use std::time::Duration;

use crate::oauth::{Application, Origins, Pair};
use crate::value::{Array, map};

/// The portal as its letters name it.
#[derive(Clone, Debug)]
pub(crate) struct Letterhead {
    pub(crate) origins: Origins,
    pub(crate) member_id: String,
}

/// The tokens a letter brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tokens<'a> {
    /// Nobody is behind the event, or the application is gone.
    None,
    Access(&'a Pair),
    Both(&'a Pair),
}

impl Letterhead {
    /// `auth` of a letter to an application.
    pub(crate) fn auth(&self, app: &Application, tokens: Tokens<'_>) -> Array {
        let mut auth = Array::new();
        let (pair, refresh) = match tokens {
            Tokens::None => return self.end(auth, &app.application_token),
            Tokens::Access(pair) => (pair, None),
            Tokens::Both(pair) => (pair, Some(&pair.refresh)),
        };
        for (name, value) in [
            ("access_token", pair.access.clone()),
            ("expires", pair.expires.as_secs().to_string()),
            ("expires_in", pair.lives.as_secs().to_string()),
            ("scope", pair.holder.scopes.join(",")),
            ("domain", self.origins.domain().to_owned()),
            ("server_endpoint", self.origins.server_endpoint()),
            ("status", app.status().to_owned()),
            ("client_endpoint", self.origins.client_endpoint()),
            ("member_id", self.member_id.clone()),
            ("user_id", pair.holder.user.to_string()),
        ] {
            auth.set(name, value);
        }
        if let Some(refresh) = refresh {
            auth.set("refresh_token", refresh.clone());
        }
        auth.set("application_token", app.application_token.clone());
        auth
    }

    /// `auth` of a letter to an outgoing webhook, which has no tokens.
    pub(crate) fn plain_auth(&self, token: &str) -> Array {
        self.end(Array::new(), token)
    }

    fn end(&self, mut auth: Array, token: &str) -> Array {
        auth.set("domain", self.origins.domain().to_owned());
        auth.set("client_endpoint", self.origins.client_endpoint());
        auth.set("server_endpoint", self.origins.server_endpoint());
        auth.set("member_id", self.member_id.clone());
        auth.set("application_token", token.to_owned());
        auth
    }
}

/// A letter about an event. Its `data` is not there when it is empty: PHP's forms cannot say so.
pub(crate) fn event(name: &str, handler: i64, data: Array, at: Duration, auth: Array) -> Array {
    map! {
        "event" => name.to_owned(),
        "event_handler_id" => handler.to_string(),
        "data" => data,
        "ts" => at.as_secs().to_string(),
        "auth" => auth,
    }
}

/// `data` of `ONAPPINSTALL`: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-install.html>
pub(crate) fn installed(finished: bool) -> Array {
    map! { "VERSION" => 1_i64, "ACTIVE" => "Y", "INSTALLED" => if finished { "Y" } else { "N" }, "LANGUAGE_ID" => "en" }
}

/// `data` of `ONAPPUNINSTALL`: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-uninstall.html>
pub(crate) fn uninstalled(clean: bool) -> Array {
    map! { "LANGUAGE_ID" => "en", "CLEAN" => i64::from(clean) }
}
