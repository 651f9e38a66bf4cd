//! Parameters of a v3 command: JSON, in which references are objects of their own.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use serde_json::value::RawValue;

use super::{
    Reference,
    reference::{MARK, REF, REF_ARRAY, refused, unmark},
};
use crate::{Error, SdkCode, json::Json};

/// The parameters as they go over the wire, and the references in them.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) json: Box<RawValue>,
    pub(super) references: Vec<Reference>,
}

/// Writes references the way v3 reads them; everything else stays byte for byte.
pub(super) fn write(params: &RawValue) -> Result<Query, Error> {
    let text = params.get();
    // A key may be written with escapes.
    if !text.contains(['$', '\\']) {
        return Ok(Query { json: params.to_owned(), references: Vec::new() });
    }
    let mut writer = Writer { out: String::with_capacity(text.len()), references: Vec::new() };
    writer.value(params, 0)?;
    if writer.references.is_empty() {
        return Ok(Query { json: params.to_owned(), references: Vec::new() });
    }
    let json = RawValue::from_string(writer.out).map_err(|_| refused("its parameters are no JSON"))?;
    Ok(Query { json, references: writer.references })
}

struct Writer {
    out: String,
    references: Vec<Reference>,
}

impl Writer {
    fn value(&mut self, raw: &RawValue, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            let text = "the parameters of a command are nested deeper than a portal reads";
            return Err(Error::usage(SdkCode::InvalidParams, text));
        }
        match Json::read(raw) {
            Json::Object(entries) => match entries.iter().find(|(key, _)| [MARK, REF, REF_ARRAY].contains(&&**key)) {
                Some(_) if entries.len() > 1 => Err(refused("nothing may stand beside it")),
                Some((key, value)) => self.reference(key, value, raw),
                None => {
                    self.out.push('{');
                    for (place, (key, value)) in entries.iter().enumerate() {
                        if place > 0 {
                            self.out.push(',');
                        }
                        self.out.push_str(&quoted(key));
                        self.out.push(':');
                        self.value(value, depth + 1)?;
                    }
                    self.out.push('}');
                    Ok(())
                }
            },
            Json::List(list) => {
                self.out.push('[');
                for (place, value) in list.iter().enumerate() {
                    if place > 0 {
                        self.out.push(',');
                    }
                    self.value(value, depth + 1)?;
                }
                self.out.push(']');
                Ok(())
            }
            _ => {
                self.out.push_str(raw.get());
                Ok(())
            }
        }
    }

    fn reference(&mut self, key: &str, value: &RawValue, whole: &RawValue) -> Result<(), Error> {
        let reference = match (key, Json::read(value)) {
            (MARK, _) => unmark(whole.get()),
            (kind, Json::Text(path)) => Reference::parse_v3(kind, &path),
            _ => None,
        };
        let reference = reference.ok_or_else(|| refused("its path is no path"))?;
        let (kind, path) = reference.to_v3()?;
        self.out.push('{');
        self.out.push_str(&quoted(kind));
        self.out.push(':');
        self.out.push_str(&quoted(&path));
        self.out.push('}');
        self.references.push(reference);
        Ok(())
    }
}

/// Text always becomes JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// PHP's own bound for JSON is 512.
const DEEPEST: usize = 500;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(params: &str) -> Result<(String, usize), Error> {
        let raw = RawValue::from_string(params.to_owned()).unwrap();
        write(&raw).map(|query| (query.json.get().to_owned(), query.references.len()))
    }

    #[test]
    fn what_holds_no_reference_stays_byte_for_byte() {
        let text = r#"{ "id": 0.10, "title":"\u0041$result[x]" }"#;
        assert_eq!(written(text).unwrap(), (text.to_owned(), 0));
    }

    #[test]
    fn references_are_objects_of_their_own() {
        let ours = json!({ "id": Reference::new("t").field("id"), "ids": [Reference::column(1, "id")] }).to_string();
        let theirs = r#"{"id":{"$ref":"t.id"},"ids":[{"$refArray":"1.id"}]}"#;
        assert_eq!(written(&ours).unwrap(), (theirs.to_owned(), 2));
        assert_eq!(written(theirs).unwrap(), (theirs.to_owned(), 2));
        assert_eq!(written(r#"{"a":{"b":1.0,"c":{"$ref":"0"}}}"#).unwrap().0, r#"{"a":{"b":1.0,"c":{"$ref":"0"}}}"#);
    }

    #[test]
    fn escapes_do_not_hide_a_reference() {
        assert_eq!(written(r#"{"id":{"\u0024ref":"t.id"}}"#).unwrap(), (r#"{"id":{"$ref":"t.id"}}"#.to_owned(), 1));
        assert_eq!(written(r#"{"t":"a\"b\u0041"}"#).unwrap(), (r#"{"t":"a\"b\u0041"}"#.to_owned(), 0));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let deep = format!("{{\"a\":{}\"$\"{}}}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(written(&deep).unwrap_err().code(), "INVALID_PARAMS");
    }

    #[test]
    fn what_only_looks_like_a_reference_is_refused() {
        for bad in [
            r#"{"id":{"$ref":5}}"#,
            r#"{"id":{"$ref":""}}"#,
            r#"{"id":{"$ref":"t..id"}}"#,
            r#"{"id":{"$ref":"t.id","more":1}}"#,
            r#"{"id":{"$refArray":"t"}}"#,
            r#"{"id":{"$b24.reference":1}}"#,
            r#"{"id":{"\u0024ref":5}}"#,
        ] {
            assert_eq!(written(bad).unwrap_err().code(), "INVALID_BATCH_REF", "{bad}");
        }
    }
}
