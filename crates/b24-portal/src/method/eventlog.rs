//! `main.eventlog.*` of v3: the portal's audit log, read only.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3/main/index.html>

use super::dto::{Dto, Field, PLAIN};

/// A field that is shown only.
const fn shown(name: &'static str) -> Field {
    Field { name, column: name, ..PLAIN }
}

/// A field that can be filtered and sorted by.
const fn indexed(name: &'static str) -> Field {
    Field { filterable: true, sortable: true, ..shown(name) }
}

/// An entry of the log.
pub(crate) static ENTRY: Dto = Dto {
    name: "EventLogDto",
    table: |world| &world.event_log,
    lists_ids_only: false,
    fields: &[
        indexed("id"),
        indexed("timestampX"),
        shown("severity"),
        indexed("auditTypeId"),
        shown("moduleId"),
        shown("itemId"),
        shown("remoteAddr"),
        shown("userAgent"),
        shown("requestUri"),
        shown("siteId"),
        indexed("userId"),
        indexed("guestId"),
        shown("description"),
    ],
    relations: &[],
};
