//! What PHP makes of forms.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(body: &str) -> Value {
    Value::Object(parse(body.as_bytes()).unwrap())
}

#[test]
fn forms_are_read_as_php_reads_them() {
    for (body, want) in [
        ("", json!({})),
        ("&&=&=x", json!({})),
        ("a", json!({"a": ""})),
        ("a=1&a=2", json!({"a": "2"})),
        ("a=b=c", json!({"a": "b=c"})),
        ("a[b][c]=1&a[b][d]=2", json!({"a": {"b": {"c": "1", "d": "2"}}})),
        ("a[]=x&a[]=y", json!({"a": ["x", "y"]})),
        ("a[ ]=x&a[]=y", json!({"a": ["x", "y"]})),
        ("a[][]=x&a[][]=y", json!({"a": [["x"], ["y"]]})),
        ("a[][b]=x&a[][b]=y", json!({"a": [{"b": "x"}, {"b": "y"}]})),
        ("a[0]=x&a[1]=y", json!({"a": ["x", "y"]})),
        ("a[1]=y&a[0]=x", json!({"a": {"0": "x", "1": "y"}})),
        ("a[0]=x&a[0]=y", json!({"a": ["y"]})),
        ("a[0]=x&a[2]=y", json!({"a": {"0": "x", "2": "y"}})),
        ("a[00]=x", json!({"a": {"00": "x"}})),
        ("a[5]=x&a[]=y", json!({"a": {"5": "x", "6": "y"}})),
        ("a[5]=x&a[2]=y&a[]=z", json!({"a": {"2": "y", "5": "x", "6": "z"}})),
        ("a[-5]=x&a[]=y", json!({"a": {"-5": "x", "0": "y"}})),
        ("a[9223372036854775807]=x&a[]=y", json!({"a": {"9223372036854775807": "x"}})),
        ("a[9223372036854775808]=x&a[]=y", json!({"a": {"9223372036854775808": "x", "0": "y"}})),
        // A value gives way to an array, and the other way round.
        ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
        ("a[b]=1&a=2", json!({"a": "2"})),
        // Spaces and dots of the variable; not those of its keys.
        ("+a.b+c[d.e+f]=1", json!({"a_b_c": {"d.e f": "1"}})),
        ("a[b=1", json!({"a_b": "1"})),
        ("a[[b=1", json!({"a_[b": "1"})),
        ("a[b[c]=1", json!({"a": {"b[c": "1"}})),
        ("a[b][c=1", json!({"a": {"b": "1"}})),
        ("a[b]c[d]=1", json!({"a": {"b": "1"}})),
        ("a]=1", json!({"a]": "1"})),
        ("[a]=1&[]=2", json!({})),
        ("a%00b=1", json!({"a": "1"})),
        // Escapes, of names too.
        ("a%5Bb%5D=%D0%B6+%2B", json!({"a": {"b": "ж +"}})),
        ("a=%zz%4&b=100%", json!({"a": "%zz%4", "b": "100%"})),
        ("%25=%FF", json!({"%": "\u{fffd}"})),
    ] {
        assert_eq!(read(body), want, "{body}");
    }
}

#[test]
fn a_form_that_is_named_by_numbers_is_an_object() {
    assert_eq!(read("0=a&1=b"), json!({"0": "a", "1": "b"}));
}

#[test]
fn the_limits_are_kept_to_the_field() {
    let deep = |brackets: usize| format!("a{}=1", "[x]".repeat(brackets));
    assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(parse(deep(MAX_DEPTH + 1).as_bytes()), Err(FormError::TooDeep));
    for name in ["[]", "[", "[a]", "[[]"] {
        let body = format!("a{}=1", name.repeat(10_000));
        let read = parse(body.as_bytes());
        assert!(name == "[" && read.is_ok() || read == Err(FormError::TooDeep), "{name}");
    }

    let many = |fields: usize| "a[]=1&".repeat(fields);
    assert_eq!(parse(many(MAX_FIELDS).as_bytes()).unwrap()["a"].as_array().unwrap().len(), MAX_FIELDS);
    assert_eq!(parse(many(MAX_FIELDS + 1).as_bytes()), Err(FormError::TooMany));

    let arrays = |fields: usize| "a[][]=1&".repeat(fields);
    assert!(parse(arrays(MAX_ARRAYS - 1).as_bytes()).is_ok());
    assert_eq!(parse(arrays(MAX_ARRAYS).as_bytes()), Err(FormError::TooMany));
    assert!(parse("&".repeat(1_000_000).as_bytes()).is_ok(), "nothing is no field");
}

/// `http_build_query`: how PHP, and so a portal, writes a form.
fn write(value: &Value) -> String {
    fn step(name: &str, value: &Value, out: &mut String) {
        let below = |key: &str| if name.is_empty() { escape(key) } else { format!("{name}%5B{}%5D", escape(key)) };
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| step(&below(key), value, out)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(index, value)| step(&below(&index.to_string()), value, out));
            }
            text => write!(out, "{name}={}&", escape(text.as_str().unwrap())).unwrap(),
        }
    }
    let mut out = String::new();
    step("", value, &mut out);
    out
}

fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string().replace("%20", "+")
}

/// Trees whose empty arrays are left out, as `http_build_query` does, and whose keys are no numbers.
fn tree() -> impl Strategy<Value = Value> {
    let key = "[a-z._ ж&=+%\\[]{1,6}x";
    let leaf = any::<String>().prop_map(Value::String);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..6).prop_map(Value::Array),
            prop::collection::btree_map(key, inner, 1..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_php_writes_is_read_back(data in tree(), name in "[A-Za-z_]{1,8}") {
        let whole = json!({ name: data });
        prop_assert_eq!(read(&write(&whole)), whole);
    }

    #[test]
    fn any_bytes_end_in_a_value_or_an_error(body: Vec<u8>) {
        let _ = parse(&body);
    }

    #[test]
    fn any_brackets_end_in_a_value_that_is_not_deep(body in r"([ab0. ]?(\[|\]|\[\]|\[[ab0]\]|%5[bBdD]|&|=|%00|\+)){0,80}") {
        if let Ok(form) = parse(body.as_bytes()) {
            prop_assert!(depth(&Value::Object(form)) <= MAX_DEPTH + 2);
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}
