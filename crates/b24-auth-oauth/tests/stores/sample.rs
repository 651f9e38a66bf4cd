//! Tokens to store.

use b24_auth_oauth::{TokenKey, TokenRecord};
use serde_json::{Value, json};

/// The portal of all samples.
pub(crate) fn key() -> TokenKey {
    TokenKey::new("m1").unwrap()
}

/// A first record with this access token, as JSON.
pub(crate) fn named(token: &str) -> Value {
    json!({"params": {
        "memberId": "m1", "accessToken": token, "refreshToken": format!("refresh-of-{token}"),
        "expires": 1_800_000_000, "expiresIn": 3600, "scope": "crm,task",
        "clientEndpoint": "https://p.bitrix24.com/rest/",
    }, "generation": 1})
}

/// A first record with this access token.
pub(crate) fn record(token: &str) -> TokenRecord {
    TokenRecord::from_json(named(token).to_string().as_bytes()).unwrap()
}
