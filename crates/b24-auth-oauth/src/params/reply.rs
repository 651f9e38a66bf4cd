//! What the authorisation server answers with: a new pair.

use std::{fmt, time::SystemTime};

use b24_core::{Error, SdkCode, Secret};

use super::{
    OAuthParams,
    draft::{Age, Draft},
};
use crate::{
    AuthServer,
    raw::{Fields, whole},
};

/// The authorisation server's reply to a code or a refresh token. `Debug` shows nothing of it.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html>
pub struct TokenReply {
    json: Secret,
}

impl TokenReply {
    /// Reads the JSON of a reply. A renewal of your own hands it out too: it needs no more than `access_token`,
    /// `refresh_token` and `expires_in`.
    ///
    /// # Errors
    /// [`SdkCode::InvalidResponse`] of kind [`Auth`](b24_core::ErrorKind::Auth) when it is no JSON object with an
    /// `access_token`; the error holds nothing of it.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(json).map_err(|_| unusable("it is no text"))?;
        let fields = Fields::read(json).ok_or_else(|| unusable("it is no JSON object"))?;
        match fields.text("access_token").filter(|text| !text.is_empty()) {
            Some(_) => Ok(Self { json: Secret::from(text) }),
            None => Err(unusable("it has no access_token")),
        }
    }

    /// The tokens of a first reply, which has to say everything. Their life is counted from `now`.
    ///
    /// The portal is that of `client_endpoint`; `domain` is the authorisation server here.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`] when a field is missing or wrong, with its name and nothing of what is in it.
    pub fn into_params(self, now: SystemTime) -> Result<OAuthParams, Error> {
        Draft::of_wire(self.fields()).check(Age::Fresh(now))
    }

    fn fields(&self) -> impl Fn(&str) -> Option<String> {
        let fields = Fields::read(self.json.expose().as_bytes());
        move |name| fields.as_ref()?.text(name)
    }
}

impl OAuthParams {
    /// These tokens after a renewal.
    ///
    /// The old refresh token is worth nothing any more, so a reply is not thrown away for what stands beside its tokens: an
    /// address that is not fit to be used leaves the old one in its place. Another portal's tokens are refused.
    pub(crate) fn renewed(
        &self,
        reply: &TokenReply,
        now: SystemTime,
        trusts: impl Fn(&AuthServer) -> bool,
    ) -> Result<Self, Error> {
        let get = reply.fields();
        let number = |name: &str| whole(&get(name)?);
        if get("member_id").is_some_and(|id| !id.is_empty() && *id != *self.member_id) {
            let text = "the authorisation server answered with the tokens of another portal";
            return Err(Error::auth(SdkCode::InvalidResponse.as_str(), text));
        }
        let draft =
            Draft { refresh_token: get("refresh_token").filter(|text| !text.is_empty()), ..Draft::of_wire(&get) };
        let or = |new: Option<String>, old: &str| new.filter(|text| !text.is_empty()).or_else(|| Some(old.to_owned()));
        let renewed = Draft {
            member_id: Some(self.member_id.to_string()),
            refresh_token: or(draft.refresh_token, self.refresh_token.expose()),
            scope: or(draft.scope, &self.scope),
            client_endpoint: Some(format!("{}/rest/", self.portal)),
            server_endpoint: Some(format!("{}/rest/", self.server)),
            domain: Some(self.domain.to_string()),
            // What these are is looked at below: a mistake in them costs no tokens.
            expires: None,
            expires_in: None,
            user_id: None,
            ..draft
        };
        let mut renewed = renewed.check(Age::Fresh(now)).map_err(|error| unusable(error.message()))?;
        renewed.expires_in = number("expires_in").or(self.expires_in);
        renewed.expires = Age::Fresh(now).end(number("expires"), number("expires_in"));
        renewed.user_id = number("user_id").filter(|id| *id != 0).or(self.user_id);
        renewed.status = renewed.status.or_else(|| self.status.clone());
        renewed.application_token = renewed.application_token.or_else(|| self.application_token.clone());
        renewed.issuer = renewed.issuer.or_else(|| self.issuer.clone());
        renewed.take_addresses(&get, trusts);
        Ok(renewed)
    }

    fn take_addresses(&mut self, get: impl Fn(&str) -> Option<String>, trusts: impl Fn(&AuthServer) -> bool) {
        let portal = get("client_endpoint").and_then(|endpoint| super::draft::portal(&endpoint).ok());
        // From out there to this machine: no portal moves that way.
        if let Some(portal) = portal.filter(|new| !new.is_loopback() || self.portal.is_loopback()) {
            self.portal = portal;
        }
        let server = get("server_endpoint").and_then(|endpoint| endpoint.parse().ok());
        if let Some(server) = server.filter(trusts) {
            self.server = server;
        }
    }
}

fn unusable(why: &str) -> Error {
    let text = format!("the authorisation server's answer is no token reply: {why}");
    Error::auth(SdkCode::InvalidResponse.as_str(), text)
}

