//! The list of v3 methods.

use super::deal3::DEAL;
use super::dto::Dto;
use super::eventlog::ENTRY;
use super::service::AID;
use super::task3::TASK;
use super::user::is_admin;
use super::{Call, Method3, Run3, World, aggregate3, list3, openapi, task3};
use crate::engine::error::Trouble;
use crate::value::{Array, Value};

type Handler = fn(&mut World, &Call<'_>) -> Result<Value, Trouble>;

const fn reads(name: &'static str, scope: &'static str, handler: Handler) -> Method3 {
    Method3 { name, scope, writes: false, run: Run3::Plain(handler) }
}

const fn writes(name: &'static str, scope: &'static str, handler: Handler) -> Method3 {
    Method3 { name, scope, writes: true, run: Run3::Plain(handler) }
}

/// Every v3 method.
pub(crate) static METHODS: &[Method3] = &[
    Method3 { name: "batch", scope: "", writes: false, run: Run3::Batch },
    Method3 { name: "rest.documentation.openapi", scope: "", writes: false, run: Run3::Bare(openapi::document) },
    reads("rest.scope.list", "", scope_list),
    reads("tasks.task.list", "tasks", |world, call| list3::list(&TASK, world, call)),
    reads("tasks.task.get", "tasks", |world, call| list3::get(&TASK, world, call)),
    writes("tasks.task.add", "tasks", task3::add),
    writes("tasks.task.update", "tasks", task3::update),
    writes("tasks.task.delete", "tasks", task3::delete),
    reads("tasks.task.field.list", "tasks", |world, call| list3::field_list(&TASK, world, call)),
    reads("tasks.task.field.get", "tasks", |world, call| list3::field_get(&TASK, world, call)),
    reads("main.eventlog.list", "main", |world, call| audited(world, call, list3::list)),
    reads("main.eventlog.get", "main", |world, call| audited(world, call, list3::get)),
    reads("main.eventlog.tail", "main", |world, call| audited(world, call, list3::tail)),
    reads("main.eventlog.field.list", "main", |world, call| audited(world, call, list3::field_list)),
    // Not part of a real portal: aggregates exist in the server, but no documented method shows them.
    reads("b24portal.deal.list", "", |world, call| list3::list(&DEAL, world, call)),
    reads("b24portal.deal.aggregate", "", |world, call| aggregate3::aggregate(&DEAL, world, call)),
    reads("main.eventlog.field.get", "main", |world, call| audited(world, call, list3::field_get)),
];

/// The audit log is for administrators only.
fn audited(
    world: &World,
    call: &Call<'_>,
    read: fn(&Dto, &World, &Call<'_>) -> Result<Value, Trouble>,
) -> Result<Value, Trouble> {
    if is_admin(call.caller.user) { read(&ENTRY, world, call) } else { Err(Trouble::access_denied(403)) }
}

/// `rest.scope.list`: which scope a method asks for.
fn scope_list(_: &mut World, _: &Call<'_>) -> Result<Value, Trouble> {
    let mut scopes = Array::new();
    for method in METHODS.iter().filter(|method| !method.name.starts_with(AID)) {
        scopes.set(method.name, method.scope);
    }
    Ok(scopes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_field_of_every_object_has_its_column() {
        let world = World::new(&Config::default());
        for dto in [&TASK, &ENTRY, &DEAL] {
            for field in dto.fields {
                assert!(dto.column(&world, field).is_ok(), "{}.{}", dto.name, field.name);
            }
            for relation in dto.relations {
                assert!((dto.table)(&world).column(relation.via).is_some(), "{}", relation.name);
            }
        }
    }
}
