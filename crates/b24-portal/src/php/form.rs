//! `parse_str`: how PHP reads a query string or a form body into arrays.
//!
//! <https://www.php.net/manual/en/function.parse-str.php>

use std::fmt::Write as _;

use crate::value::{Array, Key, Value};

/// How many brackets a name may have: PHP's `max_input_nesting_level`.
///
/// <https://www.php.net/manual/en/info.configuration.php#ini.max-input-nesting-level>
const MAX_BRACKETS: usize = 64;

/// Reads `a[b][]=1&c=2` into nested arrays. Values are always texts; later duplicates win.
pub(crate) fn parse(input: &str) -> Array {
    let mut root = Array::new();
    for pair in input.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        assign(&mut root, &decode(name), Value::Str(decode(value).into()));
    }
    root
}

/// `urldecode`: `+` is a space, `%XX` a byte; a broken escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    unescape(text, true)
}

/// `rawurldecode`: as [`decode`], with `+` left alone; what a path segment uses.
pub(crate) fn decode_path(text: &str) -> String {
    unescape(text, false)
}

/// `urlencode`: letters, digits, `-`, `_` and `.` stay, a space is `+`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            // Writing to a String cannot fail.
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

/// `http_build_query`: brackets in names are escaped as everything else is; empty arrays and nulls leave nothing behind.
///
/// <https://www.php.net/manual/en/function.http-build-query.php>
pub(crate) fn build(fields: &Array) -> String {
    let mut out = String::new();
    for (name, value) in fields.iter() {
        put(&mut out, &encode(&name.to_text()), value);
    }
    out
}

/// Appends one variable, whose name is escaped already.
fn put(out: &mut String, name: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::Array(array) => {
            for (key, value) in array.iter() {
                put(out, &format!("{name}%5B{}%5D", encode(&key.to_text())), value);
            }
            return;
        }
        Value::Bool(flag) => if *flag { "1" } else { "0" }.into(),
        scalar => scalar.to_text().unwrap_or_default(),
    };
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    out.push_str(&encode(&text));
}

