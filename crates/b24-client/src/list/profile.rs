//! Where the rows of a method are, and how their id is spelled.
//!
//! Families differ; the table is what is known of them, from the examples of the documentation. A method that is not
//! in it needs to be told: guessing wrong would show as an empty list or an endless one.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/>, each method's own page, checked 2026-11

use b24_core::ApiVersion;

/// What is known of the lists of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    /// The key of the rows in the result; `None` where the result itself is the list.
    pub(super) items: Option<&'static str>,
    /// The id in a row; `None` where rows have none.
    pub(super) id: Option<&'static str>,
    /// The id in filter and order.
    pub(super) cursor: &'static str,
    /// Whether pages go by the number of rows, because there is no id to go by.
    pub(super) by_offset: bool,
}

/// Whether the method is in the table, or on v3 of a family that is documented.
pub(super) fn is_known(version: ApiVersion, method: &str) -> bool {
    let name = method.to_ascii_lowercase();
    match version {
        ApiVersion::V3 => V3_FAMILIES.iter().any(|family| name.starts_with(family)),
        _ => find(version, method).is_some(),
    }
}

/// The profile of a method, without regard to case. On v3 all methods answer alike.
pub(super) fn find(version: ApiVersion, method: &str) -> Option<Profile> {
    if version == ApiVersion::V3 {
        // All of them: https://apidocs.bitrix24.com/api-reference/rest-v3.html
        return Some(under("items"));
    }
    let name = method.to_ascii_lowercase();
    let family = FAMILIES.iter().find(|(names, _)| names.contains(&&*name));
    family.map(|(_, profile)| *profile)
}

const fn keyset(items: Option<&'static str>, id: &'static str, cursor: &'static str) -> Profile {
    Profile { items, id: Some(id), cursor, by_offset: false }
}

const fn offset(items: Option<&'static str>, id: Option<&'static str>) -> Profile {
    Profile { items, id, cursor: "ID", by_offset: true }
}

const fn under(items: &'static str) -> Profile {
    keyset(Some(items), "id", "id")
}

/// <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
const V3_FAMILIES: [&str; 8] =
    ["tasks.", "note.", "mail.", "humanresources.", "main.eventlog.", "timeman.record.", "call.followup.", "rest."];

/// `result[]` with `ID`.
const CLASSIC: Profile = keyset(None, "ID", "ID");

const FAMILIES: &[(&[&str], Profile)] = &[
    (
        &[
            "crm.activity.list",
            "crm.company.list",
            "crm.contact.list",
            "crm.deal.list",
            "crm.deal.userfield.list",
            "crm.contact.userfield.list",
            "crm.company.userfield.list",
            "crm.lead.userfield.list",
            "crm.invoice.list",
            "crm.lead.list",
            "crm.product.list",
            "crm.productsection.list",
            "crm.quote.list",
            "crm.requisite.bankdetail.list",
            "crm.requisite.list",
            "crm.requisite.preset.list",
            "crm.status.list",
            "crm.timeline.comment.list",
            "entity.item.get",
            "lists.element.get",
            "bizproc.task.list",
            "bizproc.workflow.template.list",
        ],
        CLASSIC,
    ),
    (&["crm.item.list"], under("items")),
    (&["crm.stagehistory.list"], keyset(Some("items"), "ID", "ID")),
    (&["crm.item.productrow.list"], under("productRows")),
    (&["crm.automatedsolution.list"], under("automatedSolutions")),
    (&["crm.type.list"], under("types")),
    (&["crm.deal.recurring.list"], keyset(None, "id", "ID")),
    // The rows spell the id in another case than filter and order do.
    (&["tasks.task.list"], keyset(Some("tasks"), "id", "ID")),
    (&["crm.documentgenerator.template.list", "documentgenerator.template.list"], under("templates")),
    (&["crm.documentgenerator.document.list", "documentgenerator.document.list"], under("documents")),
    (&["catalog.product.list"], under("products")),
    (&["catalog.product.offer.list"], under("offers")),
    (&["catalog.product.sku.list", "catalog.product.service.list"], under("units")),
    (&["catalog.catalog.list"], keyset(Some("catalogs"), "iblockId", "iblockId")),
    (&["catalog.document.list"], under("documents")),
    (&["catalog.document.element.list"], under("documentElements")),
    (&["catalog.measure.list"], under("measures")),
    (&["catalog.price.list"], under("prices")),
    (&["catalog.pricetype.list"], under("priceTypes")),
    (&["catalog.productproperty.list"], under("productProperties")),
    (&["catalog.section.list"], under("sections")),
    (&["catalog.store.list"], under("stores")),
    (&["catalog.storeproduct.list"], under("storeProducts")),
    (&["catalog.vat.list"], under("vats")),
    (&["sale.basketitem.list"], under("basketItems")),
    (&["sale.order.list"], under("orders")),
    (&["sale.payment.list"], under("payments")),
    (&["sale.propertyvalue.list"], under("propertyValues")),
    (&["sale.shipment.list"], under("shipments")),
    (&["sale.shipmentitem.list"], under("shipmentItems")),
    (&["sale.status.list"], under("statuses")),
    (&["userfieldconfig.list"], under("fields")),
    (&["socialnetwork.api.workgroup.list"], under("workgroups")),
    // Rows without an id of their own.
    (&["crm.address.list", "crm.requisite.link.list", "crm.timeline.bindings.list"], offset(None, None)),
    (&["crm.currency.list"], offset(None, Some("CURRENCY"))),
    // A singular key, and a filter that does not know the id.
    (&["booking.v1.booking.list"], offset(Some("booking"), Some("id"))),
    // No filter by a range of ids.
    (&["crm.category.list"], offset(Some("categories"), Some("id"))),
    (
        &[
            "department.get",
            "disk.folder.getchildren",
            "disk.storage.getchildren",
            "disk.storage.getlist",
            "lists.get",
            "sonet_group.get",
            "user.get",
            "user.search",
        ],
        offset(None, Some("ID")),
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_method_stands_once_and_in_lower_case() {
        let mut seen = HashSet::new();
        for name in FAMILIES.iter().flat_map(|(names, _)| names.iter()) {
            assert!(seen.insert(*name), "{name}");
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }

    // Fact: tasks.task.list filters in upper case and answers in camel case.
    #[test]
    fn the_two_spellings_of_an_id_may_differ() {
        let tasks = find(ApiVersion::V2, "Tasks.Task.List").unwrap();
        assert_eq!((tasks.items, tasks.id, tasks.cursor), (Some("tasks"), Some("id"), "ID"));
        let tasks = find(ApiVersion::V3, "tasks.task.list").unwrap();
        assert_eq!((tasks.items, tasks.id, tasks.cursor), (Some("items"), Some("id"), "id"));
        assert_eq!(find(ApiVersion::V2, "vendor.thing.list"), None);
    }
}
