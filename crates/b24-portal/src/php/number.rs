//! PHP's `intval` and numeric strings.

use crate::value::Value;

/// PHP's `intval($value)`.
pub(crate) fn int(value: &Value) -> i64 {
    match value {
        Value::Null => 0,
        Value::Bool(flag) => i64::from(*flag),
        Value::Int(number) => *number,
        #[allow(clippy::cast_possible_truncation, reason = "intval truncates")]
        Value::Float(number) => *number as i64,
        Value::Str(text) => int_prefix(text),
        Value::Array(array) => i64::from(!array.is_empty()),
    }
}

/// The integer a text begins with, 0 when it begins with none.
fn int_prefix(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    match &digits[..end] {
        "" => 0,
        digits => digits.parse::<i64>().map_or(i64::MAX, |number| sign * number),
    }
}

/// The number a value is, when all of it is one (`is_numeric`).
pub(crate) fn numeric(value: &Value) -> Option<f64> {
    match value {
        #[allow(clippy::cast_precision_loss, reason = "compared with other floats only")]
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(flag) => Some(f64::from(*flag)),
        Value::Str(text) => text.trim().parse().ok(),
        Value::Null | Value::Array(_) => None,
    }
}

/// The integer a value is, when all of it is one: what a strict v3 field asks for.
pub(crate) fn strict_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intval_reads_the_number_a_text_begins_with() {
        for (text, want) in [
            ("50", 50),
            ("  7 rows", 7),
            ("-1", -1),
            ("1.9", 1),
            ("abc", 0),
            ("", 0),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(int(&Value::text(text)), want, "{text}");
        }
        assert_eq!(int(&Value::Bool(true)), 1);
        assert_eq!(int(&Value::empty()), 0);
    }
}
