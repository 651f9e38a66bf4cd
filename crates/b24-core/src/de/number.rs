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

/// Like [`number_or_none()`], for floats that every program reads: by the reader of JSON that is there anyway. The standard
/// library's readers and writers of floats are some 28 KiB of WebAssembly, and only programs that ask for floats have them.
pub(crate) fn float_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Unsigned(value) => serde_json::Number::from(value).as_f64(),
        Scalar::Signed(value) => serde_json::Number::from(value).as_f64(),
        Scalar::Float(value) => Some(value),
        Scalar::Text(text) => serde_json::from_str(text.trim()).ok(),
        Scalar::Null | Scalar::Bool(_) | Scalar::Compound { .. } => None,
    })
}

fn parse<T: FromStr>(scalar: &Scalar<'_>) -> Option<T> {
    match scalar {
        Scalar::Unsigned(value) => value.to_string().parse().ok(),
        Scalar::Signed(value) => value.to_string().parse().ok(),
        Scalar::Float(value) => parse_text(&plain(*value)?),
        // Rust reads "inf", "nan" and "1e400" as numbers; no portal means them.
        Scalar::Text(text) => Some(text.trim()).filter(|text| is_finite(text)).and_then(parse_text),
        Scalar::Null | Scalar::Bool(_) | Scalar::Compound { .. } => None,
    }
}

fn parse_text<T: FromStr>(text: &str) -> Option<T> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    // Money and counts may carry an empty fraction: "100.00" is a whole number.
    let (whole, fraction) = text.split_once('.')?;
    fraction.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok())?
}

/// Whether the text is a decimal number, and of less than 309 digits before its point: Rust may read more as infinity.
fn is_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let places = exponent.parse().ok().and_then(|exponent: isize| exponent.checked_add_unsigned(whole.len()));
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    has_digits && is_plain(whole) && is_plain(fraction) && places.is_some_and(|places| places < 309)
}

/// A float in plain digits: 7, and 0.00000015 for 1.5e-7. JSON has no other than finite ones.
fn plain(value: f64) -> Option<String> {
    let text = serde_json::Number::from_f64(value)?.to_string();
    let Some((digits, exponent)) = text.split_once('e') else {
        return Some(text.strip_suffix(".0").unwrap_or(&text).to_owned());
    };
    let (sign, digits) = digits.split_at(digits.len() - digits.trim_start_matches('-').len());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: isize = exponent.parse().ok()?;
    let places = exponent.unsigned_abs();
    Some(match exponent {
        ..0 => format!("{sign}0.{}{whole}{fraction}", "0".repeat(places - 1)),
        0.. => format!("{sign}{whole}{fraction}{}", "0".repeat(places.saturating_sub(fraction.len()))),
    })
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
            (json!("1.5e3"), Some(1500.0)),
            (json!(1e-9), Some(1e-9)),
            (json!(f64::MAX), Some(f64::MAX)),
        ] {
            assert_eq!(number_or_none::<_, f64>(value.clone()).unwrap(), want, "{value}");
        }
    }

    #[test]
    fn what_is_no_number_reaches_no_type() {
        for none in ["", "-", ".", "+", "e5", "1e", "1-2", "2024-01-01", "inf", "NaN", "0x1", "1e309", "1 2"] {
            assert_eq!(number_or_none::<_, String>(json!(none)).unwrap(), None, "{none}");
        }
        for some in ["7", "+7", "-7.50", ".5", "5.", "1e-400", "1.5E+307", "007"] {
            assert_eq!(number_or_none::<_, String>(json!(some)).unwrap().as_deref(), Some(some));
        }
        // A type of one's own, such as a decimal that keeps its scale, gets the digits that Rust would write.
        assert_eq!(number_or_none::<_, String>(json!(100.0)).unwrap().as_deref(), Some("100"));
    }

    #[test]
    fn a_float_becomes_plain_digits() {
        for value in
            [0.0, -0.5, 7.0, 0.1 + 0.2, 1e15, 1e16, 1.5e-7, -1.5e-7, 1.234_567_890_123_456_7e16, 1e21, f64::MAX, 5e-324]
        {
            let text = plain(value).unwrap();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert_eq!(text, value.to_string());
        }
        assert_eq!(plain(f64::NAN), None);
        assert_eq!(whole(json!(1e19)), Some(10_000_000_000_000_000_000));
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
