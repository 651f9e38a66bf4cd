//! The families that are described rather than programmed, one constant each.
//!
//! Where their rows are and how the id is spelled is on each method's page; the column tables link to them.

use super::catalog;
use super::family::{CLASSIC, CONTROLLER, Family, Filter, Rows, Total};
use super::paging::Paging;
use super::world::World;
use crate::engine::error::Refusal;
use crate::php::number;
use crate::store::{Cond, Op, Table, schema};
use crate::value::{Array, Value};

pub(crate) static LISTS: Family = Family {
    table: |world| &world.lists,
    within: |world, params| {
        listed(params, "IBLOCK_TYPE_ID")?;
        Ok(match (params.filled("IBLOCK_ID"), params.filled("IBLOCK_CODE")) {
            (Some(id), _) => equals(&world.lists, "id", id),
            (None, Some(code)) => equals(&world.lists, "code", code),
            (None, None) => Cond::everything(),
        })
    },
    filter: Filter::Ignored,
    order: "IBLOCK_ORDER",
    selects: false,
    ..CLASSIC
};

pub(crate) static LIST_ELEMENTS: Family = Family {
    table: |world| &world.list_elements,
    within: |world, params| {
        listed(params, "IBLOCK_TYPE_ID")?;
        let list = match (params.filled("IBLOCK_ID"), params.filled("IBLOCK_CODE")) {
            (Some(id), _) => number::int(id),
            (None, Some(code)) => code.as_str().and_then(|code| code.strip_prefix("list_")?.parse().ok()).unwrap_or(0),
            (None, None) => return Err(required("IBLOCK_ID")),
        };
        if !world.lists.contains(list) {
            return Err(Refusal::new(400, "ERROR_IBLOCK_NOT_FOUND", "Iblock not found"));
        }
        // The elements are those of the first list; the others are empty.
        Ok(match params.filled("ELEMENT_ID") {
            _ if list != 1 => Cond::nothing(),
            Some(id) => equals(&world.list_elements, "id", id),
            None => Cond::everything(),
        })
    },
    order: "ELEMENT_ORDER",
    ..CLASSIC
};

/// The disk is counted from the very row that `start` names.
const DISK: Family = Family { paging: Paging::Exact, selects: false, ..CLASSIC };

pub(crate) static STORAGES: Family = Family { table: |world| &world.storages, ..DISK };

pub(crate) static STORAGE_CHILDREN: Family = Family {
    table: |world| &world.disk,
    within: |world, params| {
        let storage = disk_id(params)?;
        if world.storages.contains(storage) { Ok(children(world, storage)) } else { Err(no_entity(storage)) }
    },
    ..DISK
};

pub(crate) static FOLDER_CHILDREN: Family = Family {
    table: |world| &world.disk,
    within: |world, params| {
        let folder = disk_id(params)?;
        let is_folder = (1..=i64::from(schema::ROOTS + schema::FOLDERS)).contains(&folder);
        if is_folder { Ok(children(world, folder)) } else { Err(no_entity(folder)) }
    },
    ..DISK
};

pub(crate) static PRODUCTS: Family = Family {
    table: |world| &world.products,
    within: catalog::list_is_complete,
    rows: Rows::Under("products"),
    ..CONTROLLER
};

/// It filters by time and client only, and tells neither `total` nor `next`: a page that is not full is the last.
pub(crate) static BOOKINGS: Family = Family {
    table: |world| &world.bookings,
    rows: Rows::Under("booking"),
    filter: Filter::Ignored,
    total: Total::Untold,
    selects: false,
    ..CONTROLLER
};

/// An object keyed by id.
pub(crate) static TEMPLATES: Family =
    Family { table: |world| &world.templates, rows: Rows::Keyed("templates"), texts: true, ..CONTROLLER };

