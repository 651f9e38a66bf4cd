//! Booleans in all their spellings.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::scalar::Scalar;

/// Reads `true`, `Y`, `"1"`, `1`, `"true"` as true and `false`, `N`, `"0"`, `0`, `"false"`, `""`, `null` as false.
///
/// # Errors
/// The deserializer's error for anything else.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let scalar = Scalar::deserialize(deserializer)?;
    read(&scalar).map(|known| known.unwrap_or(false)).map_err(D::Error::custom)
}

/// Like [`flag()`], but `""` and `null` are `None`: not said.
///
/// # Errors
/// The deserializer's error for anything that is no flag.
pub fn flag_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    read(&Scalar::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn read(scalar: &Scalar<'_>) -> Result<Option<bool>, &'static str> {
    match scalar {
        Scalar::Null => Ok(None),
        Scalar::Bool(value) => Ok(Some(*value)),
        Scalar::Unsigned(0) => Ok(Some(false)),
        Scalar::Unsigned(1) => Ok(Some(true)),
        Scalar::Text(text) => match text.trim() {
            "" => Ok(None),
            "Y" | "y" | "1" | "true" | "TRUE" | "True" => Ok(Some(true)),
            "N" | "n" | "0" | "false" | "FALSE" | "False" => Ok(Some(false)),
            _ => Err(EXPECTED),
        },
        _ => Err(EXPECTED),
    }
}

const EXPECTED: &str = "expected a flag: Y, N, 1, 0, true or false";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flags_have_many_spellings() {
        for yes in [json!("Y"), json!("1"), json!(1), json!(true), json!("true"), json!("y")] {
            assert!(flag(yes.clone()).unwrap(), "{yes}");
        }
        for no in [json!("N"), json!("0"), json!(0), json!(false), json!("false"), json!(""), json!(null)] {
            assert!(!flag(no.clone()).unwrap(), "{no}");
        }
        for bad in [json!("maybe"), json!(2), json!([]), json!({})] {
            assert!(flag(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn not_said_is_not_no() {
        assert_eq!(flag_or_none(json!("")).unwrap(), None);
        assert_eq!(flag_or_none(json!(null)).unwrap(), None);
        assert_eq!(flag_or_none(json!("N")).unwrap(), Some(false));
    }
}
