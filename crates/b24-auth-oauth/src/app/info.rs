//! Whose token it is, by the authorisation server's word.

use b24_core::{Error, PortalAddress, SdkCode, values::AppStatus};
use serde_json::Value;

use crate::params::{portal, text};

/// What the authorisation server says of an access token: its `app.info`. It can be trusted, unlike what came through a
/// browser.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/simple-way.html>
#[derive(Clone, Debug)]
pub struct AppInfo {
    client_id: Box<str>,
    user_id: Option<u64>,
    scope: Box<str>,
    installed: bool,
    version: Option<u64>,
    status: Option<AppStatus>,
    member_id: Option<Box<str>>,
    portal: Option<PortalAddress>,
}

impl AppInfo {
    /// Reads `{"result": {"client_id": …, "scope": …, "install": {…}}}`.
    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        let unusable =
            || Error::auth(SdkCode::InvalidResponse.as_str(), "the authorisation server's answer is no app.info");
        let body: Value = serde_json::from_slice(body).map_err(|_| unusable())?;
        let result = body.get("result").ok_or_else(unusable)?;
        let get = |value: &Value, name: &str| value.get(name).and_then(text).filter(|text| !text.is_empty());
        // Empty, it is a list: PHP has no other word for it.
        let install = result.get("install").unwrap_or(&Value::Null);
        let flag = |value: &Value| {
            matches!(value, Value::Bool(true)) || text(value).is_some_and(|text| text == "Y" || text == "1")
        };
        Ok(Self {
            client_id: get(result, "client_id").ok_or_else(unusable)?.into(),
            user_id: get(result, "user_id").and_then(|id| id.parse().ok()),
            scope: get(result, "scope").unwrap_or_default().into(),
            installed: install.get("installed").is_some_and(flag),
            version: get(install, "version").and_then(|version| version.parse().ok()),
            status: get(install, "status").map(|letter| AppStatus::from(letter.as_str())),
            member_id: get(install, "member_id").map(Into::into),
            portal: get(install, "client_endpoint").and_then(|endpoint| portal(&endpoint).ok()),
        })
    }

    /// The application the token was made for.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The user the token was made for, where that is told.
    #[must_use]
    pub fn user_id(&self) -> Option<u64> {
        self.user_id
    }

    /// What the token may do: `crm`, `task`, …
    pub fn scope(&self) -> impl Iterator<Item = &str> {
        self.scope.split([',', ' ']).filter(|part| !part.is_empty())
    }

    /// Whether the application's installation is complete.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.installed
    }

    /// The version that is installed.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// How it is installed, and whether it is paid for, where that is told.
    #[must_use]
    pub fn status(&self) -> Option<&AppStatus> {
        self.status.as_ref()
    }

    /// The portal it is installed on, where that is told.
    #[must_use]
    pub fn member_id(&self) -> Option<&str> {
        self.member_id.as_deref()
    }

    /// The address of that portal, where that is told.
    #[must_use]
    pub fn portal(&self) -> Option<&PortalAddress> {
        self.portal.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_read_in_both_of_its_spellings() {
        let whole = br#"{"result":{"client_id":"app.1","scope":"crm,task","expires":"2026-11-23T10:00:00+00:00","user_id":7,
            "install":{"installed":true,"version":"2","status":"P","member_id":"m1","client_endpoint":"https://p.com/rest/"}}}"#;
        let info = AppInfo::read(whole).unwrap();
        assert_eq!((info.client_id(), info.user_id(), info.version()), ("app.1", Some(7), Some(2)));
        assert_eq!((info.is_installed(), info.status(), info.member_id()), (true, Some(&AppStatus::Paid), Some("m1")));
        assert_eq!(info.portal().unwrap().to_string(), "https://p.com");
        let least = AppInfo::read(br#"{"result":{"client_id":"app.1","install":[]}}"#).unwrap();
        assert!(!least.is_installed() && least.member_id().is_none());
        for bad in [&b"{}"[..], b"[]", b"", br#"{"result":true}"#, br#"{"result":{"client_id":""}}"#] {
            assert_eq!(AppInfo::read(bad).unwrap_err().code(), "INVALID_RESPONSE");
        }
    }
}
