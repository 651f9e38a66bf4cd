//! A column: its two spellings, its kind, and how a row that nobody has written yet comes by a value.

use std::borrow::Cow;

use crate::php::{number, time};
use crate::rng::mix;
use crate::value::{Value, map};

/// What a column holds, and so how values are read, compared and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    /// A reference to another row: an integer, 0 when there is none.
    Ref,
    Text,
    Money,
    /// `Y` or `N`.
    Flag,
    /// A Unix second, or null.
    Moment,
    /// Phones and e-mails: a list of `{ID, VALUE, VALUE_TYPE, TYPE_ID}`.
    Multi,
    /// An array that is shown as it is and cannot be filtered by.
    Nested,
}

/// One column of a table.
#[derive(Debug)]
pub(crate) struct Column {
    /// The name in camelCase families.
    pub(crate) name: &'static str,
    /// The name in UPPER families.
    pub(crate) upper: &'static str,
    pub(crate) kind: Kind,
    pub(crate) read_only: bool,
    /// What a row added without a value gets, when it is not simply nothing.
    pub(crate) default: Option<&'static str>,
    pub(crate) make: fn(&Origin) -> Value,
}

/// Where a made-up row comes from: everything its values are a function of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    pub(crate) table: u64,
    pub(crate) id: i64,
    /// The Unix second at which the portal started: rows are older than that.
    pub(crate) started: i64,
}

impl Origin {
    /// A number below `n`, the same for the same row and purpose.
    pub(crate) fn pick(&self, purpose: u64, n: i64) -> i64 {
        let word = mix(self.seed, &[self.table, self.id.unsigned_abs(), purpose]);
        i64::try_from(word % n.unsigned_abs().max(1)).unwrap_or_default()
    }
}

impl Column {
    pub(crate) fn is_id(&self) -> bool {
        self.name == "id"
    }

    /// What a row added without a value for the column keeps.
    pub(crate) fn absent(&self) -> Value {
        match self.default {
            Some(text) => self.kind.read(&Value::from(text)),
            None => self.kind.nothing(),
        }
    }

    pub(crate) fn is_user_field(&self) -> bool {
        self.upper.starts_with("UF_")
    }
}

impl Kind {
    /// The value a row keeps for what a client sent.
    pub(crate) fn read(self, sent: &Value) -> Value {
        match self {
            Self::Int | Self::Ref => Value::Int(number::int(sent)),
            Self::Money => Value::Float(number::numeric(sent).unwrap_or_default()),
            Self::Flag => Value::Bool(match sent {
                Value::Str(text) => matches!(text.as_ref(), "Y" | "y" | "1"),
                other => other.is_truthy(),
            }),
            Self::Moment => match sent {
                Value::Str(text) => time::parse(text).into(),
                _ => Value::Null,
            },
            Self::Text => sent.to_text().map_or(Value::Null, Value::Str),
            Self::Multi | Self::Nested => sent.clone(),
        }
    }

    fn nothing(self) -> Value {
        match self {
            Self::Int | Self::Ref => Value::Int(0),
            Self::Money => Value::Float(0.0),
            Self::Flag => Value::Bool(false),
            Self::Text | Self::Moment => Value::Null,
            Self::Multi | Self::Nested => Value::empty(),
        }
    }

    /// The kept value as camelCase controllers print it: numbers are numbers.
    pub(crate) fn typed(self, kept: &Value) -> Value {
        match (self, kept) {
            (Self::Flag, Value::Bool(flag)) => flag_text(*flag),
            (Self::Moment, Value::Int(at)) => moment_text(*at),
            (_, kept) => kept.clone(),
        }
    }

    /// The kept value as UPPER families print it: everything is text.
    pub(crate) fn stringly(self, kept: &Value) -> Value {
        match (self, kept) {
            (Self::Flag, Value::Bool(flag)) => flag_text(*flag),
            (Self::Moment, Value::Int(at)) => moment_text(*at),
            (Self::Moment, _) => Value::from(""),
            (Self::Money, Value::Float(number)) => Value::from(format!("{number:.2}")),
            (_, Value::Int(number)) => Value::from(number.to_string()),
            (_, kept) => kept.clone(),
        }
    }

    /// The name of the kind in `*.fields`.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Int => "integer",
            Self::Ref => "user",
            Self::Text => "string",
            Self::Money => "double",
            Self::Flag => "char",
            Self::Moment => "datetime",
            Self::Multi => "crm_multifield",
            Self::Nested => "object",
        }
    }

    /// Whether the values are single ones, which a filter can compare.
    pub(crate) fn is_scalar(self) -> bool {
        !matches!(self, Self::Multi | Self::Nested)
    }
}

/// A phone or an e-mail as the CRM keeps them.
pub(crate) fn multi(id: i64, kind: &'static str, value: String) -> Value {
    let entry = map! {
        "ID" => id.to_string(), "VALUE_TYPE" => "WORK", "VALUE" => value, "TYPE_ID" => kind,
    };
    Value::from(vec![entry])
}

fn flag_text(flag: bool) -> Value {
    Value::Str(Cow::Borrowed(if flag { "Y" } else { "N" }))
}

fn moment_text(at: i64) -> Value {
    Value::from(time::iso(std::time::Duration::from_secs(at.max(0).unsigned_abs())))
}
