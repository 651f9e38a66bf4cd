//! Tokens from the page of an application.

use std::{fmt, time::SystemTime};

use b24_core::Error;
use serde_json::Value;

use super::{
    OAuthParams,
    draft::{Age, Draft, wrong},
};

/// What a portal posts to the page of an application when a user opens it.
///
/// It comes through the user's browser, so anybody can make one. Before you act on it, ask the authorisation server
/// whose token it is: [`OAuthApp::app_info`](crate::OAuthApp::app_info).
///
/// Source: <https://apidocs.bitrix24.com/settings/app-installation/local-apps/index.html>
#[derive(Clone)]
pub struct AppPage {
    params: OAuthParams,
    placement: Box<str>,
    placement_options: Option<Value>,
    language: Option<Box<str>>,
    app_sid: Option<Box<str>>,
}

impl AppPage {
    /// Reads the query (`DOMAIN`, `PROTOCOL`, `LANG`, `APP_SID`) and the body (`AUTH_ID`, `REFRESH_ID`, `AUTH_EXPIRES`,
    /// `member_id`, `SERVER_ENDPOINT`, `PLACEMENT`, …) of such a request. The portal is that of `DOMAIN`; the first
    /// renewal replaces it by what the authorisation server says.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`](b24_core::SdkCode::InvalidOAuthParams) when a field is missing or wrong, with its
    /// name and nothing of what is in it.
    pub fn parse(query: &str, form: &[u8], now: SystemTime) -> Result<Self, Error> {
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form)).collect();
        // The body counts more than the query, and of several fields of one name the last.
        let get =
            |name: &str| fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone().into_owned());
        let domain = get("DOMAIN").filter(|text| !text.is_empty()).ok_or_else(|| wrong("DOMAIN is missing"))?;
        let scheme = if get("PROTOCOL").as_deref() == Some("0") { "http" } else { "https" };
        let draft = Draft {
            application_token: get("APPLICATION_TOKEN"),
            member_id: get("member_id"),
            access_token: get("AUTH_ID"),
            refresh_token: get("REFRESH_ID"),
            expires_in: get("AUTH_EXPIRES"),
            scope: get("APPLICATION_SCOPE"),
            client_endpoint: Some(format!("{scheme}://{domain}/rest/")),
            server_endpoint: get("SERVER_ENDPOINT"),
            domain: Some(domain),
            status: get("status"),
            ..Draft::default()
        };
        Ok(Self {
            params: draft.check(Age::Fresh(now))?,
            placement: get("PLACEMENT").unwrap_or_else(|| "DEFAULT".to_owned()).into(),
            placement_options: get("PLACEMENT_OPTIONS").and_then(|text| serde_json::from_str(&text).ok()),
            language: get("LANG").map(Into::into),
            app_sid: get("APP_SID").map(Into::into),
        })
    }

    /// The tokens of the user who opened the page.
    #[must_use]
    pub fn params(&self) -> &OAuthParams {
        &self.params
    }

    /// Hands the tokens over.
    #[must_use]
    pub fn into_params(self) -> OAuthParams {
        self.params
    }

    /// Where in the portal it was opened: `DEFAULT`, `CRM_DEAL_DETAIL_TAB`, …
    #[must_use]
    pub fn placement(&self) -> &str {
        &self.placement
    }

    /// What the place says about itself, such as `{"ID": "5"}`; `None` when there was nothing, or no JSON.
    #[must_use]
    pub fn placement_options(&self) -> Option<&Value> {
        self.placement_options.as_ref()
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
}

impl fmt::Debug for AppPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppPage")
            .field("params", &self.params)
            .field("placement", &self.placement)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use b24_core::values::AppStatus;

    use super::*;

    const QUERY: &str = "DOMAIN=p.bitrix24.com&PROTOCOL=1&LANG=en&APP_SID=51d0";
    const FORM: &str = "AUTH_ID=acc3ss&AUTH_EXPIRES=3600&REFRESH_ID=r3fresh&member_id=m1&status=L&PLACEMENT=CRM_DEAL_DETAIL_TAB\
        &PLACEMENT_OPTIONS=%7B%22ID%22%3A%225%22%7D&SERVER_ENDPOINT=https%3A%2F%2Foauth.bitrix24.tech%2Frest%2F";

    fn parse(query: &str, form: &str) -> Result<AppPage, Error> {
        AppPage::parse(query, form.as_bytes(), UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    }

    #[test]
    fn the_page_of_an_application_brings_tokens_and_its_place() {
        let page = parse(QUERY, FORM).unwrap();
        assert_eq!(page.params().portal().to_string(), "https://p.bitrix24.com");
        assert_eq!(page.params().server().to_string(), "https://oauth.bitrix24.tech");
        assert_eq!(page.params().expires, Some(1_700_003_600));
        assert_eq!(page.params().status(), Some(&AppStatus::Local));
        assert_eq!(
            (page.placement(), page.language(), page.app_sid()),
            ("CRM_DEAL_DETAIL_TAB", Some("en"), Some("51d0"))
        );
        assert_eq!(page.placement_options().unwrap()["ID"], "5");
        let shown = format!("{page:?}");
        assert!(!shown.contains("acc3ss") && !shown.contains("r3fresh"), "{shown}");
    }

    #[test]
    fn a_page_that_is_not_whole_is_refused() {
        assert!(parse("PROTOCOL=1", FORM).is_err());
        assert!(parse("DOMAIN=p.com&PROTOCOL=0", FORM).is_err(), "plain http");
        assert!(parse("DOMAIN=p.com/x?y&PROTOCOL=1", FORM).is_err());
        assert!(parse("DOMAIN=u:p@p.com&PROTOCOL=1", FORM).is_err());
        for name in ["AUTH_ID=acc3ss", "REFRESH_ID=r3fresh", "member_id=m1"] {
            assert!(parse(QUERY, &FORM.replace(name, "x=1")).is_err(), "{name}");
        }
        assert!(parse(QUERY, &FORM.replace("AUTH_EXPIRES=3600", "AUTH_EXPIRES=soon")).is_err());
    }
}
