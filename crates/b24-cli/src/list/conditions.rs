//! `--where`: from text to the filter of either generation.

use b24::filter::{Scalar, v2, v3};
use serde_json::Value;

/// `FIELD OPERATOR VALUE`.
#[derive(Debug, PartialEq)]
pub(super) struct Condition<'a> {
    field: &'a str,
    operator: Operator,
    value: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Contains,
    In,
}

/// Longer ones first: `>=` begins with `>`.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::Ne),
    (">=", Operator::Ge),
    ("<=", Operator::Le),
    (">", Operator::Gt),
    ("<", Operator::Lt),
    ("~", Operator::Contains),
    ("=", Operator::Eq),
];

impl<'a> Condition<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        let end = text.find(|letter: char| letter.is_whitespace() || "!=<>~".contains(letter)).unwrap_or(text.len());
        let (field, rest) = text.split_at(end);
        let symbol = OPERATORS.iter().find_map(|(sign, operator)| {
            let value = rest.trim_start().strip_prefix(sign)?;
            Some((*operator, value))
        });
        let word = || rest.trim_start().strip_prefix("in").filter(|value| value.starts_with(char::is_whitespace));
        match symbol.or_else(|| word().map(|value| (Operator::In, value))) {
            Some((operator, value)) if !field.is_empty() => Ok(Self { field, operator, value: value.trim_start() }),
            _ => Err("a condition is FIELD, one of = != > >= < <= ~ in, and VALUE".to_owned()),
        }
    }

    pub(super) fn v2(&self) -> Result<v2::Condition, String> {
        let Self { field, operator, value } = *self;
        Ok(match operator {
            Operator::Eq => v2::eq(field, scalar(value)?),
            Operator::Ne => v2::ne(field, scalar(value)?),
            Operator::Gt => v2::gt(field, scalar(value)?),
            Operator::Ge => v2::ge(field, scalar(value)?),
            Operator::Lt => v2::lt(field, scalar(value)?),
            Operator::Le => v2::le(field, scalar(value)?),
            Operator::Contains => v2::contains(field, unquoted(value)),
            Operator::In => v2::in_(field, scalars(value)?),
        })
    }

    pub(super) fn v3(&self) -> Result<v3::Condition, String> {
        let Self { field, operator, value } = *self;
        Ok(match operator {
            Operator::Eq => v3::eq(field, scalar(value)?),
            Operator::Ne => v3::ne(field, scalar(value)?),
            Operator::Gt => v3::gt(field, scalar(value)?),
            Operator::Ge => v3::ge(field, scalar(value)?),
            Operator::Lt => v3::lt(field, scalar(value)?),
            Operator::Le => v3::le(field, scalar(value)?),
            Operator::Contains => return Err("v3 has no operator for a part of a text".to_owned()),
            Operator::In => v3::in_(field, scalars(value)?),
        })
    }
}

/// JSON is sent as such, anything else as text; as `-p` does.
fn scalar(text: &str) -> Result<Scalar, String> {
    match serde_json::from_str(text) {
        Ok(value) => json_scalar(value, text),
        Err(_) => Ok(text.into()),
    }
}

/// `text`: how the value was written, where that is known.
fn json_scalar(value: Value, text: &str) -> Result<Scalar, String> {
    Ok(match value {
        Value::Null => Scalar::null(),
        Value::Bool(value) => value.into(),
        Value::String(text) => text.into(),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => number.into(),
            (_, Some(number), _) => number.into(),
            // Digits that a float cannot hold are kept as text, which portals read as a number.
            (_, _, Some(number)) if text.bytes().filter(u8::is_ascii_digit).count() <= 15 => number.into(),
            _ => text.into(),
        },
        Value::Array(_) | Value::Object(_) => {
            return Err("the value is a list or an object: one of several is `FIELD in A,B`".to_owned());
        }
    })
}

/// `A,B`, or a JSON list for values with commas in them.
fn scalars(text: &str) -> Result<Vec<Scalar>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Array(values)) => {
            values.into_iter().map(|value| json_scalar(value.clone(), &value.to_string())).collect()
        }
        _ if text.trim().is_empty() => Ok(Vec::new()),
        _ => text.split(',').map(|part| scalar(part.trim())).collect(),
    }
}

fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2_json(text: &str) -> Result<String, String> {
        let filter = v2::Filter::new([Condition::parse(text)?.v2()?]).map_err(|error| error.to_string())?;
        Ok(serde_json::to_string(&filter).unwrap())
    }

    fn v3_json(text: &str) -> Result<String, String> {
        let filter = v3::Filter::new([Condition::parse(text)?.v3()?]).map_err(|error| error.to_string())?;
        Ok(serde_json::to_string(&filter).unwrap())
    }

    #[test]
    fn each_generation_has_its_own_form() {
        for (text, two, three) in [
            ("ID=5", r#"{"ID":5}"#, r#"[["ID","=",5]]"#),
            ("ID = 5", r#"{"ID":5}"#, r#"[["ID","=",5]]"#),
            ("ID!=5", r#"{"!ID":5}"#, r#"[["ID","!=",5]]"#),
            ("ID>5", r#"{">ID":5}"#, r#"[["ID",">",5]]"#),
            ("ID >= -5", r#"{">=ID":-5}"#, r#"[["ID",">=",-5]]"#),
            ("ID<5.5", r#"{"<ID":5.5}"#, r#"[["ID","<",5.5]]"#),
            ("D<=2026-01-01", r#"{"<=D":"2026-01-01"}"#, r#"[["D","<=","2026-01-01"]]"#),
            ("S in NEW, WON", r#"{"@S":["NEW","WON"]}"#, r#"[["S","in",["NEW","WON"]]]"#),
            ("S in 1", r#"{"@S":[1]}"#, r#"[["S","in",[1]]]"#),
            (r#"S in ["a,b",7]"#, r#"{"@S":["a,b",7]}"#, r#"[["S","in",["a,b",7]]]"#),
            ("T=a, b = c", r#"{"T":"a, b = c"}"#, r#"[["T","=","a, b = c"]]"#),
            ("T=", r#"{"T":""}"#, r#"[["T","=",""]]"#),
            (r#"T="5""#, r#"{"T":"5"}"#, r#"[["T","=","5"]]"#),
            ("T=null", r#"{"T":null}"#, r#"[["T","=",null]]"#),
            ("T=true", r#"{"T":true}"#, r#"[["T","=",true]]"#),
            ("T=+7900", r#"{"T":"+7900"}"#, r#"[["T","=","+7900"]]"#),
            (
                "N=12345678901234567890123",
                r#"{"N":"12345678901234567890123"}"#,
                r#"[["N","=","12345678901234567890123"]]"#,
            ),
            ("in in 1,2", r#"{"@in":[1,2]}"#, r#"[["in","in",[1,2]]]"#),
        ] {
            assert_eq!((v2_json(text), v3_json(text)), (Ok(two.to_owned()), Ok(three.to_owned())), "{text}");
        }
        assert_eq!(v2_json("T~Acme Ltd").unwrap(), r#"{"%T":"Acme Ltd"}"#);
        assert_eq!(v2_json(r#"T ~ "5""#).unwrap(), r#"{"%T":"5"}"#);
        assert!(v3_json("T~x").unwrap_err().contains("part of a text"));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in
            ["", "ID", "=5", "ID 5", "ID inside", "ID in", "ID in ", "ID=[1,2]", "ID={}", "T~", "ID>null", ">=ID=5"]
        {
            assert!(v2_json(text).is_err(), "{text}: {:?}", v2_json(text));
        }
    }
}
