//! Parameters as the query string of a v2 command, the way PHP reads it back.
//!
//! Nested names stand in brackets, as PHP's `http_build_query` writes them. A command is text, so that some values have
//! to be spelled: booleans are `1` and `0`, because the text `false` is true for PHP. `null` and empty lists have no
//! spelling at all and are refused; a parameter that is an object without entries is left out.
//!
//! Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

use super::{
    Reference, Unfit,
    reference::{MARK, unmark},
    unfit::Why,
};
use crate::{Error, json::Json};

/// A query, and the references in it.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) text: String,
    pub(super) references: Vec<Reference>,
}

/// Why there is no query.
#[derive(Debug)]
pub(super) enum Trouble {
    /// As a call of its own it could be sent.
    Unfit(Unfit),
    /// It makes no sense at all.
    Refused(Error),
}

/// Writes parameters as a query. `references_in_text`: whether text that is a reference as a whole means one.
pub(super) fn write(params: &RawValue, references_in_text: bool) -> Result<Query, Trouble> {
    let mut writer = Writer { query: Query::default(), name: String::new(), references_in_text };
    if let Json::Object(entries) = Json::read(params) {
        for (key, value) in entries {
            writer.entry(&key, value, 0)?;
        }
    }
    Ok(writer.query)
}

struct Writer {
    query: Query,
    /// The name of the value that is being written, encoded.
    name: String,
    references_in_text: bool,
}

impl Writer {
    fn entry(&mut self, key: &str, value: &RawValue, depth: usize) -> Result<(), Trouble> {
        if key.is_empty() {
            return Err(self.unfit(Why::NoName));
        }
        let length = self.name.len();
        if depth == 0 {
            self.name.extend(encode(key));
        } else {
            self.name.push_str("%5B");
            self.name.extend(encode(key));
            self.name.push_str("%5D");
        }
        // Some servers look for references in names, too.
        if looks_like_a_reference(key) {
            return Err(self.unfit(Why::ReferenceInName));
        }
        self.value(value, depth)?;
        self.name.truncate(length);
        Ok(())
    }

    fn value(&mut self, value: &RawValue, depth: usize) -> Result<(), Trouble> {
        match Json::read(value) {
            Json::Null => Err(self.unfit(Why::Null)),
            Json::Bool(value) => self.leaf(if value { "1" } else { "0" }),
            Json::Number(digits) => self.leaf(digits),
            Json::Text(text) => self.text(&text),
            Json::List(list) if list.is_empty() => Err(self.unfit(Why::Empty)),
            // A parameter without entries (`fields`, `filter`) says as much as one that is not there.
            Json::Object(entries) if entries.is_empty() && depth == 0 => Ok(()),
            Json::Object(entries) if entries.is_empty() => Err(self.unfit(Why::Empty)),
            // PHP drops what is nested deeper.
            Json::List(_) | Json::Object(_) if depth >= DEEPEST => Err(self.unfit(Why::TooDeep)),
            Json::List(list) => {
                list.iter().enumerate().try_for_each(|(index, value)| self.entry(&index.to_string(), value, depth + 1))
            }
            Json::Object(entries) if matches!(&entries[..], [(key, _)] if key == MARK) => self.reference(value),
            Json::Object(entries) => entries.iter().try_for_each(|(key, value)| self.entry(key, value, depth + 1)),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Trouble> {
        if looks_like_a_reference(text) {
            let reference = Reference::parse_v2(text).filter(|_| self.references_in_text);
            self.query.references.push(reference.ok_or_else(|| self.unfit(Why::Reference))?);
        }
        self.leaf(text)
    }

    fn reference(&mut self, value: &RawValue) -> Result<(), Trouble> {
        let refused = || Trouble::Refused(super::reference::refused("it is none of ours"));
        let reference = unmark(value.get()).ok_or_else(refused)?;
        let text = reference.to_v2().map_err(Trouble::Refused)?;
        self.query.references.push(reference);
        self.leaf(&text)
    }

    fn leaf(&mut self, text: &str) -> Result<(), Trouble> {
        let out = &mut self.query.text;
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&self.name);
        out.push('=');
        out.extend(encode(text));
        Ok(())
    }

    fn unfit(&self, why: Why) -> Trouble {
        let path = percent_encoding::percent_decode_str(&self.name).decode_utf8_lossy();
        Trouble::Unfit(Unfit::new(&path, why))
    }
}

/// Whether the portal would put something in the place of this text, or of a part of it: `$result` and its like, in any
/// case, with a bracket before the next white space. There is no way to escape it.
fn looks_like_a_reference(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let word = text[at + 1..].split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let named = |root: &&str| word.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root));
        word.contains('[') && ROOTS.iter().any(named)
    })
}

fn encode(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, RESERVED)
}

/// All but `A-Z a-z 0-9 - _ . ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const ROOTS: [&str; 5] = ["result", "next", "total", "time", "error"];

