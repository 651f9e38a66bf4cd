//! The envelope around a payload, read once and borrowing.

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{RestError, Time, Validation, de, redact};

/// The top level of an answer. One odd field must not hide the others: they are only found here.
pub(crate) struct Envelope<'a> {
    /// It may be `null`.
    pub(crate) result: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    next: Option<&'a RawValue>,
    total: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    error_description: Option<&'a RawValue>,
    argument: Option<&'a RawValue>,
    /// A description of the API comes without an envelope.
    openapi: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(crate) fn read(json: &'a [u8]) -> serde_json::Result<Self> {
        let names = ["result", "time", "next", "total", "error", "error_description", "argument", "openapi"];
        let [result, fields @ ..] = de::fields(json, names)?;
        let [time, next, total, error, error_description, argument, openapi] = fields.map(said);
        Ok(Self { result, time, next, total, error, error_description, argument, openapi })
    }

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
        let mut refusal = if raw.starts_with('{') { v3_refusal(status, raw) } else { self.v2_refusal(status, raw) };
        refusal.map_texts(|text| {
            let shown = redact::text(beginning(text));
            (shown != text).then(|| shown.into_owned())
        });
        Some(refusal)
    }

    fn v2_refusal(&self, status: StatusCode, raw: &str) -> RestError {
        let refusal = RestError::new(status, &text(raw), &text_of(self.error_description));
        match self.argument {
            Some(argument) => refusal.with_argument(&text(argument.get())),
            None => refusal,
        }
    }
}

/// `{"code", "message", "validation"}`; whatever is missing or odd counts as absent.
fn v3_refusal(status: StatusCode, raw: &str) -> RestError {
    let [code, message, validation] = fields(raw, ["code", "message", "validation"]);
    let rows = validation.and_then(|raw| de::list(raw.get().as_bytes()).ok()).unwrap_or_default();
    let rows = rows.into_iter().filter(|row| row.get().starts_with('{')).map(|row| {
        let [message, field] = fields(row.get(), ["message", "field"]);
        Validation { message: text_of(message), field: field.and_then(|raw| serde_json::from_str(raw.get()).ok()) }
    });
    RestError::new(status, &text_of(code), &text_of(message)).with_validation(rows.collect())
}

/// What an object says in these fields; nothing where it is none.
fn fields<'a, const N: usize>(json: &'a str, names: [&str; N]) -> [Option<&'a RawValue>; N] {
    de::fields(json.as_bytes(), names).map_or([None; N], |found| found.map(said))
}

/// `null` says nothing.
fn said(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get() != "null")
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

fn text_of(raw: Option<&RawValue>) -> String {
    raw.map_or_else(String::new, |raw| text(raw.get()))
}
