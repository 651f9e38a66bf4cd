//! The tables of the other modules: lists, the disk, the catalogue, bookings, templates, addresses, stage history.

use super::{CREATED, FIRST_NAMES, ID, Kind, Value, amount, changed, col, created, fixed, pick, preset};
use crate::php::time;
use crate::store::column::{Column, Origin};
use crate::value::map;

/// `lists.get`.
///
/// <https://apidocs.bitrix24.com/api-reference/lists/lists/lists-get.html>
pub(crate) static LIST: &[Column] = &[
    ID,
    fixed("iblockTypeId", "IBLOCK_TYPE_ID", Kind::Text, |_| Value::from("lists")),
    fixed("code", "CODE", Kind::Text, |o| Value::from(format!("list_{}", o.id))),
    fixed("name", "NAME", Kind::Text, |o| Value::from(format!("List {}", o.id))),
    fixed("active", "ACTIVE", Kind::Flag, |_| Value::Bool(true)),
    fixed("sort", "SORT", Kind::Int, |_| Value::Int(500)),
    fixed("description", "DESCRIPTION", Kind::Text, |_| Value::from("")),
    fixed("socnetGroupId", "SOCNET_GROUP_ID", Kind::Text, |_| Value::Null),
];

/// `lists.element.get`: the elements of list 1.
///
/// <https://apidocs.bitrix24.com/api-reference/lists/elements/lists-element-get.html>
pub(crate) static LIST_ELEMENT: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| Value::from(format!("Element {}", o.id))),
    fixed("iblockSectionId", "IBLOCK_SECTION_ID", Kind::Text, |_| Value::Null),
    fixed("createdBy", "CREATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8))),
    fixed("code", "CODE", Kind::Text, |o| Value::from(format!("element_{}", o.id))),
    fixed("dateCreate", "DATE_CREATE", Kind::Moment, created),
    // The values of a property are keyed by the id of each value.
    fixed("property101", "PROPERTY_101", Kind::Nested, |o| {
        map! { (2 * o.id).to_string() => pick(o, 31, FIRST_NAMES), (2 * o.id + 1).to_string() => pick(o, 32, FIRST_NAMES) }
            .into()
    }),
    fixed("property102", "PROPERTY_102", Kind::Nested, |o| {
        map! { (3_000_000_000 + o.id).to_string() => o.pick(33, 1000).to_string() }.into()
    }),
];

/// `disk.storage.getlist`: a common drive and one for each user after it.
///
/// <https://apidocs.bitrix24.com/api-reference/disk/storage/disk-storage-get-list.html>
pub(crate) static STORAGE: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| match o.id {
        1 => Value::from("Company drive"),
        id => Value::from(format!("Drive of user {id}")),
    }),
    fixed("code", "CODE", Kind::Text, |_| Value::Null),
    fixed("moduleId", "MODULE_ID", Kind::Text, |_| Value::from("disk")),
    fixed("entityType", "ENTITY_TYPE", Kind::Text, |o| Value::from(if o.id == 1 { "common" } else { "user" })),
    fixed("entityId", "ENTITY_ID", Kind::Text, |o| match o.id {
        1 => Value::from("shared_files_s1"),
        id => Value::from(id.to_string()),
    }),
    fixed("rootObjectId", "ROOT_OBJECT_ID", Kind::Ref, |o| Value::Int(o.id)),
];

/// Storages, and so root folders.
pub(crate) const ROOTS: u32 = 8;
/// Folders in the first root.
pub(crate) const FOLDERS: u32 = 10;

