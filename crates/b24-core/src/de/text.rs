//! Text where something else may stand.

use serde::{Deserialize, Deserializer};

use super::scalar::Scalar;

/// Reads text, and `None` for anything else.
///
/// # Errors
/// Only when the JSON itself is broken.
pub fn text_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<str>>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => Some(text.into()),
        _ => None,
    })
}