fn unescape(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = match &bytes[at..] {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match (bytes[at], escaped) {
            (_, Some((high, low))) => {
                out.push(high << 4 | low);
                at += 3;
                continue;
            }
            (b'+', None) if plus_is_space => out.push(b' '),
            (byte, None) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Puts one variable where its name says.
fn assign(root: &mut Array, name: &str, value: Value) {
    let name = name.trim_start_matches(' ');
    let Some((head, rest)) = split_head(name) else {
        return;
    };
    if brackets(rest).nth(MAX_BRACKETS).is_some() {
        // As PHP does it: what the variable held before goes as well.
        root.take(&head);
        return;
    }
    let mut place = root.slot(Key::parse(head));
    for key in brackets(rest) {
        if !matches!(place, Value::Array(_)) {
            *place = Value::empty();
        }
        // Always an array by the line above.
        let Value::Array(array) = place else { return };
        place = match key {
            "" => array.next_slot(),
            key => array.slot(Key::parse(key.to_owned())),
        };
    }
    *place = value;
}

/// The keys of `[a][b]…`, up to the first thing that is no bracket.
fn brackets(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (key, tail) = rest.strip_prefix('[')?.split_once(']')?;
        rest = tail;
        Some(key)
    })
}

/// The variable's own name, with `.` and ` ` turned into `_`, and the brackets after it.
///
/// A `[` that is never closed is an ordinary character and becomes `_` as well.
fn split_head(name: &str) -> Option<(String, &str)> {
    let open = name.find('[').filter(|open| *open > 0 && name[*open..].contains(']'));
    let (head, rest) = name.split_at(open.unwrap_or(name.len()));
    let head: String = match open {
        Some(_) => head.chars().map(|c| if matches!(c, '.' | ' ') { '_' } else { c }).collect(),
        None => {
            let mut seen_bracket = false;
            head.chars()
                .map(|c| match c {
                    '[' if !seen_bracket => {
                        seen_bracket = true;
                        '_'
                    }
                    '.' | ' ' if !seen_bracket => '_',
                    c => c,
                })
                .collect()
        }
    };
    (!head.is_empty()).then_some((head, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_encoded_comes_back_as_it_was() {
        let text = "a b&c=d[e]+%ж\u{1F600}~";
        assert_eq!(encode(text), "a+b%26c%3Dd%5Be%5D%2B%25%D0%B6%F0%9F%98%80%7E");
        assert_eq!(decode(&encode(text)), text);
    }
    use crate::value::from_slice;

    #[test]
    fn a_form_is_built_as_php_builds_it() {
        let json = r#"{"event":"A B","data":{"FIELDS":{"ID":5},"list":["x",true,false],"no":[],"nil":null}}"#;
        let Some(Value::Array(fields)) = from_slice(json.as_bytes()) else { unreachable!() };
        let want = "event=A+B&data%5BFIELDS%5D%5BID%5D=5&data%5Blist%5D%5B0%5D=x&data%5Blist%5D%5B1%5D=1\
                    &data%5Blist%5D%5B2%5D=0";
        assert_eq!(build(&fields), want);
    }

    #[test]
    fn reads_forms_as_php_does() {
        for (form, want) in [
            ("", "[]"),
            ("a=1&b=2", r#"{"a":"1","b":"2"}"#),
            ("a=1&a=2", r#"{"a":"2"}"#),
            ("a[]=1&a[]=2", r#"{"a":["1","2"]}"#),
            ("a[b][]=1", r#"{"a":{"b":["1"]}}"#),
            ("a[5]=x&a[]=y", r#"{"a":{"5":"x","6":"y"}}"#),
            ("a[1]=x", r#"{"a":{"1":"x"}}"#),
            ("filter%5B%3EID%5D=5", r#"{"filter":{">ID":"5"}}"#),
            ("a=1&a[b]=2", r#"{"a":{"b":"2"}}"#),
            ("a.b=1&c d=2", r#"{"a_b":"1","c_d":"2"}"#),
            ("a[b.c]=1", r#"{"a":{"b.c":"1"}}"#),
            ("a[b=1", r#"{"a_b":"1"}"#),
            ("a[b]c=1", r#"{"a":{"b":"1"}}"#),
            ("a=x+y%2Bz&b=%zz", r#"{"a":"x y+z","b":"%zz"}"#),
            ("=1&&a", r#"{"a":""}"#),
            ("a=b=c", r#"{"a":"b=c"}"#),
            ("0=x&1=y", r#"["x","y"]"#),
        ] {
            assert_eq!(Some(Value::from(parse(form))), from_slice(want.as_bytes()), "{form}");
        }
    }

    #[test]
    fn a_variable_deeper_than_64_brackets_is_dropped() {
        let deep = |levels: usize| format!("a=1&b{}=2", "[x]".repeat(levels));
        assert_eq!(parse(&deep(64)).len(), 2);
        for levels in [65, 10_000] {
            let parsed = parse(&deep(levels));
            assert_eq!((parsed.len(), parsed.get("a")), (1, Some(&Value::from("1"))), "{levels}");
        }
        assert!(parse(&format!("b[y]=1&{}", deep(65))).get("b").is_none(), "what it held before goes with it");
    }

    fn escape_all(text: &str) -> String {
        text.bytes().fold(String::new(), |out, byte| out + &format!("%{byte:02X}"))
    }

    proptest! {
        #[test]
        fn a_fully_escaped_tree_survives(
            keys in prop::collection::btree_map("[a-zA-Z>=@!%_]{1,6}", prop::collection::vec(".{0,8}", 1..4), 1..5),
        ) {
            let mut form = Vec::new();
            for (key, values) in &keys {
                for (index, value) in values.iter().enumerate() {
                    form.push(format!("f[{}][{index}]={}", escape_all(key), escape_all(value)));
                }
            }
            let parsed = parse(&form.join("&"));
            let got = parsed.get("f").and_then(Value::as_array).expect("an array");
            prop_assert_eq!(got.len(), keys.len());
            for (key, values) in &keys {
                let got = got.get(key).and_then(Value::as_array).expect("an array");
                prop_assert!(got.is_list());
                let got: Vec<_> = got.values().filter_map(Value::as_str).collect();
                prop_assert_eq!(&got, values);
            }
        }

        #[test]
        fn nothing_makes_the_parser_panic(form in ".{0,80}") {
            parse(&form);
        }
    }
}
