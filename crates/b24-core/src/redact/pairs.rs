//! Secrets that stand beside their name in a text: `name=value`, `Bearer value`, `://user:value@`.

use super::{MASK, is_secret_name};

/// Masks all of them.
pub(super) fn mask(text: &str) -> String {
    mask_userinfo(&mask_schemes(&mask_pairs(text)))
}

/// Masks the value of `name=value` and `"name":value`, also where the name is written `fields[PASSWORD]`. A quoted value
/// goes to its closing quote, another one to the next separator.
fn mask_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, value) = (&rest[..at], &rest[at + 1..]);
        out.push_str(&rest[..=at]);
        rest = value;
        let Some(name) = name_before(before, text.as_bytes()[text.len() - value.len() - 1]) else { continue };
        if name.split(['[', ']']).any(is_secret_name) {
            let end = end_of_value(value, WEAK.iter().any(|weak| name.eq_ignore_ascii_case(weak)));
            if end > 0 {
                out.push_str(MASK);
            }
            rest = &value[end..];
        }
    }
    out.push_str(rest);
    out
}

/// The name that stands before a separator. A colon separates names and values only behind a quoted name: elsewhere it
/// is a colon.
fn name_before(before: &str, separator: u8) -> Option<&str> {
    let before = before.trim_end();
    let quoted = before.strip_suffix(['"', '\'']).or_else(|| before.strip_suffix("\\\""));
    match (separator, quoted) {
        (b':', None) => None,
        (_, Some(inner)) => inner.rsplit(['"', '\'', '\\']).next(),
        (_, None) => before.rsplit(BEFORE_A_NAME).next(),
    }
}

fn end_of_value(value: &str, to_the_blank: bool) -> usize {
    let blank = value.len() - value.trim_start_matches(' ').len();
    let inner = &value[blank..];
    let end = match inner.chars().next() {
        Some(quote @ ('"' | '\'')) => inner[1..].find(quote).map_or(inner.len(), |at| at + 2),
        _ => {
            inner.find(|letter| AFTER_A_VALUE.contains(&letter) || to_the_blank && letter == ' ').unwrap_or(inner.len())
        }
    };
    blank + end
}

/// Masks what follows `Bearer`, and `Basic` where it is about authorization: elsewhere that is a tariff.
fn mask_schemes(text: &str) -> String {
    let basic = text.to_ascii_lowercase().contains("authorization");
    let mut out = String::with_capacity(text.len());
    let mut masked = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let end = bare.trim_end_matches(['"', '\'', ',']).len();
        if masked && end > 0 {
            out.push_str(MASK);
            out.push_str(&word[end..]);
            masked = false;
            continue;
        }
        out.push_str(word);
        let last = bare.rsplit(['"', '\'', ':', '=', '(']).next().unwrap_or(bare);
        masked = masked || last.eq_ignore_ascii_case("bearer") || basic && last.eq_ignore_ascii_case("basic");
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

/// Words that mean other things too: their values end at the next blank.
const WEAK: [&str; 3] = ["key", "pass", "sign"];
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
            ("password = abc", "password =***"),
            ("Authorization:Bearer abc", "Authorization:Bearer ***"),
            ("x\nBearer\tabc\ny", "x\nBearer\t***\ny"),
            ("say \"Bearer abc\"", "say \"Bearer ***\""),
            ("Authorization: Basic abc", "Authorization: Basic ***"),
            ("not on the Basic plan, please", "not on the Basic plan, please"),
            ("Product with key=15 was not found", "Product with key=*** was not found"),
            ("Invalid: {\"password\":\"abc\",\"id\":1}", "Invalid: {\"password\":***,\"id\":1}"),
            ("token: must be text", "token: must be text"),
        ] {
            assert_eq!(mask(input), want);
        }
    }
}
