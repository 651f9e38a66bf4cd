//! Making text fit to be seen: values with secret names are masked, however deep they are.
//!
//! A name is secret when it is one of a short list (`auth`, `key`, `sessid`, …) or holds `password`, `secret`,
//! `token` or the like, in any case: rather one harmless value masked than one token shown. What has no name cannot be
//! found: a password in the middle of a sentence stays there.

mod names;
mod pairs;
mod paths;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

pub use names::is_secret_name;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// JSON text with secrets masked in names, in JSON, query strings and webhook addresses inside of texts. What is no JSON
/// becomes `***` as a whole. Keys come out sorted.
#[must_use]
pub fn json(bytes: &[u8]) -> String {
    match crate::de::from_json::<Value>(bytes) {
        Ok(mut value) => {
            mask_value(&mut value, 0);
            written(&value)
        }
        Err(_) => MASK.to_owned(),
    }
}

/// Text with secrets masked where they stand as `name=value`, in the path of a webhook address, before the host of a
/// URL, after `Bearer`, or in JSON; also where all that is percent-encoded.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    text_in(text, 0)
}

/// Masks a text that was found inside of `depth` others. What hides deeper than anybody writes is masked as a whole: it
/// would only be there to keep us busy.
fn text_in(text: &str, depth: u8) -> Cow<'_, str> {
    if depth > DEEPEST {
        return Cow::Borrowed(MASK);
    }
    if text.trim_start().starts_with(['{', '[']) {
        if let Ok(mut value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            mask_value(&mut value, depth + 1);
            return Cow::Owned(written(&value));
        }
    }
    if !text.contains(['/', '=', ' ', '%', ':', '\n', '\t']) {
        return Cow::Borrowed(text);
    }
    let plain = percent_decode_str(text).decode_utf8_lossy();
    if plain != text {
        // Encoded once more inside of a value: shown decoded when there is something to hide.
        let masked = text_in(&plain, depth + 1);
        if masked != plain {
            return Cow::Owned(masked.into_owned());
        }
    }
    let masked = pairs::mask(&paths::mask(text));
    if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
}

/// Like its `Display`, by the writer that programs have anyway.
fn written(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| MASK.to_owned())
}

fn mask_value(value: &mut Value, depth: u8) {
    match value {
        Value::Object(map) => mask_object(map, depth),
        Value::Array(list) => list.iter_mut().for_each(|entry| mask_value(entry, depth)),
        Value::String(string) => {
            let masked = text_in(string, depth);
            if masked != *string {
                *string = masked.into_owned();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn mask_object(map: &mut Map<String, Value>, depth: u8) {
    // `{"name": "password", "value": ".."}`: the name of a value can be a value itself.
    let named = NAMES_OF_VALUES.iter().filter_map(|name| map.get(*name)?.as_str()).any(is_secret_name);
    for (name, inner) in map {
        let value_of_secret = named && name.eq_ignore_ascii_case("value");
        if is_secret_name(name) && !is_name_of_value(name, inner) || value_of_secret {
            *inner = MASK.into();
        } else {
            mask_value(inner, depth);
        }
    }
}

/// `{"key": "password", ..}`: here `key` holds a name and not a secret.
fn is_name_of_value(name: &str, value: &Value) -> bool {
    NAMES_OF_VALUES.contains(&name) && value.as_str().is_some_and(is_secret_name)
}

const DEEPEST: u8 = 4;
const NAMES_OF_VALUES: [&str; 6] = ["name", "NAME", "code", "CODE", "key", "KEY"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json as value;

    use super::*;

    fn shown(input: &Value) -> Value {
        serde_json::from_str(&json(input.to_string().as_bytes())).unwrap()
    }

    #[test]
    fn secret_names_are_masked_at_any_depth_and_in_lists() {
        let input =
            value!([{ "a": [{ "b": { "ACCESS_TOKEN": "x", "id": 1 } }], "auth": { "deep": [1] }, "Password": "" }]);
        let want = value!([{ "a": [{ "b": { "ACCESS_TOKEN": "***", "id": 1 } }], "auth": "***", "Password": "***" }]);
        assert_eq!(shown(&input), want);
    }

    #[test]
    fn a_value_whose_name_is_a_value_is_masked_too() {
        let input = value!([{ "name": "password", "value": "X" }, { "key": "token", "value": ["X"] }, { "name": "a", "value": 1 }]);
        let want = value!([{ "name": "password", "value": "***" }, { "key": "token", "value": "***" }, { "name": "a", "value": 1 }]);
        assert_eq!(shown(&input), want);
    }

    #[test]
    fn json_inside_of_text_is_masked() {
        let input = value!({ "data": r#"{"password":"X","id":1}"#, "list": r#"[{"token":"X"}]"#, "text": "{not json" });
        let want =
            value!({ "data": r#"{"id":1,"password":"***"}"#, "list": r#"[{"token":"***"}]"#, "text": "{not json" });
        assert_eq!(shown(&input), want);
    }

    #[test]
    fn what_is_encoded_is_masked_too() {
        for encoded in [
            "?u=https%3A%2F%2Fp%2F%3Fauth%3DXSECRET",
            "cmd=user.add%3FPASSWORD%3DXSECRET",
            "u=https%253A%252F%252Fp%252F%253Fauth%253DXSECRET",
            "https%3A%2F%2Fp%2Frest%2F1%2FXSECRET%2Fprofile",
        ] {
            assert!(!text(encoded).contains("XSECRET"), "{}", text(encoded));
        }
        assert_eq!(text("100%25 of it"), "100%25 of it");
    }

    #[test]
    fn text_inside_of_text_without_end_is_masked_as_a_whole() {
        // Each decoding takes two characters off; there were as many as the body allowed.
        let deep = format!("%{}", "25".repeat(1 << 20));
        assert_eq!(text(&deep), "***");
        assert_eq!(json(serde_json::to_string(&deep).unwrap().as_bytes()), "\"***\"");
    }

    #[test]
    fn what_is_no_json_is_masked_as_a_whole() {
        assert_eq!(json(b"token=abc"), "***");
    }

    #[test]
    fn words_beside_a_rest_path_are_survived() {
        // A portal said this once, and its second letter began in the middle of what was looked at.
        for said in
            ["Путь /rest/ не найден", "/rest/api", "/rest/é/é/é", "/rest", "/rest//", "смотри /REST/ на портале"]
        {
            let _ = text(said);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(input in "(/rest/(api/)?|//|%2F|[?&=#]|auth=|Bearer |://|@|[{\\[\"])*.{0,12}(/rest/)?.{0,4}") {
            let _ = text(&input);
            let _ = json(input.as_bytes());
        }

        #[test]
        fn a_secret_never_comes_through(
            before in "[a-z/ &?=%#\\[\\]]{0,20}",
            secret in "S3CR3T[A-Za-z0-9]{4,12}",
            quote in "[\"']?",
            join in "[?&# ;]",
        ) {
            for shape in [
                format!("{before}{join}auth={quote}{secret}{quote}&x=1"),
                format!("{before}{join}fields[PASSWORD]={secret}"),
                format!("{before} https://p/rest/1/{secret}/profile"),
                format!("{before} https://p//rest//api//1//{secret}/"),
                format!("{before} https://user:{secret}@p/"),
                format!("{before} Authorization: Bearer {secret}"),
            ] {
                let shown = text(&shape);
                prop_assert!(!shown.contains(&secret), "{shape} -> {shown}");
            }
        }
    }
}
