//! Making text fit to be seen: values with secret names are masked, however deep they are.
//!
//! A name is secret when it is one of a short list (`auth`, `key`, `sessid`, …) or holds `password`, `secret`,
//! `token` or the like, in any case: rather one harmless value masked than one token shown.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// JSON text with secrets masked in names, in query strings and in webhook addresses inside of texts. What is no JSON
/// becomes `***` as a whole. Keys come out sorted.
#[must_use]
pub fn json(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            mask_value(&mut value);
            value.to_string()
        }
        Err(_) => MASK.to_owned(),
    }
}

/// Anything serialisable as JSON text with secrets masked; see [`json`].
#[must_use]
pub fn value<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_vec(value).map_or_else(|_| MASK.to_owned(), |bytes| json(&bytes))
}

/// Text with secrets masked where they stand as `name=value` in a query string or in the path of a webhook address.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains("/rest/") || text.contains('=') { Cow::Owned(mask_pairs(&mask_hooks(text))) } else { text.into() }
}

/// Whether a value under this name is a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    SECRET_NAMES.contains(&plain.as_str()) || SECRET_PARTS.iter().any(|part| plain.contains(part))
}

fn mask_value(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                if is_secret_name(name) {
                    *inner = MASK.into();
                } else {
                    mask_value(inner);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask_value),
        Value::String(string) => {
            if let Cow::Owned(masked) = text(string) {
                *string = masked;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks the segment after `/rest/<id>/` and `/rest/api/<id>/`: a webhook's secret stands there.
fn mask_hooks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("/rest/") {
        let (before, found) = rest.split_at(at + "/rest/".len());
        out.push_str(before);
        rest = found;
        for prefix in ["api/", ""] {
            let id = &rest[prefix.len().min(rest.len())..];
            let digits = id.bytes().take_while(u8::is_ascii_digit).count();
            if !rest.starts_with(prefix) || digits == 0 || !id[digits..].starts_with('/') {
                continue;
            }
            let secret_at = prefix.len() + digits + 1;
            let secret = rest[secret_at..].find(END_OF_SEGMENT).unwrap_or(rest.len() - secret_at);
            out.push_str(&rest[..secret_at]);
            out.push_str(if secret > 0 { MASK } else { "" });
            rest = &rest[secret_at + secret..];
            break;
        }
    }
    out.push_str(rest);
    out
}

/// Masks the value of `name=value` after the start, `?`, `&` or white space, also where the name is written
/// `fields[PASSWORD]` or `fields%5BPASSWORD%5D`.
fn mask_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(START_OF_PAIR) {
        let masked = piece.split_once('=').filter(|(name, _)| has_secret_part(name)).map(|(name, value)| {
            let end = value.find(END_OF_VALUE).unwrap_or(value.len());
            (name, &value[end..])
        });
        match masked {
            Some((name, after)) => out.extend([name, "=", MASK, after]),
            None => out.push_str(piece),
        }
    }
    out
}

fn has_secret_part(name: &str) -> bool {
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    decoded.split(['[', ']']).any(is_secret_name)
}

const SECRET_NAMES: &[&str] = &[
    "apikey",
    "auth",
    "authid",
    "authorization",
    "bearer",
    "cookie",
    "key",
    "privatekey",
    "pwd",
    "refreshid",
    "sessid",
    "sign",
    "signature",
];
const SECRET_PARTS: &[&str] = &["credential", "passphrase", "passw", "secret", "token"];
const END_OF_SEGMENT: [char; 10] = ['/', '?', '#', '"', '\'', '<', '>', ' ', '\n', ')'];
const START_OF_PAIR: [char; 8] = ['?', '&', ' ', '\n', '\t', ';', ',', '"'];
const END_OF_VALUE: [char; 10] = ['&', '#', ';', ' ', '\n', '\t', '"', '\'', '<', ','];

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
    fn names_are_compared_without_case_and_separators() {
        for name in ["auth", "AUTH_ID", "refreshToken", "client-secret", "USER_PASSWORD", "sessid", "Signature", "key"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["id", "title", "author", "authorId", "keyword", "STAGE_ID", "monkey", ""] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_in_query_strings_are_masked() {
        for (input, want) in [
            ("https://p/x?auth=abc&id=1", "https://p/x?auth=***&id=1"),
            ("user.add?fields%5BPASSWORD%5D=abc&b=1#f", "user.add?fields%5BPASSWORD%5D=***&b=1#f"),
            ("a?fields[more][token]=abc", "a?fields[more][token]=***"),
            ("token=abc;x", "token=***;x"),
            ("see access_token=abc now", "see access_token=*** now"),
            ("1 = 1", "1 = 1"),
        ] {
            assert_eq!(text(input), want);
        }
    }

    #[test]
    fn the_secret_in_a_webhook_address_is_masked() {
        for (input, want) in [
            ("upstream /rest/1/abc/crm.deal.get failed", "upstream /rest/1/***/crm.deal.get failed"),
            ("https://p/rest/api/12/abc", "https://p/rest/api/12/***"),
            ("<a href=\"https://p/rest/1/abc\">", "<a href=\"https://p/rest/1/***\">"),
            ("/rest/1/abc/x and /rest/2/def/y", "/rest/1/***/x and /rest/2/***/y"),
            ("https://p/rest/crm.deal.get", "https://p/rest/crm.deal.get"),
            ("/rest/", "/rest/"),
        ] {
            assert_eq!(text(input), want);
        }
    }

    #[test]
    fn what_is_no_json_is_masked_as_a_whole() {
        assert_eq!(json(b"token=abc"), "***");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(input in ".*") {
            let _ = text(&input);
            let _ = json(input.as_bytes());
        }

        #[test]
        fn a_secret_never_comes_through(before in "[a-z/ &?=%\\[\\]]{0,20}", secret in "S3CR3T[A-Za-z0-9]{4,12}") {
            let shown = text(&format!("{before}?auth={secret}&x=1")).into_owned();
            prop_assert!(!shown.contains(&secret));
            let shown = text(&format!("{before} https://p/rest/1/{secret}/profile")).into_owned();
            prop_assert!(!shown.contains(&secret));
        }
    }
}
