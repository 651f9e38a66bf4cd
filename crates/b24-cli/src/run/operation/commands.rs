//! The commands of a batch, in any of the forms in which they may be written.

use std::fmt;

use b24::batch::Command;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::output::Payload;

/// Commands in their order: `[method, params?]`, `{method, params?, as?, parallel?}`, or either under a label.
#[derive(Debug)]
pub(in crate::run) struct Commands(Vec<Written>);

#[derive(Debug)]
struct Written {
    method: String,
    params: Option<Payload>,
    label: Option<String>,
    parallel: Option<bool>,
}

impl Commands {
    pub(in crate::run) fn len(&self) -> usize {
        self.0.len()
    }

    /// The labels, where there are any.
    pub(in crate::run) fn labels(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|command| command.label.as_deref())
    }

    pub(in crate::run) fn build(&self) -> impl Iterator<Item = Command> + Send {
        self.0.iter().map(|Written { method, params, label, parallel }| {
            let mut command = Command::new(method);
            if let Some(params) = params {
                command = command.params(params);
            }
            if let Some(label) = label {
                command = command.label(label);
            }
            if let Some(parallel) = parallel {
                command = command.parallel(*parallel);
            }
            command
        })
    }
}

impl<'de> Deserialize<'de> for Commands {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(All)
    }
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Commands;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object of commands")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Commands, A::Error> {
        let mut commands = Vec::new();
        while let Some(command) = list.next_element()? {
            commands.push(command);
        }
        Ok(Commands(commands))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Commands, A::Error> {
        let mut commands = Vec::new();
        while let Some((label, command)) = map.next_entry::<String, Written>()? {
            // A label of its own wins.
            commands.push(Written { label: command.label.or(Some(label)), ..command });
        }
        Ok(Commands(commands))
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(One)
    }
}

struct One;

impl<'de> Visitor<'de> for One {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[method, params] or {method, params, as, parallel}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let method = list.next_element()?.ok_or_else(|| A::Error::custom("expected a method"))?;
        let params = list.next_element::<Option<Payload>>()?.flatten();
        if list.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("expected a method and its parameters, and nothing else"));
        }
        Ok(Written { method, params, label: None, parallel: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Object {
            method: String,
            params: Option<Payload>,
            #[serde(rename = "as")]
            label: Option<String>,
            parallel: Option<bool>,
        }

        let Object { method, params, label, parallel } = Object::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Written { method, params, label, parallel })
    }
}
