//! Tokens as stored JSON, with the names of the official SDK.

use b24_core::{Error, Secret};
use serde_json::{Map, Value};

use super::{
    OAuthParams,
    draft::{Age, Draft, wrong},
};

impl OAuthParams {
    /// Reads stored JSON: an object with the official SDK's names, `accessToken`, `refreshToken`, `memberId`,
    /// `clientEndpoint` and so on. Numbers may be texts.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`](b24_core::SdkCode::InvalidOAuthParams), with the name of the field and nothing of
    /// what is in it.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        // The errors of serde name what they found: it could be a token.
        let value = serde_json::from_slice(json).map_err(|_| wrong("the stored tokens are no JSON"))?;
        Self::from_value(&value)
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self, Error> {
        let object = value.as_object().ok_or_else(|| wrong("the stored tokens are no JSON object"))?;
        Draft::of_storage(|name| text(object.get(name)?)).check(Age::Stored)
    }

    /// Writes it as JSON. It holds the tokens in the clear.
    #[must_use]
    pub fn to_json(&self) -> Secret {
        Secret::from(self.to_value().to_string())
    }

    pub(crate) fn to_value(&self) -> Value {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                object.insert(name.into(), value);
            }
        };
        put("applicationToken", self.application_token.as_ref().map(Secret::expose).into());
        put("userId", self.user_id.into());
        put("memberId", (*self.member_id).into());
        put("accessToken", self.access_token.expose().into());
        put("refreshToken", self.refresh_token.expose().into());
        put("expires", self.expires.into());
        put("expiresIn", self.expires_in.into());
        put("scope", (*self.scope).into());
        put("domain", (*self.domain).into());
        put("clientEndpoint", format!("{}/rest/", self.portal).into());
        put("serverEndpoint", format!("{}/rest/", self.server).into());
        put("status", self.status.as_ref().map(ToString::to_string).into());
        put("issuer", self.issuer.as_deref().into());
        Value::Object(object)
    }
}

/// Text, or a number as its digits; anything else is not there.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    fn stored() -> Value {
        json!({
            "applicationToken": "appT0ken", "userId": 7, "memberId": "m1", "accessToken": "acc3ss",
            "refreshToken": "r3fresh", "expires": 1_800_000_000, "expiresIn": 3600, "scope": "crm,task",
            "domain": "p.bitrix24.com", "clientEndpoint": "https://p.bitrix24.com/rest/",
            "serverEndpoint": "https://oauth.bitrix24.tech/rest/", "status": "L", "issuer": "store",
        })
    }

    fn changed(name: &str, to: Value) -> Result<OAuthParams, Error> {
        let mut value = stored();
        value[name] = to;
        OAuthParams::from_value(&value)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let params = OAuthParams::from_json(stored().to_string().as_bytes()).unwrap();
        assert_eq!(params.to_value(), stored());
        assert_eq!(params.portal().to_string(), "https://p.bitrix24.com");
        assert_eq!(params.scope().collect::<Vec<_>>(), ["crm", "task"]);
        assert_eq!(params.expires(), Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)));
    }

    #[test]
    fn numbers_may_be_texts_and_much_may_be_missing() {
        let least = json!({
            "memberId": "m1", "accessToken": "a", "refreshToken": "r", "expires": "1800000000",
            "clientEndpoint": "https://p.bitrix24.com/rest",
        });
        let params = OAuthParams::from_value(&least).unwrap();
        assert_eq!(params.expires, Some(1_800_000_000));
        assert_eq!(params.server().to_string(), "https://oauth.bitrix.info");
        assert_eq!((params.user_id(), params.expires_in()), (None, None));
    }

    #[test]
    fn an_error_names_the_field_and_nothing_that_is_in_it() {
        for (name, value) in [
            ("memberId", json!("S3CR3T/..")),
            ("memberId", Value::Null),
            ("accessToken", json!("S3CR3T \n")),
            ("accessToken", json!(["S3CR3T"])),
            ("refreshToken", json!("")),
            ("expires", json!("S3CR3T")),
            ("expires", json!(-1)),
            ("clientEndpoint", json!("http://S3CR3T.com/rest/")),
            ("clientEndpoint", json!("https://p.com/S3CR3T/rest/")),
            ("clientEndpoint", json!("https://u:S3CR3T@p.com/rest/")),
            ("serverEndpoint", json!("http://S3CR3T.info/rest/")),
            ("serverEndpoint", json!("https://oauth.bitrix.info/?S3CR3T")),
        ] {
            let error = changed(name, value.clone()).unwrap_err();
            assert_eq!(error.code(), "INVALID_OAUTH_PARAMS", "{name} {value}");
            assert!(!format!("{error:?} {error}").contains("S3CR3T"), "{error:?}");
        }
        assert!(OAuthParams::from_json(b"S3CR3T").is_err());
    }

    #[test]
    fn a_token_is_due_a_minute_before_its_end_or_a_tenth_of_its_life() {
        let due = |expires: u64, life: Value, now: u64| {
            let mut value = stored();
            value["expires"] = expires.into();
            value["expiresIn"] = life;
            OAuthParams::from_value(&value).unwrap().is_due(UNIX_EPOCH + Duration::from_secs(now))
        };
        for (life, now, want) in [
            (json!(3600), 939, false),
            (json!(3600), 940, true),
            (json!(3600), 2000, true),
            (json!(100), 989, false),
            (json!(100), 990, true),
            (Value::Null, 939, false),
            (Value::Null, 940, true),
        ] {
            assert_eq!(due(1000, life.clone(), now), want, "{life} {now}");
        }
        // Nobody has said when it ends: used until it is refused.
        assert!(!changed("expires", Value::Null).unwrap().is_due(UNIX_EPOCH + Duration::from_secs(u64::MAX >> 4)));
    }
}
