//! Numbers and ids that arrive as numbers or as text.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::scalar::Scalar;

/// Reads a number written as a number or as text: `7`, `"7"`, `7.0`, `"100.00"`; for whole types the fraction must be
/// zero.
///
/// # Errors
/// The deserializer's error when the value is neither, or does not fit the type.
pub fn number<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
    let scalar = Scalar::deserialize(deserializer)?;
    parse(&scalar).ok_or_else(|| D::Error::custom("expected a number, or text that holds one"))
}

/// Like [`number()`], but absent (`None`) for anything that holds no such number: `null`, `""`, `[]`, odd text.
///
/// # Errors
/// Only when the JSON itself is broken.
pub fn number_or_none<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(parse(&Scalar::deserialize(deserializer)?))
}

/// Reads the id of a related record, which is `0`, `"0"`, `""`, `null`, `false` or `[]` where there is none.
///
/// # Errors
/// The deserializer's error when the value is anything else but an id.
pub fn id_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let scalar = Scalar::deserialize(deserializer)?;
    match &scalar {
        Scalar::Null | Scalar::Bool(false) | Scalar::Compound { empty: true } => Ok(None),
        Scalar::Text(text) if text.trim().is_empty() => Ok(None),
        other => match parse(other) {
            Some(0) => Ok(None),
            Some(id) => Ok(Some(id)),
            None => Err(D::Error::custom("expected an id, or nothing")),
        },
    }
}

fn parse<T: FromStr>(scalar: &Scalar<'_>) -> Option<T> {
    match scalar {
        Scalar::Unsigned(value) => value.to_string().parse().ok(),
        Scalar::Signed(value) => value.to_string().parse().ok(),
        // `{}` writes 7.0 as "7", which whole types accept, and 7.5 as "7.5", which they refuse.
        Scalar::Float(value) => value.to_string().parse().ok(),
        Scalar::Text(text) => parse_text(text.trim()),
        Scalar::Null | Scalar::Bool(_) | Scalar::Compound { .. } => None,
    }
}

fn parse_text<T: FromStr>(text: &str) -> Option<T> {
    // Rust reads "inf", "nan" and "1e400" as numbers; no portal means them.
    text.parse::<f64>().ok().filter(|value| value.is_finite())?;
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    // Money and counts may carry an empty fraction: "100.00" is a whole number.
    let (whole, fraction) = text.split_once('.')?;
    fraction.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn whole(value: Value) -> Option<u64> {
        number(value).ok()
    }

    #[test]
    fn an_id_arrives_as_number_or_text() {
        for (value, want) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(" 7 "), Some(7)),
            (json!(7.0), Some(7)),
            (json!("100.00"), Some(100)),
            (json!("9007199254740993"), Some(9_007_199_254_740_993)),
            (json!(18_446_744_073_709_551_615_u64), Some(u64::MAX)),
            (json!(7.5), None),
            (json!("7.5"), None),
            (json!(-1), None),
            (json!("seven"), None),
            (json!(""), None),
            (json!(null), None),
            (json!(true), None),
            (json!([]), None),
        ] {
            assert_eq!(whole(value.clone()), want, "{value}");
        }
    }

    #[test]
    fn decimals_arrive_as_number_or_text() {
        for (value, want) in [
            (json!(0.25), Some(0.25)),
            (json!("0.25"), Some(0.25)),
            (json!(1), Some(1.0)),
            (json!("nan"), None),
            (json!("1e400"), None),
        ] {
            assert_eq!(number_or_none::<_, f64>(value.clone()).unwrap(), want, "{value}");
        }
    }

    #[test]
    fn an_empty_relation_has_many_spellings() {
        for none in [json!(0), json!("0"), json!(""), json!(null), json!(false), json!([])] {
            assert_eq!(id_or_none(none.clone()).unwrap(), None, "{none}");
        }
        assert_eq!(id_or_none(json!("15")).unwrap(), Some(15));
        assert!(id_or_none(json!("CO_5")).is_err());
        assert!(id_or_none(json!([5])).is_err());
    }
}
