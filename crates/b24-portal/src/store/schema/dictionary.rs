//! The small tables that other rows refer to: stages, currencies, departments, pipelines, user fields.

use super::{ID, Kind, Value, fixed};
use crate::store::column::{Column, Origin};
use crate::value::{Array, map};

/// `crm.status.list`: the stages of leads and deals.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/status/crm-status-list.html>
pub(crate) static STATUS: &[Column] = &[
    ID,
    fixed("entityId", "ENTITY_ID", Kind::Text, |o| {
        Value::from(if o.id <= LEAD_STAGES { "STATUS" } else { "DEAL_STAGE" })
    }),
    fixed("statusId", "STATUS_ID", Kind::Text, |o| stage(o).0.into()),
    fixed("name", "NAME", Kind::Text, |o| stage(o).1.into()),
    fixed("nameInit", "NAME_INIT", Kind::Text, |o| stage(o).1.into()),
    fixed("sort", "SORT", Kind::Int, |o| Value::Int(o.id * 10)),
    fixed("system", "SYSTEM", Kind::Flag, |_| Value::Bool(true)),
    fixed("categoryId", "CATEGORY_ID", Kind::Int, |_| Value::Int(0)),
    fixed("color", "COLOR", Kind::Text, |_| Value::from("")),
    fixed("semantics", "SEMANTICS", Kind::Text, |o| stage(o).2.into()),
];

/// `crm.currency.list`: its key is the currency itself.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/currency/crm-currency-list.html>
pub(crate) static CRM_CURRENCY: &[Column] = &[
    fixed("currency", "CURRENCY", Kind::Text, |o| currency(o).0.into()),
    fixed("amountCnt", "AMOUNT_CNT", Kind::Int, |_| Value::Int(1)),
    fixed("amount", "AMOUNT", Kind::Money, |o| Value::Float(currency(o).2)),
    fixed("sort", "SORT", Kind::Int, |o| Value::Int(o.id * 100)),
    fixed("base", "BASE", Kind::Flag, |o| Value::Bool(o.id == 1)),
    fixed("fullName", "FULL_NAME", Kind::Text, |o| currency(o).1.into()),
    fixed("lid", "LID", Kind::Text, |_| Value::from("en")),
    fixed("formatString", "FORMAT_STRING", Kind::Text, |_| Value::from("# &#8364;")),
    fixed("decimals", "DECIMALS", Kind::Int, |_| Value::Int(2)),
];

/// `department.get`.
///
/// <https://apidocs.bitrix24.com/api-reference/departments/department-get.html>
pub(crate) static DEPARTMENT: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| nth(&["Company", "Sales", "Support", "Production", "Finance", "Export"], o)),
    fixed("sort", "SORT", Kind::Int, |o| Value::Int(o.id * 100)),
    fixed("parent", "PARENT", Kind::Ref, |o| Value::Int(i64::from(o.id > 1))),
    fixed("ufHead", "UF_HEAD", Kind::Ref, |o| Value::Int(o.id)),
];

/// `crm.category.list`: two pipelines of the smart process 128, two of deals.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/universal/category/crm-category-list.html>
pub(crate) static CATEGORY: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| nth(&["General", "Repeat", "Wholesale", "Retail"], o)),
    fixed("sort", "SORT", Kind::Int, |o| Value::Int(o.id * 100)),
    fixed("entityTypeId", "ENTITY_TYPE_ID", Kind::Int, |o| Value::Int(if o.id <= 2 { 128 } else { 2 })),
    fixed("isDefault", "IS_DEFAULT", Kind::Flag, |o| Value::Bool(o.id == 1)),
    fixed("originId", "ORIGIN_ID", Kind::Text, |_| Value::from("")),
    fixed("originatorId", "ORIGINATOR_ID", Kind::Text, |_| Value::from("")),
];

/// `userfieldconfig.list`: the one user field that each CRM entity has.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/universal/userfieldconfig/userfieldconfig-list.html>
pub(crate) static USER_FIELD: &[Column] = &[
    ID,
    fixed("entityId", "ENTITY_ID", Kind::Text, |o| nth(&["CRM_LEAD", "CRM_DEAL", "CRM_CONTACT", "CRM_COMPANY"], o)),
    fixed("fieldName", "FIELD_NAME", Kind::Text, |_| Value::from("UF_CRM_MARK")),
    fixed("userTypeId", "USER_TYPE_ID", Kind::Text, |_| Value::from("string")),
    fixed("xmlId", "XML_ID", Kind::Text, |_| Value::Null),
    fixed("sort", "SORT", Kind::Int, |_| Value::Int(100)),
    fixed("multiple", "MULTIPLE", Kind::Flag, |_| Value::Bool(false)),
    fixed("mandatory", "MANDATORY", Kind::Flag, |_| Value::Bool(false)),
    fixed("showFilter", "SHOW_FILTER", Kind::Flag, |_| Value::Bool(false)),
    fixed("showInList", "SHOW_IN_LIST", Kind::Flag, |_| Value::Bool(true)),
    fixed("editInList", "EDIT_IN_LIST", Kind::Flag, |_| Value::Bool(true)),
    fixed("isSearchable", "IS_SEARCHABLE", Kind::Flag, |_| Value::Bool(false)),
    fixed("settings", "SETTINGS", Kind::Nested, |_| map! { "SIZE" => 20_i64, "ROWS" => 1_i64 }.into()),
    // No language has a label of its own: a map without entries, which PHP writes as a list.
    fixed("languageId", "LANGUAGE_ID", Kind::Nested, |_| Array::new().into()),
];

const LEAD_STAGES: i64 = 5;

/// The stages that leads and deals go through: id, name, whether they end it well or badly.
const STAGES: &[(&str, &str, Option<&str>)] = &[
    ("NEW", "Unassigned", None),
    ("IN_PROCESS", "In progress", None),
    ("PROCESSED", "Processed", None),
    ("CONVERTED", "Converted", Some("S")),
    ("JUNK", "Junk", Some("F")),
    ("NEW", "New", None),
    ("PREPARATION", "Preparation", None),
    ("EXECUTING", "In execution", None),
    ("WON", "Deal won", Some("S")),
    ("LOSE", "Deal lost", Some("F")),
];

const MONEY: &[(&str, &str, f64)] = &[("EUR", "Euro", 1.0), ("USD", "US Dollar", 0.92), ("PLN", "Zloty", 0.23)];

/// How many rows each of these tables has.
pub(crate) const STATUSES: u32 = 10;
pub(crate) const CURRENCIES: u32 = 3;
pub(crate) const DEPARTMENTS: u32 = 6;
pub(crate) const CATEGORIES: u32 = 4;
pub(crate) const USER_FIELDS: u32 = 4;

fn stage(origin: &Origin) -> (&'static str, &'static str, Option<&'static str>) {
    row(STAGES, origin).copied().unwrap_or_default()
}

fn currency(origin: &Origin) -> (&'static str, &'static str, f64) {
    row(MONEY, origin).copied().unwrap_or_default()
}

fn nth(names: &'static [&'static str], origin: &Origin) -> Value {
    row(names, origin).copied().into()
}

fn row<T>(rows: &'static [T], origin: &Origin) -> Option<&'static T> {
    rows.get(usize::try_from(origin.id).ok()?.checked_sub(1)?)
}
