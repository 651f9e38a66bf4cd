//! The secret in the path of a webhook address.

use super::MASK;

/// Masks the segment after `/rest/<user>/` and `/rest/api/<user>/`: a webhook's secret stands there. Doubled and escaped
/// slashes count as one, as they do for the portal and in JSON.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_rest(rest) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        rest = after;
        let (user, path) = segment(rest);
        // A user called `api` would be a v3 address.
        let (user, path) = if user == "api" { segment(path) } else { (user, path) };
        let (secret, path) = segment(path);
        // What follows a method's name is not a webhook's secret, but nobody misses it either.
        if !user.is_empty() && !secret.is_empty() {
            let until = rest.len() - path.len() - secret.len();
            out.push_str(&rest[..until]);
            out.push_str(MASK);
            rest = path;
        }
    }
    out.push_str(rest);
    out
}

/// The place behind the next `/rest`, when a slash follows.
fn find_rest(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(5)).find_map(|at| {
        let found = bytes[at] == b'/' && bytes[at + 1..at + 5].eq_ignore_ascii_case(b"rest");
        (found && matches!(bytes[at + 5], b'/' | b'\\')).then_some(at + 5)
    })
}

/// The next segment and what follows it; the slashes before it are passed over.
fn segment(text: &str) -> (&str, &str) {
    let inner = text.trim_start_matches(['/', '\\']);
    if inner.len() == text.len() {
        return ("", text);
    }
    inner.split_at(inner.find(END).unwrap_or(inner.len()))
}

const END: [char; 12] = ['/', '\\', '?', '#', '"', '\'', '<', '>', ' ', '\n', ')', ','];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_in_a_webhook_address_is_masked() {
        for (input, want) in [
            ("upstream /rest/1/abc/crm.deal.get failed", "upstream /rest/1/***/crm.deal.get failed"),
            ("https://p/rest/api/12/abc", "https://p/rest/api/12/***"),
            ("<a href=\"https://p/rest/1/abc\">", "<a href=\"https://p/rest/1/***\">"),
            ("/rest/1/abc/x and /rest/2/def/y", "/rest/1/***/x and /rest/2/***/y"),
            ("//rest//1//abc//", "//rest//1//***//"),
            (r"https:\/\/p\/rest\/1\/abc\/", r"https:\/\/p\/rest\/1\/***\/"),
            ("/REST/1/abc/", "/REST/1/***/"),
            ("/rest/admin/abc/", "/rest/admin/***/"),
            ("https://p/rest/crm.deal.get", "https://p/rest/crm.deal.get"),
            ("https://p/rest/api/tasks.task.get?x", "https://p/rest/api/tasks.task.get?x"),
            ("/rest/", "/rest/"),
            ("/restaurant/1/abc", "/restaurant/1/abc"),
        ] {
            assert_eq!(mask(input), want);
        }
    }
}
