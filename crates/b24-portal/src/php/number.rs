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

/// The integer a text begins with, 0 when it begins with none; what is too large stops at the largest.
///
/// Since PHP 7.1 `1e2` is 100: <https://www.php.net/manual/en/language.types.numeric-strings.php>
fn int_prefix(text: &str) -> i64 {
    let number = number_prefix(text.trim_start());
    #[allow(clippy::cast_possible_truncation, reason = "intval truncates, and `as` stops at the ends")]
    number.parse().unwrap_or_else(|_| number.parse::<f64>().map_or(0, |number| number as i64))
}

/// The number a text begins with: sign, digits, fraction, exponent.
fn number_prefix(text: &str) -> &str {
    let digits = |from: usize| text.as_bytes()[from..].iter().take_while(|digit| digit.is_ascii_digit()).count();
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = digits(sign);
    let mut end = sign + whole;
    if text[end..].starts_with('.') {
        let fraction = digits(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if end == sign {
        return "";
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    &text[..end]
}

/// The number a value is, when all of it is one (`is_numeric`).
pub(crate) fn numeric(value: &Value) -> Option<f64> {
    match value {
        #[allow(clippy::cast_precision_loss, reason = "compared with other floats only")]
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(flag) => Some(f64::from(*flag)),
        Value::Str(text) => {
            let text = text.trim();
            // `nan` and `inf` are numbers to Rust and texts to PHP.
            if number_prefix(text) == text { text.parse().ok() } else { None }
        }
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
            ("-99999999999999999999", i64::MIN),
            ("-9223372036854775808", i64::MIN),
            ("1e2", 100),
            ("-1.5E1x", -15),
            ("1e", 1),
            ("1e999", i64::MAX),
            (".5", 0),
            ("-", 0),
            (".", 0),
            ("ё", 0),
        ] {
            assert_eq!(int(&Value::text(text)), want, "{text}");
        }
        assert_eq!(int(&Value::Bool(true)), 1);
        assert_eq!(int(&Value::empty()), 0);
    }

    #[test]
    fn only_digits_make_a_number() {
        for (text, want) in [("1.5", Some(1.5)), (" -2e1 ", Some(-20.0)), ("nan", None), ("inf", None), ("1x", None)] {
            assert_eq!(numeric(&Value::from(text)), want, "{text}");
        }
        assert_eq!(numeric(&Value::from("")), None);
    }
}
