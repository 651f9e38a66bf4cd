//! What v3 knows about an object: its fields, what may be done with each, and its relations.

use super::world::World;
use crate::engine::error::Trouble;
use crate::store::{Column, Kind, Table};
use crate::value::{Array, Value, map};

/// A v3 object type.
#[derive(Debug)]
pub(crate) struct Dto {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) relations: &'static [Relation],
    pub(crate) table: fn(&World) -> &Table,
    /// Whether a list without `select` gives ids only, or everything.
    pub(crate) lists_ids_only: bool,
}

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// The column it is kept in.
    pub(crate) column: &'static str,
    pub(crate) filterable: bool,
    pub(crate) sortable: bool,
    pub(crate) editable: bool,
    pub(crate) required: bool,
    /// The words that stand for numbers, when the object shows words.
    pub(crate) words: &'static [(i64, &'static str)],
}

/// A field that can only be looked at: the base to build others from.
pub(crate) const PLAIN: Field =
    Field { name: "", column: "", filterable: false, sortable: false, editable: false, required: false, words: &[] };

/// An object next to this one, reached with a dotted name in `select`.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    /// The type of the other object.
    pub(crate) dto: &'static str,
    /// The column with the other object's id.
    pub(crate) via: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) read: fn(&World, i64, &str) -> Value,
}

impl Dto {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    pub(crate) fn column(&self, world: &World, field: &Field) -> Result<&'static Column, Trouble> {
        // Every field names a column of its own table; a unit test holds all of them against it.
        (self.table)(world).column(field.column).ok_or_else(|| Trouble::unknown_property(field.name, self.name))
    }

    /// The value of a field, typed as JSON types it.
    pub(crate) fn value(&self, world: &World, id: i64, field: &Field) -> Value {
        let table = (self.table)(world);
        let Some(column) = table.column(field.column) else { return Value::Null };
        let kept = table.value(id, column);
        match (column.kind, &kept) {
            (Kind::Flag, _) => kept,
            // No relation is null, not 0.
            (Kind::Ref, Value::Int(0)) => Value::Null,
            (_, Value::Int(number)) if !field.words.is_empty() => {
                let word = field.words.iter().find(|(known, _)| known == number);
                word.map(|(_, word)| *word).into()
            }
            (kind, kept) => kind.typed(kept),
        }
    }

    /// The rows of `*.field.list`.
    pub(crate) fn describe(&self, world: &World) -> Vec<Array> {
        self.fields.iter().map(|field| self.describe_field(world, field)).collect()
    }

    pub(crate) fn describe_field(&self, world: &World, field: &Field) -> Array {
        map! {
            "name" => field.name,
            "type" => self.type_of(world, field),
            "title" => field.name,
            "description" => Value::Null,
            "filterable" => field.filterable,
            "sortable" => field.sortable,
            "editable" => field.editable,
            "multiple" => false,
            "elementType" => Value::Null,
        }
    }

    pub(crate) fn type_of(&self, world: &World, field: &Field) -> &'static str {
        match (self.table)(world).column(field.column).map(|column| column.kind) {
            _ if !field.words.is_empty() => "string",
            Some(Kind::Int | Kind::Ref) => "int",
            Some(Kind::Money) => "float",
            Some(Kind::Flag) => "bool",
            Some(Kind::Moment) => "object",
            Some(Kind::Text | Kind::Multi | Kind::Nested) | None => "string",
        }
    }
}

/// The required integer `id` of a request.
pub(crate) fn read_id(params: &Array) -> Result<i64, Trouble> {
    let id = params.filled("id").ok_or_else(|| Trouble::required("id"))?;
    // A text of digits is not a number here.
    if let Value::Int(id) = id { Ok(*id) } else { Err(Trouble::wrong_type("id", "int")) }
}
