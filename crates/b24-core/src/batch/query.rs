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
    reference::{MARK, refused, unmark},
    unfit::Why,
};
use crate::{Error, SdkCode, json::Json};

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
    let mut writer =
        Writer { query: Query::default(), name: String::new(), values: 0, unfit: None, references_in_text };
    if let Json::Object(entries) = Json::read(params) {
        for (key, value) in entries {
            writer.entry(&key, value, 0).map_err(Trouble::Refused)?;
        }
    }
    let Writer { query, unfit, .. } = writer;
    match unfit {
        None => Ok(query),
        // By itself it would go out with the reference as text.
        Some(unfit) if !query.references.is_empty() => {
            Err(Trouble::Refused(refused(&format!("it stands in a command that a batch cannot carry: {unfit}"))))
        }
        Some(unfit) => Err(Trouble::Unfit(unfit)),
    }
}

struct Writer {
    query: Query,
    /// The name of the value that is being written, encoded.
    name: String,
    values: usize,
    /// The first thing that a command cannot carry. What comes after it is looked at all the same, for references.
    unfit: Option<Unfit>,
    references_in_text: bool,
}

impl Writer {
    fn entry(&mut self, key: &str, value: &RawValue, depth: usize) -> Result<(), Error> {
        // PHP drops what is nested deeper.
        if depth > DEEPEST {
            let text = "the parameters of a command are nested deeper than a v2 batch can carry";
            return Err(Error::usage(SdkCode::InvalidParams, text));
        }
        let length = self.name.len();
        if depth == 0 {
            self.name.extend(encode(key));
        } else {
            self.name.push_str("%5B");
            self.name.extend(encode(key));
            self.name.push_str("%5D");
        }
        if key.is_empty() || (depth > 0 && key.contains(['[', ']'])) {
            self.unfit(Why::Name);
        }
        // Some servers look for references in names, too.
        if looks_like_a_reference(key) {
            self.unfit(Why::ReferenceInName);
        }
        self.value(value, depth)?;
        self.name.truncate(length);
        Ok(())
    }

    fn value(&mut self, value: &RawValue, depth: usize) -> Result<(), Error> {
        match Json::read(value) {
            Json::Null => self.unfit(Why::Null),
            Json::Bool(value) => self.leaf(if value { "1" } else { "0" }),
            Json::Number(digits) => self.leaf(digits),
            Json::Text(text) => self.text(&text),
            Json::List(list) if list.is_empty() => self.unfit(Why::Empty),
            // A parameter without entries (`fields`, `filter`) says as much as one that is not there.
            Json::Object(entries) if entries.is_empty() && depth == 0 => {}
            Json::Object(entries) if entries.is_empty() => self.unfit(Why::Empty),
            Json::List(list) => {
                let mut places = list.iter().enumerate();
                places.try_for_each(|(index, value)| self.entry(&index.to_string(), value, depth + 1))?;
            }
            Json::Object(entries) if matches!(&entries[..], [(key, _)] if key == MARK) => self.reference(value)?,
            Json::Object(entries) => entries.iter().try_for_each(|(key, value)| self.entry(key, value, depth + 1))?,
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if looks_like_a_reference(text) {
            match Reference::parse_v2(text).filter(|_| self.references_in_text) {
                Some(reference) => self.query.references.push(reference),
                None => self.unfit(Why::Reference),
            }
        }
        self.leaf(text);
    }

    fn reference(&mut self, value: &RawValue) -> Result<(), Error> {
        let reference = unmark(value.get()).ok_or_else(|| refused("it is none of ours"))?;
        let text = reference.to_v2()?;
        self.query.references.push(reference);
        self.leaf(&text);
        Ok(())
    }

    fn leaf(&mut self, text: &str) {
        self.values += 1;
        if self.values > MOST_VALUES {
            self.unfit(Why::TooMany);
        }
        let out = &mut self.query.text;
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&self.name);
        out.push('=');
        out.extend(encode(text));
    }

    fn unfit(&mut self, why: Why) {
        if self.unfit.is_none() {
            let path = percent_encoding::percent_decode_str(&self.name).decode_utf8_lossy();
            self.unfit = Some(Unfit::new(&path, why));
        }
    }
}

/// Whether the portal would put something in the place of this text, or of a part of it: `$result` and its like, in any
/// case, with a bracket before the next white space. There is no way to escape it.
fn looks_like_a_reference(text: &str) -> bool {
    text.split(|c: char| c.is_ascii_whitespace()).any(|word| {
        let Some(bracket) = word.rfind('[') else { return false };
        word[..bracket].match_indices('$').any(|(at, _)| {
            let after = &word[at + 1..];
            ROOTS.iter().any(|root| after.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root)))
        })
    })
}

fn encode(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, RESERVED)
}

/// All but `A-Z a-z 0-9 - _ . ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const ROOTS: [&str; 5] = ["result", "next", "total", "time", "error"];

/// PHP's `max_input_vars`, beyond which it drops values: as JSON they have no such limit.
const MOST_VALUES: usize = 1000;
/// PHP's `max_input_nesting_level`, counted from 0.
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
        assert_eq!(unfit(&json!({ "a": { "": 1 } })), "a[]");
        assert_eq!(unfit(&json!({ "a": { "b]c": 1 } })), "a[b]c]");
        assert_eq!(unfit(&json!({ "@ID": (0..1001).collect::<Vec<_>>() })), "@ID[1000]");
        let mut deep = json!(1);
        for _ in 0..64 {
            deep = json!({ "x": deep });
        }
        assert!(query(&deep.to_string()).is_ok());
        assert!(matches!(query(&json!({ "x": deep }).to_string()), Err(Trouble::Refused(_))));
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
    fn a_reference_does_not_go_out_alone() {
        for params in [r#"{"x":null,"id":"$result[a]"}"#, r#"{"id":"$result[a]","x":null}"#] {
            match query(params) {
                Err(Trouble::Refused(error)) => assert_eq!(error.code(), "INVALID_BATCH_REF"),
                other => panic!("{other:?}"),
            }
        }
    }

    // Looking at every `$` up to the end of its word took seconds for a script of some 200 kB.
    #[test]
    fn long_text_is_looked_at_once() {
        assert!(!looks_like_a_reference(&"$".repeat(1 << 20)));
        assert!(!looks_like_a_reference(&"$(a).b($c);".repeat(1 << 16)));
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
