//! Moments that may be absent.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::scalar::Scalar;
use crate::DateTime;

/// Reads a moment, which is `""`, `null` or `false` where there is none. For fields that are never empty,
/// [`DateTime`] reads itself.
///
/// # Errors
/// The deserializer's error when the value is anything else but a moment with an offset: `dd.mm.yyyy`, as some fields have
/// it, does not say which moment it means.
pub fn date_time_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime>, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Null | Scalar::Bool(false) => Ok(None),
        Scalar::Text(text) if text.trim().is_empty() => Ok(None),
        Scalar::Text(text) => text.trim().parse().map(Some).map_err(D::Error::custom),
        _ => Err(D::Error::custom("expected a moment, or nothing")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_absent_moment_has_many_spellings() {
        for none in [json!(""), json!(null), json!(false)] {
            assert_eq!(date_time_or_none(none.clone()).unwrap(), None, "{none}");
        }
        let at = date_time_or_none(json!("1970-01-01T03:00:05+03:00")).unwrap().unwrap();
        assert_eq!(at.unix_seconds(), 5);
        for bad in [json!("20.08.2026"), json!(5), json!([]), json!(true)] {
            assert!(date_time_or_none(bad.clone()).is_err(), "{bad}");
        }
    }
}