impl fmt::Debug for TokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenReply").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use b24_core::values::AppStatus;
    use serde_json::{Value, json};

    use super::*;

    fn reply(value: &Value) -> TokenReply {
        TokenReply::from_json(value.to_string().as_bytes()).unwrap()
    }

    fn whole() -> Value {
        json!({
            "access_token": "acc3ss", "refresh_token": "r3fresh", "expires_in": 3600, "expires": 1_700_003_600,
            "client_endpoint": "https://p.bitrix24.com/rest/", "server_endpoint": "https://oauth.bitrix24.tech/rest/",
            "domain": "oauth.bitrix.info", "member_id": "m1", "scope": "crm,task", "status": "T", "user_id": 7,
        })
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn renewed(change: &Value) -> Result<OAuthParams, Error> {
        let old = reply(&whole()).into_params(now()).unwrap();
        let mut new = json!({ "access_token": "acc3ss2", "refresh_token": "r3fresh2", "expires_in": 3600 });
        for (name, value) in change.as_object().unwrap() {
            new[name] = value.clone();
        }
        old.renewed(&reply(&new), now(), |server| server.to_string().ends_with(".bitrix.info"))
    }

    #[test]
    fn the_portal_is_that_of_client_endpoint_and_not_domain() {
        let params = reply(&whole()).into_params(now()).unwrap();
        assert_eq!(params.portal().to_string(), "https://p.bitrix24.com");
        assert_eq!(params.expires, Some(1_700_003_600));
    }

    #[test]
    fn what_a_renewal_does_not_say_stays() {
        let params = renewed(&json!({})).unwrap();
        assert_eq!((params.access_token().expose(), params.refresh_token().expose()), ("acc3ss2", "r3fresh2"));
        assert_eq!((params.user_id(), params.status(), params.member_id()), (Some(7), Some(&AppStatus::Trial), "m1"));
        assert_eq!(params.server().to_string(), "https://oauth.bitrix24.tech");
        let same = renewed(&json!({ "refresh_token": "" })).unwrap();
        assert_eq!(same.refresh_token().expose(), "r3fresh");
    }

    #[test]
    fn missing_expires_comes_from_expires_in_and_a_past_one_is_not_believed() {
        for (change, want) in [
            (json!({}), Some(1_700_003_600)),
            (json!({ "expires": 1_600_000_000 }), Some(1_700_003_600)),
            (json!({ "expires_in": null, "expires": 1_700_001_000 }), Some(1_700_001_000)),
            (json!({ "expires_in": null, "expires": 1_600_000_000 }), None),
            (json!({ "expires_in": 0, "expires": 0 }), None),
            (json!({ "expires_in": "soon", "expires": "later" }), None),
            (json!({ "expires_in": u64::MAX }), None),
            (json!({ "expires_in": 3600.0 }), Some(1_700_003_600)),
        ] {
            assert_eq!(renewed(&change).unwrap().expires, want, "{change}");
        }
    }

    #[test]
    fn an_address_that_is_not_fit_costs_no_tokens_and_is_not_taken() {
        let moved = renewed(&json!({ "client_endpoint": "https://q.bitrix24.com/rest/" })).unwrap();
        assert_eq!(moved.portal().to_string(), "https://q.bitrix24.com");
        let trusted = renewed(&json!({ "server_endpoint": "https://oauth.bitrix.info/rest/" })).unwrap();
        assert_eq!(trusted.server().to_string(), "https://oauth.bitrix.info");
        for bad in ["http://q.com/rest/", "https://q.com/evil/rest/", "http://127.0.0.1/rest/", "nonsense", ""] {
            let params = renewed(&json!({ "client_endpoint": bad })).unwrap();
            assert_eq!(params.portal().to_string(), "https://p.bitrix24.com", "{bad}");
        }
        for bad in ["http://oauth.bitrix.info/rest/", "https://evil.com/rest/", "https://oauth.bitrix.info.evil.com/"] {
            let params = renewed(&json!({ "server_endpoint": bad })).unwrap();
            assert_eq!(params.server().to_string(), "https://oauth.bitrix24.tech", "{bad}");
        }
    }

    // PostgreSQL takes no NUL, and with it would never take the pair.
    #[test]
    fn control_characters_beside_the_tokens_are_left_out() {
        assert_eq!(
            renewed(&json!({ "scope": "crm\u{0}\n,task" })).unwrap().scope().collect::<Vec<_>>(),
            ["crm", "task"]
        );
    }

    #[test]
    fn tokens_of_another_portal_and_no_tokens_are_refused() {
        assert_eq!(renewed(&json!({ "member_id": "m2" })).unwrap_err().code(), "INVALID_RESPONSE");
        assert_eq!(renewed(&json!({ "access_token": "a b" })).unwrap_err().code(), "INVALID_RESPONSE");
        for body in
            ["", "<html>S3CR3T</html>", "[]", "{}", r#"{"access_token":"","x":"S3CR3T"}"#, r#"{"access_token":{}}"#]
        {
            let error = TokenReply::from_json(body.as_bytes()).unwrap_err();
            assert_eq!((error.kind().as_str(), error.code()), ("auth", "INVALID_RESPONSE"), "{body}");
            assert!(!format!("{error:?}").contains("S3CR3T"));
        }
    }
}
