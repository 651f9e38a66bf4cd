//! A page of the application that a user opens.

use std::{borrow::Cow, fmt};

use b24_core::Error;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DecodeError, EventAuth, Fingerprint, field, fingerprint::Hasher, json};
use crate::form;

/// A user opens a page of the application, in the portal's menu or in a placement.
///
/// It comes through the user's browser, so anybody can make one. The address has `DOMAIN`, `PROTOCOL`, `LANG` and `APP_SID`,
/// the body all else; without the address there is no domain. `Debug` shows the placement.
///
/// `AppPage` of `b24-auth-oauth` reads the same request, and makes tokens of it that calls can be sent with; it refuses one
/// that lacks any. This type takes what there is, and its [`auth`](Self::auth) has the names that events have.
///
/// Source: <https://apidocs.bitrix24.com/settings/app-installation/local-apps/index.html>
#[derive(Clone)]
pub struct PageRequest {
    placement: Box<str>,
    options: Option<Value>,
    language: Option<Box<str>>,
    app_sid: Option<Box<str>>,
    auth: EventAuth,
    fingerprint: Fingerprint,
}

impl PageRequest {
    /// Reads the query of the address and the body, a form. A field that is in both is taken from the body.
    ///
    /// # Errors
    /// One of them has too many fields or brackets, or `PLACEMENT` is no name.
    pub fn parse(query: &str, body: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = form::parse(query.as_bytes())?;
        fields.extend(form::parse(body)?);
        Self::of(&fields)
    }

    pub(super) fn of(fields: &Map<String, Value>) -> Result<Self, DecodeError> {
        let text = |name: &str| fields.get(name).and_then(field::text).map(Cow::into_owned);
        let domain = text("DOMAIN");
        let endpoint = domain.as_deref().filter(|domain| is_host(domain)).map(|domain| {
            let scheme = if text("PROTOCOL").as_deref() == Some("0") { "http" } else { "https" };
            format!("{scheme}://{domain}/rest/")
        });
        let auth = EventAuth::default()
            .with("access_token", text("AUTH_ID"))
            .with("refresh_token", text("REFRESH_ID"))
            .with("expires_in", text("AUTH_EXPIRES"))
            .with("server_endpoint", text("SERVER_ENDPOINT"))
            .with("application_token", text("APPLICATION_TOKEN"))
            .with("scope", text("APPLICATION_SCOPE"))
            .with("member_id", text("member_id").or_else(|| text("MEMBER_ID")))
            .with("status", text("status").or_else(|| text("STATUS")))
            .with("domain", domain)
            .with("client_endpoint", endpoint);
        let mut hasher = Hasher::new("page");
        hasher.object(fields);
        let placement = match fields.get("PLACEMENT") {
            None => "DEFAULT".to_owned(),
            Some(Value::String(text)) if text.is_empty() => "DEFAULT".to_owned(),
            Some(given) => field::name(given, "PLACEMENT")?,
        };
        Ok(Self {
            placement: placement.into(),
            options: fields.get("PLACEMENT_OPTIONS").and_then(options),
            language: text("LANG").map(Into::into),
            app_sid: text("APP_SID").map(Into::into),
            auth,
            fingerprint: hasher.finish(),
        })
    }

    /// Where in the portal it was opened: `DEFAULT`, `CRM_DEAL_DETAIL_TAB`, …
    #[must_use]
    pub fn placement(&self) -> &str {
        &self.placement
    }

    /// Reads what the place says about itself into a type, such as one with an `ID` for `{"ID": "5"}`. Values are texts; see
    /// [`Event::data`](super::Event::data).
    ///
    /// # Errors
    /// Kind [`Decode`](b24_core::ErrorKind::Decode) when it is not what `T` expects, with the place where; when it says
    /// nothing, an object without entries is read.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let nothing = Value::Object(Map::new());
        field::read("the options of the placement", self.options.as_ref().unwrap_or(&nothing))
    }

    /// What the place says about itself; `None` when there was nothing, or no JSON.
    #[must_use]
    pub fn raw_options(&self) -> Option<&Value> {
        self.options.as_ref()
    }

    /// The language of the user, such as `en`.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// By which the frame is known to the portal's page around it.
    #[must_use]
    pub fn app_sid(&self) -> Option<&str> {
        self.app_sid.as_deref()
    }

    /// Who sends it, as they say themselves, under the names that events use: `AUTH_ID` is `access_token`, `REFRESH_ID`
    /// `refresh_token`, `AUTH_EXPIRES` `expires_in`; `client_endpoint` is made of `PROTOCOL` and `DOMAIN`.
    #[must_use]
    pub fn auth(&self) -> &EventAuth {
        &self.auth
    }

    /// By which a second delivery is known: all that it brings.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// The options are JSON in a text; a body of JSON may have them as they are.
fn options(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => json::value(text.as_bytes()).ok().filter(|value| !value.is_null()),
        Value::Object(_) | Value::Array(_) => Some(value.clone()),
        _ => None,
    }
}

/// Whether it is a name or an address with at most a port: anything else would make an endpoint of something else.
fn is_host(domain: &str) -> bool {
    domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
}

impl fmt::Debug for PageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageRequest")
            .field("placement", &self.placement)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}
