//! Phones, e-mails, sites and messengers: fields of CRM that hold rows.

use serde::{Serialize, Serializer};

/// Changes to a field such as `PHONE`, `EMAIL`, `WEB` or `IM`: rows to add, to change and to delete. Rows that are not
/// named stay as they are.
///
/// The types of values are the portal's: `WORK`, `MOBILE`, `FAX`, `HOME`, `PAGER`, `MAILING`, `OTHER` for phones, `WORK`,
/// `HOME`, `MAILING`, `OTHER` for e-mails. The ids of rows come with the record.
///
/// ```
/// use b24_core::MultiField;
///
/// let phones = MultiField::new().add("+1 555 0100", "WORK").set(5, "+1 555 0101").delete(6);
/// assert_eq!(
///     serde_json::to_string(&phones)?,
///     r#"[{"VALUE":"+1 555 0100","VALUE_TYPE":"WORK"},{"ID":"5","VALUE":"+1 555 0101"},{"ID":"6","DELETE":"Y"}]"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/data-types.html>,
/// <https://apidocs.bitrix24.com/tutorials/crm/how-to-edit-crm-objects/how-to-change-email-or-phone.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MultiField(Vec<Row>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(rename = "VALUE_TYPE", skip_serializing_if = "Option::is_none")]
    value_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<&'static str>,
}

impl MultiField {
    /// No changes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    #[must_use]
    pub fn add(self, value: impl Into<String>, value_type: impl Into<String>) -> Self {
        self.with(Row { value: Some(value.into()), value_type: Some(value_type.into()), ..Row::default() })
    }

    /// Gives the row `id` another value; its type stays. An empty value deletes the row.
    #[must_use]
    pub fn set(self, id: u64, value: impl Into<String>) -> Self {
        self.with(Row { id: Some(id), value: Some(value.into()), ..Row::default() })
    }

    /// Gives the row `id` another value and another type.
    #[must_use]
    pub fn set_with_type(self, id: u64, value: impl Into<String>, value_type: impl Into<String>) -> Self {
        let (value, value_type) = (Some(value.into()), Some(value_type.into()));
        self.with(Row { id: Some(id), value, value_type, ..Row::default() })
    }

    /// Deletes the row `id`.
    #[must_use]
    pub fn delete(self, id: u64) -> Self {
        self.with(Row { id: Some(id), delete: Some("Y"), ..Row::default() })
    }

    fn with(mut self, row: Row) -> Self {
        self.0.push(row);
        self
    }
}

/// Ids come as text in these rows, and go as they came.
fn as_text<S: Serializer>(id: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|id| id.to_string()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order() {
        let rows = MultiField::new().delete(6).set_with_type(5, "a@b.c", "HOME").add("d@e.f", "WORK");
        assert_eq!(
            serde_json::to_string(&rows).unwrap(),
            concat!(
                r#"[{"ID":"6","DELETE":"Y"},{"ID":"5","VALUE":"a@b.c","VALUE_TYPE":"HOME"},"#,
                r#"{"VALUE":"d@e.f","VALUE_TYPE":"WORK"}]"#
            )
        );
        assert_eq!(serde_json::to_string(&MultiField::new()).unwrap(), "[]");
    }
}