/// More than fifty addresses are fifty, and the next page is never told, unless `start=-1` asks for the first page:
/// <https://github.com/bitrix24/b24phpsdk/issues/144>
pub(crate) static ADDRESSES: Family = Family { table: |world| &world.addresses, total: Total::Capped, ..CLASSIC };

pub(crate) static STAGE_HISTORY: Family = Family {
    table: |world| &world.stage_history,
    // Only deals have a history here.
    within: |_, params| Ok(if entity_type(params)? == 2 { Cond::everything() } else { Cond::nothing() }),
    rows: Rows::Under("items"),
    texts: false,
    paging: Paging::Flooring,
    ..CLASSIC
};

pub(crate) static STATUSES: Family = Family { table: |world| &world.statuses, selects: false, ..CLASSIC };

pub(crate) static CURRENCIES: Family =
    Family { table: |world| &world.currencies, filter: Filter::Ignored, selects: false, ..CLASSIC };

/// `department.get {"PARENT": 1, "sort": "NAME", "order": "DESC"}`
pub(crate) static DEPARTMENTS: Family =
    Family { table: |world| &world.departments, filter: Filter::Parameters, selects: false, ..CLASSIC };

pub(crate) static CATEGORIES: Family = Family {
    table: |world| &world.categories,
    within: |world, params| Ok(equals(&world.categories, "entityTypeId", &Value::Int(entity_type(params)?))),
    rows: Rows::Under("categories"),
    filter: Filter::Ignored,
    selects: false,
    ..CONTROLLER
};

pub(crate) static USER_FIELDS: Family = Family {
    table: |world| &world.user_fields,
    within: |_, params| {
        params.filled("MODULEID").ok_or_else(|| Refusal::missing_parameter("moduleId"))?;
        Ok(Cond::everything())
    },
    rows: Rows::Under("fields"),
    texts: true,
    ..CONTROLLER
};

/// Not part of a real portal: whatever the filter, the same rows again.
pub(crate) static STALLING: Family = Family { filter: Filter::Ignored, ..CLASSIC };

/// Not part of a real portal: rows the caller may not see are taken off the page when it has been read.
pub(crate) static THINNING: Family = Family { hides: Some(|id| id % 3 == 0), ..CLASSIC };

fn listed(params: &Array, name: &str) -> Result<(), Refusal> {
    params.filled(name).map(|_| ()).ok_or_else(|| required(name))
}

fn required(name: &str) -> Refusal {
    Refusal::new(400, "ERROR_REQUIRED_PARAMETERS_MISSING", format!("Required parameter `{name}` is missing"))
}

fn equals(table: &Table, column: &str, value: &Value) -> Cond {
    table.column(column).map_or_else(Cond::nothing, |column| Cond::test(column, Op::In, value))
}

fn disk_id(params: &Array) -> Result<i64, Refusal> {
    let wrong = || Refusal::new(400, "ERROR_ARGUMENT", "Invalid value of parameter {Parameter #1}");
    params.filled("ID").map(number::int).filter(|id| *id > 0).ok_or_else(wrong)
}

fn no_entity(id: i64) -> Refusal {
    Refusal::new(400, "ERROR_NOT_FOUND", format!("Could not find entity with id `{id}`"))
}

/// The ids of what is in a folder: folders are numbered after the roots, and files after the folders.
fn children(world: &World, folder: i64) -> Cond {
    let (roots, folders) = (i64::from(schema::ROOTS), i64::from(schema::ROOTS + schema::FOLDERS));
    let range = match folder {
        1 => [roots + 1, folders],
        folder if folder == roots + 1 => [folders + 1, i64::MAX],
        _ => return Cond::nothing(),
    };
    let id = world.disk.column("id");
    id.map_or_else(Cond::nothing, |id| Cond::test(id, Op::Between, &Value::from(range.to_vec())))
}

fn entity_type(params: &Array) -> Result<i64, Refusal> {
    params.filled("ENTITYTYPEID").map(number::int).ok_or_else(|| Refusal::missing_parameter("entityTypeId"))
}
