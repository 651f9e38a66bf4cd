//! The text of a file: a JSON object of which some names are ours.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::store::{StoreError, StoreErrorKind, TokenRecord};

/// An object in the order of its names, with each value as the very text it was: what is not ours is written back as it
/// was read, numbers of any size included.
#[derive(Default)]
pub(super) struct Document(Vec<(String, Box<str>)>);

/// The names of a record that is not its tokens.
const OURS: [&str; 3] = [PARAMS, "generation", "renewingSince"];
const PARAMS: &str = "params";

/// The names of the tokens: a new pair replaces all of them, also those it has no value for.
const FIELDS: [&str; 13] = [
    "applicationToken",
    "userId",
    "memberId",
    "accessToken",
    "refreshToken",
    "expires",
    "expiresIn",
    "scope",
    "domain",
    "clientEndpoint",
    "serverEndpoint",
    "status",
    "issuer",
];

impl Document {
    /// Reads the text of a file.
    pub(super) fn parse(text: &[u8]) -> Result<Self, StoreError> {
        // The errors of serde name what they found: it could be a token.
        serde_json::from_slice(text).map_err(|_| corrupt())
    }

    /// Writes a record into it; what is not ours stays.
    pub(super) fn put(&mut self, record: &TokenRecord) -> Result<(), StoreError> {
        let fresh = Self::parse(record.to_json().expose().as_bytes())?;
        let mut params = self.params().unwrap_or_default();
        params.replace(&FIELDS, fresh.params().ok_or_else(corrupt)?);
        let text = params.text("    ", "  }");
        self.replace(&OURS, fresh);
        self.set(PARAMS, text.into());
        Ok(())
    }

    /// Takes the record out of it; what is not ours stays.
    pub(super) fn clear(&mut self) {
        self.0.retain(|(name, _)| !OURS.contains(&name.as_str()));
    }

    /// The record in it; `None` when it has none.
    pub(super) fn record(&self) -> Result<Option<TokenRecord>, StoreError> {
        match self.get(PARAMS) {
            None | Some("null") => Ok(None),
            // Ours alone: what is not need not be JSON that a reader of ours takes, only JSON.
            Some(_) => {
                let mut ours = Self::default();
                ours.0.extend(self.0.iter().filter(|(name, _)| OURS.contains(&name.as_str())).cloned());
                let mut params = self.params().ok_or_else(corrupt)?;
                params.0.retain(|(name, _)| FIELDS.contains(&name.as_str()));
                ours.set(PARAMS, params.to_text().into());
                TokenRecord::from_json(ours.to_text().as_bytes()).map(Some)
            }
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes it, a line for each name.
    pub(super) fn to_text(&self) -> String {
        let mut text = self.text("  ", "}");
        text.push('\n');
        text
    }

    fn params(&self) -> Option<Self> {
        serde_json::from_str(self.get(PARAMS)?).ok()
    }

    fn text(&self, indent: &str, end: &str) -> String {
        let lines = self.0.iter().map(|(name, value)| {
            let name = serde_json::Value::from(name.as_str());
            format!("{indent}{name}: {value}")
        });
        format!("{{\n{}\n{end}", lines.collect::<Vec<_>>().join(",\n"))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Gives all of `names` the values of `fresh`; those it does not have go.
    fn replace(&mut self, names: &[&str], fresh: Self) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()) || fresh.get(name).is_some());
        for (name, value) in fresh.0 {
            self.set(&name, value);
        }
    }

    fn set(&mut self, name: &str, value: Box<str>) {
        match self.0.iter().position(|(known, _)| known == name) {
            Some(place) => {
                // A name that comes twice is read from its last place.
                let later = self.0.split_off(place + 1).into_iter().filter(|(known, _)| known != name);
                self.0[place].1 = value;
                self.0.extend(later);
            }
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

fn corrupt() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt)
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            entries.push((name, value.into()));
        }
        Ok(Document(entries))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const BY_HAND: &str = r#"{"clientId": "local.1", "params": {"memberId": "m1", "note": {"a":  1e999},
        "accessToken": "a", "refreshToken": "r", "issuer": "x", "clientEndpoint": "https://p.bitrix24.com/rest/"},
        "big": 123456789012345678901234567890.10, "params2": []}"#;

    fn record(token: &str) -> TokenRecord {
        let text = format!(
            r#"{{"params": {{"memberId": "m1", "accessToken": "{token}", "refreshToken": "r",
            "clientEndpoint": "https://p.bitrix24.com/rest/"}}, "generation": 7}}"#
        );
        TokenRecord::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_not_ours_is_written_as_it_was_read() {
        let mut document = Document::parse(BY_HAND.as_bytes()).unwrap();
        assert_eq!(document.record().unwrap().unwrap().generation(), 0);
        document.put(&record("b")).unwrap();
        let text = document.to_text();
        for part in [r#""clientId": "local.1""#, r#"{"a":  1e999}"#, "901234567890.10", r#""params2": []"#] {
            assert!(text.contains(part), "{text}");
        }
        let read = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(read.record().unwrap().unwrap().params().access_token().expose(), "b");
        // A new pair that has no issuer must not be read with the issuer of the old one.
        assert!(!text.contains("issuer"), "{text}");
    }

    #[test]
    fn an_object_without_tokens_has_no_record_and_stays_when_one_goes() {
        for text in [r#"{"clientId": "c"}"#, r#"{"params": null, "clientId": "c"}"#] {
            let mut document = Document::parse(text.as_bytes()).unwrap();
            assert!(document.record().unwrap().is_none());
            document.put(&record("b")).unwrap();
            document.clear();
            assert_eq!(document.to_text(), "{\n  \"clientId\": \"c\"\n}\n");
        }
    }

    #[test]
    fn each_field_of_the_tokens_is_known_here() {
        let all = serde_json::json!({"params": {
            "applicationToken": "appT0ken", "userId": 7, "memberId": "m1", "accessToken": "a", "refreshToken": "r",
            "expires": 1, "expiresIn": 3600, "scope": "crm", "domain": "d.com", "status": "L", "issuer": "store",
            "clientEndpoint": "https://p.bitrix24.com/rest/", "serverEndpoint": "https://oauth.bitrix.info/rest/",
        }, "generation": 1, "renewingSince": 5});
        let record = TokenRecord::from_json(all.to_string().as_bytes()).unwrap();
        let written: Value = serde_json::from_str(record.to_json().expose()).unwrap();
        let mut names: Vec<_> = written["params"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = FIELDS.to_vec();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
        assert!(written.as_object().unwrap().keys().all(|name| OURS.contains(&name.as_str())));
    }

    #[test]
    fn what_is_no_object_or_cut_off_is_corrupt() {
        for text in ["", "[]", "null", "{", r#"{"params": {"#, r#"{"params": 1}{"#] {
            let error = Document::parse(text.as_bytes()).and_then(|document| document.record()).map(drop).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{text}");
        }
    }
}
