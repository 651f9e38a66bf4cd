//! Secrets that stand beside their name in a text: `name=value`, `Bearer value`, `://user:value@`.

use super::{MASK, is_secret_name};

/// Masks all of them.
pub(super) fn mask(text: &str) -> String {
    mask_userinfo(&mask_schemes(&mask_pairs(text)))
}

/// Masks the value of `name=value`, also where the name is written `fields[PASSWORD]`. A quoted value goes to its closing
/// quote, another one to the next separator.
fn mask_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, value) = (&rest[..at], &rest[at + 1..]);
        out.push_str(before);
        out.push('=');
        rest = value;
        let name = before.rsplit(BEFORE_A_NAME).next().unwrap_or(before);
        if name.split(['[', ']']).any(is_secret_name) {
            let end = end_of_value(value);
            if end > 0 {
                out.push_str(MASK);
            }
            rest = &value[end..];
        }
    }
    out.push_str(rest);
    out
}

fn end_of_value(value: &str) -> usize {
    let blank = value.len() - value.trim_start_matches(' ').len();
    let inner = &value[blank..];
    let end = match inner.chars().next() {
        Some(quote @ ('"' | '\'')) => inner[1..].find(quote).map_or(inner.len(), |at| at + 2),
        _ => inner.find(AFTER_A_VALUE).unwrap_or(inner.len()),
    };
    blank + end
}

/// Masks what follows `Bearer` and `Basic`.
fn mask_schemes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut masked = false;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        if masked && !bare.is_empty() {
            out.push_str(MASK);
            out.push_str(&word[bare.len()..]);
            masked = false;
        } else {
            out.push_str(word);
            masked = masked || SCHEMES.iter().any(|scheme| bare.eq_ignore_ascii_case(scheme));
        }
    }
    out
}

/// Masks the password before the host of a URL.
fn mask_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after.find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(after.len());
        rest = after;
        if let Some(host) = after[..authority].rfind('@') {
            out.push_str(MASK);
            rest = &after[host..];
        }
    }
    out.push_str(rest);
    out
}

const SCHEMES: [&str; 2] = ["Bearer", "Basic"];
const BEFORE_A_NAME: [char; 14] = ['?', '&', '#', '=', ';', ',', ' ', '\n', '\t', '"', '\'', '/', '(', '{'];
const AFTER_A_VALUE: [char; 8] = ['&', '#', ';', '\n', '\t', '"', '<', '\''];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_beside_their_names_are_masked() {
        for (input, want) in [
            ("https://p/x?auth=abc&id=1", "https://p/x?auth=***&id=1"),
            ("https://p/x#auth=abc", "https://p/x#auth=***"),
            ("user.add?fields[PASSWORD]=abc&b=1#f", "user.add?fields[PASSWORD]=***&b=1#f"),
            ("a?fields[more][token]=abc", "a?fields[more][token]=***"),
            ("token=abc;x", "token=***;x"),
            ("token=\"a b\" c", "token=*** c"),
            ("password='a,b' c", "password=*** c"),
            ("password=a,b c", "password=***"),
            ("foo=token=abc", "foo=token=***"),
            ("token=", "token="),
            ("1 = 1", "1 = 1"),
            ("Authorization: Bearer abc def", "Authorization: Bearer *** def"),
            ("https://u:abc@p/x?y=a@b", "https://***@p/x?y=a@b"),
            ("mail a@b.c", "mail a@b.c"),
        ] {
            assert_eq!(mask(input), want);
        }
    }
}
