//! Deals as a v3 object, which no real portal offers yet: for lists with filters on more than the id, and aggregates.

use super::dto::{Dto, Field, PLAIN};

const fn field(name: &'static str, column: &'static str) -> Field {
    Field { name, column, filterable: true, sortable: true, ..PLAIN }
}

/// A deal.
pub(crate) static DEAL: Dto = Dto {
    name: "DealDto",
    table: |world| &world.deals,
    lists_ids_only: false,
    fields: &[
        field("id", "id"),
        field("title", "title"),
        field("amount", "opportunity"),
        field("stageId", "stageId"),
        field("typeId", "typeId"),
        field("companyId", "companyId"),
        field("assignedById", "assignedById"),
        field("closed", "closed"),
        field("createdTime", "createdTime"),
    ],
    relations: &[],
};