/// `disk.folder.getchildren`: the roots of the storages, ten folders in the first, and in the first of these the files.
///
/// <https://apidocs.bitrix24.com/api-reference/disk/folder/disk-folder-get-children.html>
pub(crate) static DISK: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| match is_folder(o) {
        true => Value::from(format!("Folder {}", o.id)),
        false => Value::from(format!("file-{}.txt", o.id)),
    }),
    fixed("code", "CODE", Kind::Text, |_| Value::Null),
    fixed("storageId", "STORAGE_ID", Kind::Ref, |o| Value::Int(if o.id <= i64::from(ROOTS) { o.id } else { 1 })),
    fixed("type", "TYPE", Kind::Text, |o| Value::from(if is_folder(o) { "folder" } else { "file" })),
    fixed("parentId", "PARENT_ID", Kind::Ref, |o| Value::Int(if is_folder(o) { 1 } else { i64::from(ROOTS) + 1 })),
    fixed("deletedType", "DELETED_TYPE", Kind::Int, |_| Value::Int(0)),
    fixed("size", "SIZE", Kind::Int, |o| Value::Int(if is_folder(o) { 0 } else { o.pick(34, 100_000) })),
    fixed("createTime", "CREATE_TIME", Kind::Moment, created),
    fixed("updateTime", "UPDATE_TIME", Kind::Moment, changed),
    fixed("createdBy", "CREATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8))),
    fixed("updatedBy", "UPDATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(2, 8))),
];

/// `catalog.product.*`.
///
/// <https://apidocs.bitrix24.com/api-reference/catalog/product/catalog-product-list.html>
pub(crate) static PRODUCT: &[Column] = &[
    ID,
    preset(col("iblockId", "IBLOCK_ID", Kind::Int, |_| Value::Int(23)), "23"),
    col("iblockSectionId", "IBLOCK_SECTION_ID", Kind::Ref, |o| Value::Int(o.pick(35, 5))),
    col("name", "NAME", Kind::Text, |o| Value::from(format!("Product {}", o.id))),
    preset(col("active", "ACTIVE", Kind::Flag, |_| Value::Bool(true)), "Y"),
    col("code", "CODE", Kind::Text, |o| Value::from(format!("product_{}", o.id))),
    col("xmlId", "XML_ID", Kind::Text, |o| Value::from(o.id.to_string())),
    preset(col("sort", "SORT", Kind::Int, |_| Value::Int(100)), "100"),
    preset(fixed("type", "TYPE", Kind::Int, |_| Value::Int(1)), "1"),
    fixed("available", "AVAILABLE", Kind::Flag, |_| Value::Bool(true)),
    col("quantity", "QUANTITY", Kind::Money, amount),
    col("purchasingPrice", "PURCHASING_PRICE", Kind::Money, amount),
    preset(col("purchasingCurrency", "PURCHASING_CURRENCY", Kind::Text, |_| Value::from("EUR")), "EUR"),
    col("measure", "MEASURE", Kind::Int, |_| Value::Int(5)),
    col("detailText", "DETAIL_TEXT", Kind::Text, |_| Value::Null),
    fixed("createdBy", "CREATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8))),
    fixed("modifiedBy", "MODIFIED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(2, 8))),
    fixed("dateCreate", "DATE_CREATE", Kind::Moment, created),
    fixed("timestampX", "TIMESTAMP_X", Kind::Moment, changed),
    // A property with one value; one with many would be a list of these.
    col("property107", "PROPERTY_107", Kind::Nested, |o| {
        map! { "value" => pick(o, 36, &["red", "green", "blue"]), "valueId" => (9000 + o.id).to_string() }.into()
    }),
];

/// `booking.v1.booking.list`.
///
/// <https://apidocs.bitrix24.com/api-reference/booking/booking/booking-v1-booking-list.html>
pub(crate) static BOOKING: &[Column] = &[
    ID,
    fixed("name", "NAME", Kind::Text, |o| Value::from(format!("Booking {}", o.id))),
    fixed("description", "DESCRIPTION", Kind::Text, |_| Value::Null),
    fixed("resourceIds", "RESOURCE_IDS", Kind::Nested, |o| Value::from(vec![1 + o.pick(37, 3)])),
    fixed("datePeriod", "DATE_PERIOD", Kind::Nested, |o| {
        let at = o.started.saturating_add(o.id * 900);
        let point = |at: i64| map! { "timestamp" => at, "timezone" => time::ZONE_NAME };
        map! { "from" => point(at), "to" => point(at.saturating_add(900)) }.into()
    }),
];

/// `documentgenerator.template.list` and its twin of the CRM.
///
/// <https://apidocs.bitrix24.com/api-reference/document-generator/templates/document-generator-template-list.html>
pub(crate) static TEMPLATE: &[Column] = &[
    ID,
    fixed("active", "ACTIVE", Kind::Flag, |_| Value::Bool(true)),
    fixed("name", "NAME", Kind::Text, |o| Value::from(format!("Template {}", o.id))),
    fixed("code", "CODE", Kind::Text, |o| Value::from(format!("TEMPLATE_{}", o.id))),
    fixed("region", "REGION", Kind::Text, |o| pick(o, 38, &["de", "en", "pl"])),
    fixed("sort", "SORT", Kind::Int, |_| Value::Int(500)),
    fixed("createTime", "CREATE_TIME", Kind::Moment, created),
    fixed("updateTime", "UPDATE_TIME", Kind::Moment, changed),
    fixed("createdBy", "CREATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(1, 8))),
    fixed("updatedBy", "UPDATED_BY", Kind::Ref, |o| Value::Int(1 + o.pick(2, 8))),
    fixed("moduleId", "MODULE_ID", Kind::Text, |_| Value::from("rest")),
    fixed("numeratorId", "NUMERATOR_ID", Kind::Ref, |_| Value::Int(3)),
    fixed("withStamps", "WITH_STAMPS", Kind::Flag, |_| Value::Bool(false)),
    fixed("isDeleted", "IS_DELETED", Kind::Flag, |_| Value::Bool(false)),
    // Shown when they are asked for, like phones.
    fixed("users", "USERS", Kind::Multi, |_| Value::from(vec!["UA"])),
    fixed("providers", "PROVIDERS", Kind::Multi, |_| Value::from(vec![r"bitrix\documentgenerator\dataprovider\rest"])),
];

/// `crm.address.list`: no id, the key is type, entity type and entity together.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/requisites/addresses/crm-address-list.html>
pub(crate) static ADDRESS: &[Column] = &[
    fixed("typeId", "TYPE_ID", Kind::Int, |_| Value::Int(1)),
    fixed("entityTypeId", "ENTITY_TYPE_ID", Kind::Int, |_| Value::Int(8)),
    fixed("entityId", "ENTITY_ID", Kind::Ref, |o| Value::Int(o.id)),
    fixed("address1", "ADDRESS_1", Kind::Text, |o| Value::from(format!("Main Street {}", o.id))),
    fixed("address2", "ADDRESS_2", Kind::Text, |_| Value::from("")),
    fixed("city", "CITY", Kind::Text, |o| pick(o, 39, &["Vilnius", "Kaunas", "Riga"])),
    fixed("postalCode", "POSTAL_CODE", Kind::Text, |o| Value::from((10_000 + o.pick(40, 80_000)).to_string())),
    fixed("region", "REGION", Kind::Text, |_| Value::Null),
    fixed("province", "PROVINCE", Kind::Text, |_| Value::Null),
    fixed("country", "COUNTRY", Kind::Text, |_| Value::from("Lithuania")),
    fixed("countryCode", "COUNTRY_CODE", Kind::Text, |_| Value::Null),
    fixed("anchorTypeId", "ANCHOR_TYPE_ID", Kind::Int, |_| Value::Int(4)),
    fixed("anchorId", "ANCHOR_ID", Kind::Ref, |o| Value::Int(o.id)),
];

/// `crm.stagehistory.list`, of deals: each has been created once.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/crm-stage-history-list.html>
pub(crate) static STAGE_HISTORY: &[Column] = &[
    ID,
    fixed("typeId", "TYPE_ID", Kind::Int, |_| Value::Int(1)),
    fixed("ownerId", "OWNER_ID", Kind::Int, |o| Value::Int(o.id)),
    Column { name: "createdTime", upper: "CREATED_TIME", ..CREATED },
    fixed("categoryId", "CATEGORY_ID", Kind::Int, |_| Value::Int(0)),
    fixed("stageSemanticId", "STAGE_SEMANTIC_ID", Kind::Text, |_| Value::from("P")),
    fixed("stageId", "STAGE_ID", Kind::Text, |_| Value::from("NEW")),
];

fn is_folder(origin: &Origin) -> bool {
    origin.id <= i64::from(ROOTS + FOLDERS)
}
