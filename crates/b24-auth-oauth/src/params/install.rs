//! Tokens from an install event.

use std::time::SystemTime;

use b24_core::Error;

use super::{
    OAuthParams,
    draft::{Age, Draft, wrong},
};

impl OAuthParams {
    /// Reads the body of an install event: a form with `event=ONAPPINSTALL` and `auth[access_token]=…` beside it. Other
    /// events that bring a refresh token (`ONAPPUPDATE`, …) have the same shape.
    ///
    /// Anybody can send such a form: [`OAuthApp::verify`](crate::OAuthApp::verify) it, and where the portal is known
    /// already, ask [`is_same_installation`](Self::is_same_installation) before you keep it.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`](b24_core::SdkCode::InvalidOAuthParams) when a field is missing or wrong. Events
    /// without a user behind them bring no tokens.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-install.html>
    pub fn from_install_event(form: &[u8], now: SystemTime) -> Result<Self, Error> {
        let fields: Vec<_> = form_urlencoded::parse(form).collect();
        if !fields.iter().any(|(name, _)| name == "event") {
            return Err(wrong("event is missing: this is no event"));
        }
        // Of several fields of one name, PHP takes the last.
        let get = |name: &str| {
            let wanted = |key: &str| key.strip_prefix("auth[")?.strip_suffix(']').filter(|key| *key == name).map(drop);
            fields.iter().rev().find(|(key, _)| wanted(key).is_some()).map(|(_, value)| value.clone().into_owned())
        };
        Self::from_fields(get, now)
    }

    /// Reads tokens that were made just now out of the fields `auth[…]` of an event or a robot's call that somebody else has
    /// decoded: `field` gives the text of `access_token`, `refresh_token`, `member_id`, `client_endpoint`, …
    ///
    /// What is said of [`from_install_event`](Self::from_install_event) holds here too: they are a stranger's word.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`](b24_core::SdkCode::InvalidOAuthParams) when a field is missing or wrong, with its
    /// name.
    pub fn from_fields(field: impl Fn(&str) -> Option<String>, now: SystemTime) -> Result<Self, Error> {
        Draft::of_wire(field).check(Age::Fresh(now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const FORM: &str = "event=ONAPPINSTALL&event_handler_id=3&data%5BVERSION%5D=1&data%5BLANGUAGE_ID%5D=en&ts=1700000000\
        &auth%5Baccess_token%5D=acc3ss&auth%5Bexpires%5D=1700003600&auth%5Bexpires_in%5D=3600&auth%5Bscope%5D=crm%2Ctask\
        &auth%5Bdomain%5D=p.bitrix24.com&auth%5Bserver_endpoint%5D=https%3A%2F%2Foauth.bitrix.info%2Frest%2F\
        &auth%5Bstatus%5D=F&auth%5Bclient_endpoint%5D=https%3A%2F%2Fp.bitrix24.com%2Frest%2F&auth%5Bmember_id%5D=m1\
        &auth%5Buser_id%5D=1&auth%5Brefresh_token%5D=r3fresh&auth%5Bapplication_token%5D=appT0ken";

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_005)
    }

    #[test]
    fn an_install_event_brings_everything() {
        let params = OAuthParams::from_install_event(FORM.as_bytes(), now()).unwrap();
        assert_eq!(params.member_id(), "m1");
        assert_eq!(params.access_token().expose(), "acc3ss");
        assert_eq!(params.refresh_token().expose(), "r3fresh");
        assert_eq!(params.application_token().unwrap().expose(), "appT0ken");
        assert_eq!(params.portal().to_string(), "https://p.bitrix24.com");
        assert_eq!(params.user_id(), Some(1));
        // From now on, by our clock.
        assert_eq!(params.expires, Some(1_700_003_605));
    }

    #[test]
    fn what_is_no_install_event_is_refused() {
        for (from, to) in [
            ("event=ONAPPINSTALL", "x=1"),
            ("auth%5Brefresh_token%5D=r3fresh", "x=1"),
            ("auth%5Bmember_id%5D=m1", "auth%5Bmember_id%5D=..%2Fm1"),
            ("auth%5Bmember_id%5D", "auth%5Bmember_id%5D%5Bx%5D"),
        ] {
            let form = FORM.replace(from, to);
            assert!(OAuthParams::from_install_event(form.as_bytes(), now()).is_err(), "{to}");
        }
        assert!(OAuthParams::from_install_event(b"", now()).is_err());
        assert!(OAuthParams::from_install_event(b"<html>", now()).is_err());
    }
}
