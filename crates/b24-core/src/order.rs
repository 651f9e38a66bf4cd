//! In which order rows come.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

/// Upwards or downwards; `ASC` or `DESC` on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "a list runs up or down")]
pub enum Direction {
    /// The least first.
    #[default]
    #[serde(rename = "ASC", alias = "asc")]
    Asc,
    /// The greatest first.
    #[serde(rename = "DESC", alias = "desc")]
    Desc,
}

impl Direction {
    /// `ASC` or `DESC`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "ASC",
            Self::Desc => "DESC",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The parameter `order`: fields and their directions, the first field counting most.
///
/// A type of its own, because the order of its keys means something, and maps of `serde_json` sort them: `json!` with
/// `{"name": "ASC", "id": "DESC"}` goes over the wire with `id` first, and so does an `Order` inside of `json!`. Put it
/// into [`Fields`](crate::Fields) or a struct.
///
/// ```
/// use b24_core::{Fields, Order};
///
/// let params = Fields::new().set("order", Order::new().asc("lastName").desc("id"));
/// assert_eq!(serde_json::to_string(&params)?, r#"{"order":{"lastName":"ASC","id":"DESC"}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(Vec<(String, Direction)>);

impl Order {
    /// No order: the family's own, which is not always by id.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Then by `field`, upwards.
    #[must_use]
    pub fn asc(self, field: impl Into<String>) -> Self {
        self.by(field, Direction::Asc)
    }

    /// Then by `field`, downwards.
    #[must_use]
    pub fn desc(self, field: impl Into<String>) -> Self {
        self.by(field, Direction::Desc)
    }

    /// Then by `field`. A field that is there already keeps its place and takes the new direction.
    #[must_use]
    pub fn by(mut self, field: impl Into<String>, direction: Direction) -> Self {
        let field = field.into();
        match self.0.iter_mut().find(|(known, _)| *known == field) {
            Some((_, known)) => *known = direction,
            None => self.0.push((field, direction)),
        }
        self
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, direction) in &self.0 {
            map.serialize_entry(field, direction)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order() {
        let order = Order::new().desc("name").asc("id").by("name", Direction::Asc);
        assert_eq!(serde_json::to_string(&order).unwrap(), r#"{"name":"ASC","id":"ASC"}"#);
    }

    #[test]
    fn directions_are_spelled_as_the_portal_does() {
        for (direction, text) in [(Direction::Asc, "ASC"), (Direction::Desc, "DESC")] {
            assert_eq!(serde_json::to_value(direction).unwrap(), text);
            assert_eq!(direction.to_string(), text);
            for spelled in [text.to_owned(), text.to_lowercase()] {
                assert_eq!(serde_json::from_value::<Direction>(spelled.into()).unwrap(), direction);
            }
        }
    }
}
