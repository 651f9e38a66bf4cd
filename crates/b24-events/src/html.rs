//! Text of others inside of text of ours: names, titles and comments that a person has typed.
//!
//! Two languages, and what is safe in one is not in the other:
//! * [`escape`] is for HTML: for messengers that take it (`parse_mode: HTML`), for methods that take HTML, for
//!   mails and pages. It leaves BB codes alone.
//! * [`plain`] is for chats of Bitrix24 (`im.message.add`, `imbot.message.add`, notifications), whose language is BB codes.
//!   HTML means nothing there, and `&lt;` would be seen as it stands.

use std::borrow::Cow;

/// Makes text that HTML shows as it is, between tags and inside of quoted attributes: `&`, `<`, `>`, `"` and `'` become
/// entities. Borrowed when there is nothing to change.
///
/// What it cannot make safe: an address in `href` or `src` (`javascript:` stays what it is), text inside of `<script>` and
/// `<style>`, attributes without quotes.
///
/// ```
/// use b24_events::html::escape;
///
/// let name = "<b>Ann</b> & Co";
/// assert_eq!(format!("New deal of <i>{}</i>", escape(name)), "New deal of <i>&lt;b&gt;Ann&lt;/b&gt; &amp; Co</i>");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    replace(text, |letter| {
        Some(match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            // `&apos;` is not known everywhere.
            '\'' => "&#39;",
            _ => return None,
        })
    })
}

/// Makes text that a chat of Bitrix24 shows as it is, without its BB codes taking effect: nobody is mentioned
/// (`[user=all]`), no address hides behind other words (`[url=…]`), no command is sent by a click (`[send=…]`).
/// Borrowed when there is nothing to change.
///
/// Chats have no escape for this that is documented, and `[code]` ends where the text says so. So this puts a character
/// that cannot be seen, U+2060, after each `[`, and before `>>` and `------` at the beginning of a line, which would be a
/// quote. Who copies the text out of the chat copies that too. Bare addresses still become links, smileys pictures, and
/// line breaks stay.
///
/// ```
/// use b24_events::html::plain;
///
/// assert_eq!(plain("[user=all]Hi[/user]"), "[\u{2060}user=all]Hi[\u{2060}/user]");
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/chat-bots/chat-bots-v2/imbot.v2/messages/message-formatting.html>
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = replace(text, |letter| (letter == '[').then_some("[\u{2060}"));
    if !text.lines().any(begins_a_quote) {
        return text;
    }
    let lines = text.split_inclusive('\n').flat_map(|line| [if begins_a_quote(line) { "\u{2060}" } else { "" }, line]);
    Cow::Owned(lines.collect())
}

fn begins_a_quote(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(">>") || line.starts_with("------")
}

fn replace(text: &str, instead: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    let Some(first) = text.find(|letter| instead(letter).is_some()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    let (before, rest) = text.split_at(first);
    out.push_str(before);
    for letter in rest.chars() {
        match instead(letter) {
            Some(other) => out.push_str(other),
            None => out.push(letter),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_needs_nothing_is_borrowed() {
        for text in ["", "Müller & no", "a\nb"] {
            let text = text.replace('&', "+");
            assert!(matches!(escape(&text), Cow::Borrowed(_)));
            assert!(matches!(plain(&text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn an_entity_is_escaped_once_more() {
        assert_eq!(escape("é&lt;\"'>"), "é&amp;lt;&quot;&#39;&gt;");
    }

    #[test]
    fn quotes_of_a_chat_are_no_quotes() {
        assert_eq!(plain("a\n>>b\n>c\n------\nd"), "a\n\u{2060}>>b\n>c\n\u{2060}------\nd");
        // Nor with spaces before them.
        assert_eq!(plain(" >>b\n\t------"), "\u{2060} >>b\n\u{2060}\t------");
    }

    #[test]
    fn html_is_left_alone_in_a_chat_and_codes_in_html() {
        assert_eq!(plain("<b>&"), "<b>&");
        assert_eq!(escape("[b]"), "[b]");
    }

    proptest! {
        #[test]
        fn no_markup_comes_through(text in "([<>&\"'\\[\\]/\n]|>>|------|user=all|.){0,24}") {
            prop_assert!(!escape(&text).contains(['<', '>', '"', '\'']));
            let back = escape(&text).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
                .replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(&back, &text);
            let shown = plain(&text);
            let all_parted = shown.match_indices('[').all(|(at, _)| shown[at + 1..].starts_with('\u{2060}'));
            prop_assert!(all_parted && !shown.lines().any(begins_a_quote), "{}", shown);
        }
    }
}