/// PHP's `max_input_nesting_level`.
const DEEPEST: usize = 63;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn query(params: &str) -> Result<String, Trouble> {
        let raw = RawValue::from_string(params.to_owned()).unwrap();
        write(&raw, true).map(|query| query.text)
    }

    fn unfit(params: &Value) -> String {
        match query(&params.to_string()) {
            Err(Trouble::Unfit(unfit)) => unfit.path().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    // The golden table of the official SDK, but for booleans.
    #[test]
    fn nested_values_stand_in_brackets() {
        for (params, want) in [
            ("{}", ""),
            (r#"{"id":1}"#, "id=1"),
            (r#"{"z":1,"a":2}"#, "z=1&a=2"),
            (r#"{"g":[1,[2,3]]}"#, "g%5B0%5D=1&g%5B1%5D%5B0%5D=2&g%5B1%5D%5B1%5D=3"),
            (
                r#"{"h":{">id":1,"@x":["a b","c&d"]}}"#,
                "h%5B%3Eid%5D=1&h%5B%40x%5D%5B0%5D=a%20b&h%5B%40x%5D%5B1%5D=c%26d",
            ),
            (r#"{"i":"é+ %~*()'!"}"#, "i=%C3%A9%2B%20%25~%2A%28%29%27%21"),
            (r#"{"k":""}"#, "k="),
            (r#"{"a b":1,"ё":2,"a.b":3}"#, "a%20b=1&%D1%91=2&a.b=3"),
            (r#"{"q":"a&b=c#d?e/f;g%41+h"}"#, "q=a%26b%3Dc%23d%3Fe%2Ff%3Bg%2541%2Bh"),
            (
                r#"{"n":123456789012345678901234567890,"d":0.10,"e":1e21}"#,
                "n=123456789012345678901234567890&d=0.10&e=1e21",
            ),
        ] {
            assert_eq!(query(params).unwrap(), want, "{params}");
        }
    }

    // Fact: `halt=false` in a form body means true; so does any other text but "" and "0".
    #[test]
    fn booleans_are_one_and_zero() {
        assert_eq!(query(r#"{"a":true,"b":[false]}"#).unwrap(), "a=1&b%5B0%5D=0");
    }

    // Fact: v2 batch values are strings; empty arrays and null cannot be sent through a command string.
    #[test]
    fn what_has_no_spelling_is_refused_and_not_dropped() {
        assert_eq!(unfit(&json!({ "fields": { "A": 1, "PHONE": [] } })), "fields[PHONE]");
        assert_eq!(unfit(&json!({ "fields": { "A": [1, null] } })), "fields[A][1]");
        assert_eq!(unfit(&json!({ "select": [] })), "select");
        assert_eq!(unfit(&json!({ "fields": { "PHONE": {} } })), "fields[PHONE]");
        assert_eq!(query(r#"{"filter":{},"id":1}"#).unwrap(), "id=1");
        assert_eq!(unfit(&json!({ "a": { "": 1 } })), "a");
        let mut deep = json!(1);
        for _ in 0..64 {
            deep = json!({ "x": deep });
        }
        assert!(query(&deep.to_string()).is_ok());
        assert!(unfit(&json!({ "x": deep })).starts_with("x[x]"));
    }

    // Facts: two references or trailing text glued to one corrupt the value, and there is no escape.
    #[test]
    fn text_that_the_portal_would_rewrite_is_refused() {
        for text in [
            "costs $result[x]",
            "%$result[a][ID]%",
            "$result[a][ID]$result[b][ID]",
            "$RESULT[a]",
            "$Result[a]",
            "$resulting[a]",
            "$time[a]",
            "$error[a][error]",
            "$$total[a] x",
            "$next[",
        ] {
            assert_eq!(unfit(&json!({ "fields": { "TITLE": text } })), "fields[TITLE]", "{text}");
        }
        assert_eq!(unfit(&json!({ "a": { "$result[x]": 1 } })), "a[$result[x]]");
        for harmless in ["$result", "$result of [x]", "5 $", "$ result[x]", "a$b[c]", "[x] $total"] {
            assert!(query(&json!({ "a": harmless }).to_string()).is_ok(), "{harmless}");
        }
    }

    #[test]
    fn a_reference_is_written_as_text_and_noted() {
        let params = serde_json::value::to_raw_value(&json!({ "id": Reference::new("a").field("ID") })).unwrap();
        let query = write(&params, false).unwrap();
        assert_eq!(query.text, "id=%24result%5Ba%5D%5BID%5D");
        assert_eq!(query.references, [Reference::new("a").field("ID")]);
    }

    #[test]
    fn text_is_a_reference_only_where_that_was_asked_for() {
        let params = serde_json::value::to_raw_value(&json!({ "id": "$result[a][ID]" })).unwrap();
        assert!(matches!(write(&params, false), Err(Trouble::Unfit(_))));
        let query = write(&params, true).unwrap();
        assert_eq!(query.text, "id=%24result%5Ba%5D%5BID%5D");
        assert_eq!(query.references, [Reference::new("a").field("ID")]);
    }
}
