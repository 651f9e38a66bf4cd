//! The columns of every table, and how their made-up values come about.

mod content;
pub(crate) mod dictionary;

pub(crate) use content::{
    ADDRESS, BOOKING, DISK, FOLDERS, LIST, LIST_ELEMENT, PRODUCT, ROOTS, STAGE_HISTORY, STORAGE, TEMPLATE,
};
pub(crate) use dictionary::{CATEGORY, CRM_CURRENCY, DEPARTMENT, STATUS, USER_FIELD};

use super::column::{Column, Kind, Origin, multi};
use crate::value::Value;

const fn col(name: &'static str, upper: &'static str, kind: Kind, make: fn(&Origin) -> Value) -> Column {
    Column { name, upper, kind, read_only: false, default: None, make }
}

const fn fixed(name: &'static str, upper: &'static str, kind: Kind, make: fn(&Origin) -> Value) -> Column {
    Column { name, upper, kind, read_only: true, default: None, make }
}

/// A column whose new rows have a value from the start.
const fn preset(column: Column, default: &'static str) -> Column {
    Column { default: Some(default), ..column }
}

const ID: Column = fixed("id", "ID", Kind::Int, |o| Value::Int(o.id));
const CREATED: Column = fixed("createdTime", "DATE_CREATE", Kind::Moment, created);
const UPDATED: Column = fixed("updatedTime", "DATE_MODIFY", Kind::Moment, changed);
const CREATED_BY: Column = fixed("createdBy", "CREATED_BY_ID", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8)));
const UPDATED_BY: Column = fixed("updatedBy", "MODIFY_BY_ID", Kind::Ref, |o| Value::Int(1 + o.pick(2, 8)));
const ASSIGNED: Column = col("assignedById", "ASSIGNED_BY_ID", Kind::Ref, |o| Value::Int(1 + o.pick(3, 8)));
const OPENED: Column = preset(col("opened", "OPENED", Kind::Flag, |o| Value::Bool(o.pick(4, 3) > 0)), "Y");
const SOURCE: Column =
    col("sourceId", "SOURCE_ID", Kind::Text, |o| pick(o, 5, &["CALL", "EMAIL", "WEB", "ADVERTISING"]));
const CURRENCY: Column = preset(col("currencyId", "CURRENCY_ID", Kind::Text, |_| Value::from("EUR")), "EUR");
const OPPORTUNITY: Column = col("opportunity", "OPPORTUNITY", Kind::Money, amount);
const MANUAL: Column =
    col("isManualOpportunity", "IS_MANUAL_OPPORTUNITY", Kind::Flag, |o| Value::Bool(o.pick(28, 2) > 0));
const COMPANY_ID: Column = col("companyId", "COMPANY_ID", Kind::Ref, |o| Value::Int(o.pick(6, 40)));
const CONTACT_ID: Column = col("contactId", "CONTACT_ID", Kind::Ref, |o| Value::Int(o.pick(7, 40)));
const COMMENTS: Column = col("comments", "COMMENTS", Kind::Text, |_| Value::Null);
const ORIGINATOR: Column = col("originatorId", "ORIGINATOR_ID", Kind::Text, |_| Value::Null);
const ORIGIN_ID: Column = col("originId", "ORIGIN_ID", Kind::Text, |_| Value::Null);
const XML_ID: Column = col("xmlId", "XML_ID", Kind::Text, |_| Value::Null);
const UF_MARK: Column = col("ufCrmMark", "UF_CRM_MARK", Kind::Text, |o| Value::from(format!("mark-{}", o.pick(8, 10))));
const NAME: Column = col("name", "NAME", Kind::Text, |o| pick(o, 9, FIRST_NAMES));
const LAST_NAME: Column = col("lastName", "LAST_NAME", Kind::Text, |o| pick(o, 10, LAST_NAMES));
const SECOND_NAME: Column = col("secondName", "SECOND_NAME", Kind::Text, |_| Value::Null);
const PHONE: Column =
    col("phone", "PHONE", Kind::Multi, |o| multi(2 * o.id - 1, "PHONE", format!("+37060{:06}", o.pick(11, 1_000_000))));
const EMAIL: Column =
    col("email", "EMAIL", Kind::Multi, |o| multi(2 * o.id, "EMAIL", format!("person{}@example.com", o.id)));

