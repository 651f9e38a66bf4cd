//! The envelope around a payload, read once and borrowing.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{RestError, Validation, de, redact};

/// The top level of an answer. The payload is not decoded, only found.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) time: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "de::number_or_none")]
    pub(crate) next: Option<u64>,
    #[serde(default, deserialize_with = "de::number_or_none")]
    pub(crate) total: Option<u64>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "de::text_or_none")]
    error_description: Option<Box<str>>,
    #[serde(default, deserialize_with = "de::text_or_none")]
    argument: Option<Box<str>>,
    /// A description of the API comes without an envelope.
    #[serde(borrow, default)]
    openapi: Option<&'a RawValue>,
}

impl Envelope<'_> {
    /// Whether the whole body is the payload.
    pub(crate) fn is_bare_document(&self) -> bool {
        self.result.is_none() && self.openapi.is_some()
    }

    /// The refusal in it, if there is one. Only `null` and, beside a result, an empty code count as none.
    ///
    /// What looks like a secret in its texts is masked: gateways repeat the address they were asked for.
    pub(crate) fn refusal(&self, status: StatusCode) -> Option<RestError> {
        let raw = self.error?.get();
        if self.result.is_some() && status.is_success() && matches!(raw, "\"\"" | "false" | "[]") {
            return None;
        }
        let mut refusal = if raw.starts_with('{') {
            serde_json::from_str::<V3Error>(raw).unwrap_or_default().into_rest(status)
        } else {
            self.v2_refusal(status, raw)
        };
        refusal.map_texts(|text| match redact::text(text) {
            Cow::Owned(masked) => Some(masked),
            Cow::Borrowed(_) => None,
        });
        Some(refusal)
    }

    fn v2_refusal(&self, status: StatusCode, raw: &str) -> RestError {
        // Text as it is; a number as its digits; anything else as its JSON.
        let code = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
        let refusal = RestError::new(status, &code, self.error_description.as_deref().unwrap_or_default());
        match &self.argument {
            Some(argument) => refusal.with_argument(argument),
            None => refusal,
        }
    }
}

/// `{"code", "message", "validation"}`; whatever is missing or odd counts as absent.
#[derive(Default, Deserialize)]
struct V3Error {
    #[serde(default, deserialize_with = "de::text_or_none")]
    code: Option<Box<str>>,
    #[serde(default, deserialize_with = "de::text_or_none")]
    message: Option<Box<str>>,
    #[serde(default, deserialize_with = "lenient_rows")]
    validation: Vec<Validation>,
}

impl V3Error {
    fn into_rest(self, status: StatusCode) -> RestError {
        let text = |found: Option<Box<str>>| found.unwrap_or_default();
        RestError::new(status, &text(self.code), &text(self.message)).with_validation(self.validation)
    }
}

/// Keeps `null` apart from absent: a result may be `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn lenient_rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Validation>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str::<Rows>(raw.get()).map(|Rows(rows)| rows).unwrap_or_default())
}

#[derive(Deserialize)]
struct Rows(#[serde(deserialize_with = "de::php_list")] Vec<Validation>);
