//! A command that has been checked and written for its generation of the API.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::{Command, CommandInfo, Key, Reference, Unfit, items, query};
use crate::{ApiVersion, Error, Method, Params, SdkCode};

/// A command that has been checked and written: it can be put into a batch, more than once if it must be sent again.
#[derive(Clone, Debug)]
pub struct Prepared {
    method: Method,
    label: Option<Box<str>>,
    params: Params,
    body: Body,
    references: Vec<Reference>,
}

#[derive(Clone, Debug)]
enum Body {
    /// `method?query`.
    V2(String),
    V3 {
        query: Box<RawValue>,
        parallel: Option<bool>,
    },
}

/// Why a command cannot be put into a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unprepared {
    /// The method and its parameters are good, but a v2 batch cannot carry them.
    Alone(Box<Alone>),
    /// It makes no sense in any batch.
    Refused(Error),
}

/// A command that can be sent as a call of its own only.
#[derive(Debug)]
#[non_exhaustive]
pub struct Alone {
    /// The method.
    pub method: Method,
    /// Its parameters.
    pub params: Params,
    /// Its label, if it has one.
    pub label: Option<Box<str>>,
    /// What a v2 batch cannot carry.
    pub why: Unfit,
}

impl Prepared {
    /// Checks a command and writes it for one generation of the API.
    ///
    /// `references_in_text`: whether text of a v2 command that is a reference as a whole (`$result[deal][ID]`) means one.
    ///
    /// # Errors
    /// See [`Unprepared`].
    pub fn new(command: Command, version: ApiVersion, references_in_text: bool) -> Result<Self, Unprepared> {
        let Command { method, params, label, parallel } = command;
        let method = method?;
        let params = params?;
        if NOT_IN_A_BATCH.iter().any(|name| method.as_str().eq_ignore_ascii_case(name)) {
            return Err(Error::usage(SdkCode::InvalidMethod, format!("a batch cannot carry `{method}`")).into());
        }
        let raw: &RawValue = crate::de::from_json(params.as_bytes())
            .map_err(|_| Error::usage(SdkCode::InvalidParams, "the parameters of a command are no JSON"))?;
        let (body, references) = match version {
            ApiVersion::V2 => match query::write(raw, references_in_text) {
                Ok(query) => (Body::V2(format!("{method}?{}", query.text)), query.references),
                Err(query::Trouble::Refused(error)) => return Err(error.into()),
                Err(query::Trouble::Unfit(why)) => {
                    return Err(Unprepared::Alone(Box::new(Alone { method, params, label, why })));
                }
            },
            ApiVersion::V3 => {
                let items::Query { json: query, references } = items::write(raw)?;
                (Body::V3 { query, parallel }, references)
            }
        };
        Ok(Self { method, label, params, body, references })
    }

    /// Its label, if it has one.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Whether it takes a value from the answer of another command.
    #[must_use]
    pub fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    pub(super) fn references(&self) -> &[Reference] {
        &self.references
    }

    pub(super) fn info(&self, place: usize) -> CommandInfo {
        let key = self.label.clone().map_or(Key::Index(place), Key::Label);
        CommandInfo::new(key, self.method.clone(), self.params.clone())
    }
}

impl Serialize for Prepared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.body {
            Body::V2(text) => serializer.serialize_str(text),
            Body::V3 { query, parallel } => {
                let mut item = serializer.serialize_map(None)?;
                item.serialize_entry("method", self.method.as_str())?;
                item.serialize_entry("query", query)?;
                if let Some(label) = &self.label {
                    item.serialize_entry("as", label)?;
                }
                if let Some(parallel) = parallel {
                    item.serialize_entry("parallel", parallel)?;
                }
                item.end()
            }
        }
    }
}

impl Unprepared {
    /// As an error of the command at a place.
    #[must_use]
    pub fn into_error(self, place: usize) -> Error {
        match self {
            Self::Alone(alone) => alone.why.into_error(place),
            Self::Refused(error) => error,
        }
    }
}

impl From<Error> for Unprepared {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The portal refuses these inside of a batch.
const NOT_IN_A_BATCH: [&str; 3] = ["batch", "download", "upload"];