/// `crm.lead.*`, entity type 1.
pub(crate) static LEAD: &[Column] = &[
    ID,
    col("title", "TITLE", Kind::Text, |o| Value::from(format!("Lead {}", o.id))),
    NAME,
    SECOND_NAME,
    LAST_NAME,
    preset(
        col("stageId", "STATUS_ID", Kind::Text, |o| {
            pick(o, 12, &["NEW", "IN_PROCESS", "PROCESSED", "CONVERTED", "JUNK"])
        }),
        "NEW",
    ),
    SOURCE,
    CURRENCY,
    OPPORTUNITY,
    MANUAL,
    COMPANY_ID,
    CONTACT_ID,
    OPENED,
    COMMENTS,
    ORIGINATOR,
    ORIGIN_ID,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED,
    UPDATED,
    PHONE,
    EMAIL,
    UF_MARK,
];

/// `crm.deal.*`, entity type 2.
pub(crate) static DEAL: &[Column] = &[
    ID,
    col("title", "TITLE", Kind::Text, |o| Value::from(format!("Deal {}", o.id))),
    col("typeId", "TYPE_ID", Kind::Text, |o| pick(o, 13, &["SALE", "COMPLEX", "SERVICE"])),
    col("categoryId", "CATEGORY_ID", Kind::Int, |_| Value::Int(0)),
    preset(
        col("stageId", "STAGE_ID", Kind::Text, |o| pick(o, 12, &["NEW", "PREPARATION", "EXECUTING", "WON", "LOSE"])),
        "NEW",
    ),
    SOURCE,
    CURRENCY,
    OPPORTUNITY,
    MANUAL,
    COMPANY_ID,
    CONTACT_ID,
    OPENED,
    col("closed", "CLOSED", Kind::Flag, |o| Value::Bool(o.pick(12, 5) > 2)),
    COMMENTS,
    ORIGINATOR,
    ORIGIN_ID,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED,
    UPDATED,
    UF_MARK,
];

/// `crm.contact.*`, entity type 3.
pub(crate) static CONTACT: &[Column] = &[
    ID,
    NAME,
    SECOND_NAME,
    LAST_NAME,
    col("post", "POST", Kind::Text, |o| pick(o, 14, &["Director", "Buyer", "Engineer"])),
    col("typeId", "TYPE_ID", Kind::Text, |o| pick(o, 13, &["CLIENT", "SUPPLIER", "PARTNER"])),
    SOURCE,
    COMPANY_ID,
    OPENED,
    COMMENTS,
    ORIGINATOR,
    ORIGIN_ID,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED,
    UPDATED,
    PHONE,
    EMAIL,
    UF_MARK,
];

/// `crm.company.*`, entity type 4.
pub(crate) static COMPANY: &[Column] = &[
    ID,
    col("title", "TITLE", Kind::Text, |o| Value::from(format!("Company {}", o.id))),
    col("typeId", "COMPANY_TYPE", Kind::Text, |o| pick(o, 13, &["CUSTOMER", "SUPPLIER", "COMPETITOR"])),
    col("industry", "INDUSTRY", Kind::Text, |o| pick(o, 15, &["IT", "TELECOM", "MANUFACTURING"])),
    col("revenue", "REVENUE", Kind::Money, amount),
    CURRENCY,
    OPENED,
    COMMENTS,
    ORIGINATOR,
    ORIGIN_ID,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED,
    UPDATED,
    PHONE,
    EMAIL,
    UF_MARK,
];

/// A smart process: known to `crm.item.*` only.
pub(crate) static SMART: &[Column] = &[
    ID,
    XML_ID,
    col("title", "TITLE", Kind::Text, |o| Value::from(format!("Item {}", o.id))),
    col("categoryId", "CATEGORY_ID", Kind::Int, |_| Value::Int(1)),
    preset(
        col("stageId", "STAGE_ID", Kind::Text, |o| {
            pick(o, 12, &["DT128_1:NEW", "DT128_1:PREPARATION", "DT128_1:SUCCESS"])
        }),
        "DT128_1:NEW",
    ),
    SOURCE,
    CURRENCY,
    OPPORTUNITY,
    MANUAL,
    COMPANY_ID,
    CONTACT_ID,
    OPENED,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED,
    UPDATED,
    UF_MARK,
];

