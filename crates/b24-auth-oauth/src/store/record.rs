//! What is stored.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use b24_core::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{StoreError, StoreErrorKind};
use crate::OAuthParams;

/// A pair of tokens as it is stored: with its number, and with a mark while somebody renews it.
///
/// The number, its generation, goes up with every new pair. The mark is written before the authorisation server is
/// asked, and goes with the new pair. One that is found although nobody is at work tells of a renewal that was cut off:
/// the authorisation server may have replaced the stored pair, and then the next renewal is refused with
/// `invalid_grant`.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    params: OAuthParams,
    generation: u64,
    renewing_since: Option<u64>,
}

impl TokenRecord {
    /// The first record of these tokens.
    ///
    /// Its number is the time of day, not 1: after an application was removed and installed again, no number comes twice,
    /// and who still works with the old tokens cannot take the new ones for them.
    #[must_use]
    pub fn new(params: OAuthParams) -> Self {
        Self { params, generation: fresh_number(), renewing_since: None }
    }

    /// The same with a number above `generation`.
    pub(crate) fn above(mut self, generation: u64) -> Self {
        self.generation = self.generation.max(generation.saturating_add(1)).min(LARGEST - 1);
        self
    }

    /// Whether it holds the same refresh token.
    pub(crate) fn is_same_pair(&self, other: &Self) -> bool {
        self.generation == other.generation
            && self.params.refresh_token().matches(other.params.refresh_token().expose())
    }

    /// The record that follows this one, with a new pair and without a mark.
    #[must_use]
    pub fn next(&self, params: OAuthParams) -> Self {
        let next = Some(self.generation + 1).filter(|next| *next < LARGEST);
        Self { params, generation: next.unwrap_or_else(fresh_number), renewing_since: None }
    }

    /// The same pair, marked as being renewed since `now`.
    #[must_use]
    pub fn renewing(&self, now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self { renewing_since: Some(since), ..self.clone() }
    }

    /// The tokens.
    #[must_use]
    pub fn params(&self) -> &OAuthParams {
        &self.params
    }

    /// Hands the tokens over.
    #[must_use]
    pub fn into_params(self) -> OAuthParams {
        self.params
    }

    /// The number of the pair: it goes up with every new one.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Since when the pair is being renewed, or was when the renewal was cut off.
    #[must_use]
    pub fn renewing_since(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(self.renewing_since?))
    }

    /// Writes it as JSON, for a store: `{"params": {…}, "generation": 3}`. It holds the tokens in the clear.
    #[must_use]
    pub fn to_json(&self) -> Secret {
        let mut object = Map::new();
        object.insert("params".into(), self.params.to_value());
        object.insert("generation".into(), self.generation.into());
        if let Some(since) = self.renewing_since {
            object.insert("renewingSince".into(), since.into());
        }
        Secret::from(Value::Object(object).to_string())
    }

    /// Reads what [`to_json`](Self::to_json) wrote. A record without a generation, written by hand, has generation 0.
    ///
    /// # Errors
    /// [`StoreErrorKind::Corrupt`] when it is no such JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, StoreError> {
        // The errors of serde name what they found: it could be a token.
        let Shape { params, generation, renewing_since } =
            serde_json::from_slice(json).map_err(|_| StoreError::new(StoreErrorKind::Corrupt))?;
        if generation >= LARGEST {
            return Err(StoreError::new(StoreErrorKind::Corrupt));
        }
        let params = OAuthParams::from_value(&params)
            .map_err(|error| StoreError::new(StoreErrorKind::Corrupt).with_source(error))?;
        Ok(Self { params, generation, renewing_since })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    params: Value,
    #[serde(default)]
    generation: u64,
    #[serde(default)]
    renewing_since: Option<u64>,
}

/// The time of day in milliseconds, and a bit of chance: two within one millisecond are told apart too.
fn fresh_number() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    (millis << 10 | fastrand::u64(0..1 << 10)) % LARGEST
}

/// Below that all who read JSON agree on a number.
const LARGEST: u64 = 1 << 53;
