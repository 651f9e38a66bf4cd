//! What the portal sends when an application is installed or opened.
//!
//! <https://apidocs.bitrix24.com/settings/oauth/simple-way.html>

use std::fmt;
use std::time::Duration;

use super::{Application, Origins, Pair};
use crate::event::letter::{self, Letterhead, Tokens};
use crate::php::form::{build, encode};
use crate::rng::{self, Secret};
use crate::value::Array;

/// An application on the portal, with a pair of tokens for the user who has installed or opened it.
///
/// Made by [`Portal::install`](crate::Portal::install) and [`Portal::open_page`](crate::Portal::open_page). `Debug` shows
/// neither tokens nor secrets.
#[derive(Clone)]
pub struct Installation {
    app: Application,
    pair: Pair,
    origins: Origins,
    member_id: String,
    app_sid: String,
    user_id: u32,
    finished: bool,
    /// The moment it was made, since the Unix epoch.
    at: Duration,
}

impl Installation {
    pub(crate) fn new(
        app: Application,
        pair: Pair,
        origins: Origins,
        member_id: String,
        (seed, user_id, at): (u64, u32, Duration),
    ) -> Self {
        let app_sid = rng::hex(seed, Secret::AppSid, at.as_secs(), 32);
        let finished = !app.has_page;
        Self { app, pair, origins, member_id, app_sid, user_id, finished, at }
    }

    /// The body of `ONAPPINSTALL`, which the portal posts to the handler of an application without a page.
    ///
    /// It is a form, `application/x-www-form-urlencoded`, with `event`, `data[…]`, `ts` and `auth[…]`.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-install.html>
    #[must_use]
    pub fn event_form(&self) -> String {
        build(&self.event())
    }

    /// What [`event_form`](Self::event_form) spells out.
    pub(crate) fn event(&self) -> Array {
        let auth = self.letterhead().auth(&self.app, Tokens::Both(&self.pair));
        letter::event("ONAPPINSTALL", 1, letter::installed(self.finished), self.at, auth)
    }

    /// The body of `ONAPPUNINSTALL`, which the portal posts when the application is removed.
    ///
    /// It has no tokens: nothing but the application token proves where it comes from. `clean` is whether the user wants
    /// the application's data gone. The moment it names is that of the installation.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-uninstall.html>
    #[must_use]
    pub fn uninstall_form(&self, clean: bool) -> String {
        let auth = self.letterhead().auth(&self.app, Tokens::None);
        build(&letter::event("ONAPPUNINSTALL", 2, letter::uninstalled(clean), self.at, auth))
    }

    fn letterhead(&self) -> Letterhead {
        Letterhead { origins: self.origins.clone(), member_id: self.member_id.clone() }
    }

    /// The query the portal opens the application's page with: `DOMAIN`, `PROTOCOL`, `LANG`, `APP_SID`.
    #[must_use]
    pub fn page_query(&self) -> String {
        let protocol = if self.origins.portal.starts_with("https") { "1" } else { "0" };
        form(&[("DOMAIN", self.domain()), ("PROTOCOL", protocol), ("LANG", "en"), ("APP_SID", &self.app_sid)])
    }

    /// The form the portal posts to the application's page when it is opened.
    #[must_use]
    pub fn page_form(&self) -> String {
        form(&[
            ("AUTH_ID", &self.pair.access),
            ("AUTH_EXPIRES", &self.pair.lives.as_secs().to_string()),
            ("REFRESH_ID", &self.pair.refresh),
            ("SERVER_ENDPOINT", &self.server_endpoint()),
            ("APPLICATION_TOKEN", &self.app.application_token),
            ("APPLICATION_SCOPE", &self.scope()),
            ("member_id", &self.member_id),
            ("status", self.status()),
            ("PLACEMENT", "DEFAULT"),
            ("PLACEMENT_OPTIONS", r#"{"any":"1\/"}"#),
        ])
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.pair.access
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        &self.pair.refresh
    }

    /// How long the access token lives, from the installation.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.pair.lives
    }

    /// When the access token ends, since the Unix epoch.
    #[must_use]
    pub fn expires(&self) -> Duration {
        self.pair.expires
    }

    /// The portal's id, which outlives its domain.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The user who installed or opened the application.
    #[must_use]
    pub fn user_id(&self) -> u32 {
        self.user_id
    }

    /// The application that was installed.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.app
    }

    /// The scopes of the tokens, separated by commas.
    #[must_use]
    pub fn scope(&self) -> String {
        self.app.scope()
    }

    /// The application's status, such as `L`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.app.status()
    }

    /// The portal's domain, with its port: `127.0.0.1:40817`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.origins.domain()
    }

    /// The address of the portal's REST API: `<portal>/rest/`.
    #[must_use]
    pub fn client_endpoint(&self) -> String {
        self.origins.client_endpoint()
    }

    /// The address of the authorisation server's REST API: `<authorisation server>/rest/`.
    #[must_use]
    pub fn server_endpoint(&self) -> String {
        self.origins.server_endpoint()
    }
}

/// `http_build_query`: brackets in names are escaped as everything else is.
fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("application", &self.app)
            .field("member_id", &self.member_id)
            .field("user_id", &self.user_id)
            .field("expires", &self.pair.expires)
            .finish_non_exhaustive()
    }
}