/// Tasks, as v2 spells them.
pub(crate) static TASK: &[Column] = &[
    ID,
    col("title", "TITLE", Kind::Text, |o| Value::from(format!("Task {}", o.id))),
    col("description", "DESCRIPTION", Kind::Text, |o| Value::from(format!("What to do in task {}", o.id))),
    preset(col("status", "STATUS", Kind::Int, |o| Value::Int(2 + o.pick(16, 4))), "2"),
    preset(col("priority", "PRIORITY", Kind::Int, |o| Value::Int(o.pick(17, 3))), "1"),
    col("parentId", "PARENT_ID", Kind::Ref, |_| Value::Int(0)),
    col("groupId", "GROUP_ID", Kind::Ref, |o| Value::Int(o.pick(18, 5))),
    col("stageId", "STAGE_ID", Kind::Int, |_| Value::Int(0)),
    col("createdBy", "CREATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8))),
    col("responsibleId", "RESPONSIBLE_ID", Kind::Ref, |o| Value::Int(1 + o.pick(3, 8))),
    fixed("createdDate", "CREATED_DATE", Kind::Moment, created),
    fixed("changedDate", "CHANGED_DATE", Kind::Moment, changed),
    fixed("closedDate", "CLOSED_DATE", Kind::Moment, |_| Value::Null),
    col("deadline", "DEADLINE", Kind::Moment, |o| match o.pick(19, 3) {
        0 => Value::Null,
        days => Value::Int(o.started.saturating_add(days * 86_400)),
    }),
    col("allowChangeDeadline", "ALLOW_CHANGE_DEADLINE", Kind::Flag, |o| Value::Bool(o.pick(20, 2) > 0)),
    col("mark", "MARK", Kind::Text, |_| Value::Null),
    col("xmlId", "XML_ID", Kind::Text, |_| Value::Null),
];

/// Employees.
pub(crate) static USER: &[Column] = &[
    ID,
    col("active", "ACTIVE", Kind::Flag, |o| Value::Bool(o.id < 8)),
    NAME,
    LAST_NAME,
    SECOND_NAME,
    col("email", "EMAIL", Kind::Text, |o| Value::from(format!("user{}@example.com", o.id))),
    col("xmlId", "XML_ID", Kind::Text, |_| Value::Null),
    col("workPosition", "WORK_POSITION", Kind::Text, |o| pick(o, 14, &["Director", "Manager", "Engineer"])),
    col("userType", "USER_TYPE", Kind::Text, |_| Value::from("employee")),
    fixed("dateRegister", "DATE_REGISTER", Kind::Moment, created),
    fixed("lastLogin", "LAST_LOGIN", Kind::Moment, changed),
];

/// The audit log of `main.eventlog.*`.
pub(crate) static EVENT_LOG: &[Column] = &[
    ID,
    fixed("timestampX", "TIMESTAMP_X", Kind::Moment, created),
    fixed("severity", "SEVERITY", Kind::Text, |o| pick(o, 21, &["INFO", "WARNING", "SECURITY"])),
    fixed("auditTypeId", "AUDIT_TYPE_ID", Kind::Text, |o| pick(o, 22, &["USER_AUTHORIZE", "USER_LOGOUT", "USER_EDIT"])),
    fixed("moduleId", "MODULE_ID", Kind::Text, |_| Value::from("main")),
    fixed("itemId", "ITEM_ID", Kind::Text, |o| Value::from(o.pick(23, 9).to_string())),
    fixed("remoteAddr", "REMOTE_ADDR", Kind::Text, |o| Value::from(format!("192.0.2.{}", o.pick(24, 250)))),
    fixed("userAgent", "USER_AGENT", Kind::Text, |_| Value::from("Mozilla/5.0")),
    fixed("requestUri", "REQUEST_URI", Kind::Text, |_| Value::from("/auth/")),
    fixed("siteId", "SITE_ID", Kind::Text, |_| Value::from("s1")),
    fixed("userId", "USER_ID", Kind::Ref, |o| Value::Int(1 + o.pick(25, 8))),
    fixed("guestId", "GUEST_ID", Kind::Ref, |_| Value::Int(0)),
    fixed("description", "DESCRIPTION", Kind::Text, |o| Value::from(format!("Entry {}", o.id))),
];

const FIRST_NAMES: &[&str] = &["Anna", "Boris", "Clara", "Dmitry", "Elena", "Felix", "Greta", "Hugo"];
const LAST_NAMES: &[&str] = &["Adams", "Berger", "Castro", "Dubois", "Eriksen", "Fischer", "Garcia"];

fn pick(origin: &Origin, purpose: u64, from: &'static [&'static str]) -> Value {
    let count = i64::try_from(from.len()).unwrap_or(1);
    let index = usize::try_from(origin.pick(purpose, count)).unwrap_or_default();
    from.get(index).copied().map_or(Value::Null, Value::from)
}

/// Rows are a minute apart, the first is the oldest; five million fit before the portal's start.
fn created(origin: &Origin) -> Value {
    let base = origin.started - 10 * 365 * 86_400;
    Value::Int(base + origin.id * 60)
}

fn changed(origin: &Origin) -> Value {
    match created(origin) {
        Value::Int(at) => Value::Int(at + origin.pick(26, 60)),
        other => other,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand units of money")]
fn amount(origin: &Origin) -> Value {
    Value::Float(origin.pick(27, 100_000) as f64 / 4.0)
}
