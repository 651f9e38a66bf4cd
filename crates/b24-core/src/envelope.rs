//! The envelope around a payload, read once and borrowing.

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{RestError, Time, Validation, de, redact};

/// The top level of an answer. One odd field must not hide the others: they are only found here.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    next: Option<&'a RawValue>,
    #[serde(borrow, default)]
    total: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error_description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    argument: Option<&'a RawValue>,
    /// A description of the API comes without an envelope.
    #[serde(borrow, default)]
    openapi: Option<&'a RawValue>,
}

impl Envelope<'_> {
    pub(crate) fn time(&self) -> Option<Time> {
        Time::read(self.time?)
    }

    pub(crate) fn next(&self) -> Option<u64> {
        count(self.next)
    }

    pub(crate) fn total(&self) -> Option<u64> {
        count(self.total)
    }

    /// Whether the whole body is the payload.
    pub(crate) fn is_bare_document(&self) -> bool {
        self.result.is_none() && self.openapi.is_some()
    }

    /// The refusal in it, if there is one. Only `null` and, beside a result, an empty code count as none.
    ///
    /// What looks like a secret in its texts is masked: gateways repeat the address they were asked for.
    pub(crate) fn refusal(&self, status: StatusCode) -> Option<RestError> {
        let raw = self.error?.get();
        if self.result.is_some() && status.is_success() && matches!(raw, "\"\"" | "false" | "[]" | "{}") {
            return None;
        }
        let mut refusal = if raw.starts_with('{') {
            serde_json::from_str::<V3Error<'_>>(raw).unwrap_or_default().into_rest(status)
        } else {
            self.v2_refusal(status, raw)
        };
        refusal.map_texts(|text| {
            let shown = redact::text(beginning(text));
            (shown != text).then(|| shown.into_owned())
        });
        Some(refusal)
    }

    fn v2_refusal(&self, status: StatusCode, raw: &str) -> RestError {
        let refusal = RestError::new(status, &text(raw), &self.error_description.map_or_else(String::new, said));
        match self.argument {
            Some(argument) => refusal.with_argument(&said(argument)),
            None => refusal,
        }
    }
}

/// As much of a text as anybody reads; a whole page may come in its place.
fn beginning(text: &str) -> &str {
    const MOST: usize = 8 << 10;
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// A number, however it is written.
pub(crate) fn count(raw: Option<&RawValue>) -> Option<u64> {
    serde_json::from_str::<Count>(raw?.get()).ok()?.0
}

#[derive(Deserialize)]
struct Count(#[serde(deserialize_with = "de::number_or_none")] Option<u64>);

/// Text as it is; a number as its digits; anything else as its JSON.
fn text(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// Like [`text`], but nothing for `null`.
fn said(raw: &RawValue) -> String {
    if raw.get() == "null" { String::new() } else { text(raw.get()) }
}

/// `{"code", "message", "validation"}`; whatever is missing or odd counts as absent.
#[derive(Default, Deserialize)]
struct V3Error<'a> {
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    validation: Option<&'a RawValue>,
}

impl V3Error<'_> {
    fn into_rest(self, status: StatusCode) -> RestError {
        let text = |found: Option<&RawValue>| found.map_or_else(String::new, said);
        let rows = self.validation.and_then(|raw| serde_json::from_str::<Rows>(raw.get()).ok());
        RestError::new(status, &text(self.code), &text(self.message))
            .with_validation(rows.map(|Rows(rows)| rows).unwrap_or_default())
    }
}

/// Keeps `null` apart from absent: a result may be `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Rows(#[serde(deserialize_with = "de::php_list")] Vec<Validation>);
