//! The list of v2 methods.

use super::world::Entity;
use super::{Method, Run, classic, crm_item, service, task, user};

/// The six methods of one classic CRM entity.
macro_rules! classic {
    ($prefix:literal, $entity:expr) => {
        [
            plain(concat!($prefix, ".list"), "crm", |world, call| classic::list(world, call, $entity)),
            plain(concat!($prefix, ".get"), "crm", |world, call| classic::get(world, call, $entity)),
            plain(concat!($prefix, ".add"), "crm", |world, call| classic::add(world, call, $entity)),
            plain(concat!($prefix, ".update"), "crm", |world, call| classic::update(world, call, $entity)),
            plain(concat!($prefix, ".delete"), "crm", |world, call| classic::delete(world, call, $entity)),
            plain(concat!($prefix, ".fields"), "crm", |world, _| Ok(classic::fields(world, $entity))),
        ]
    };
}

const LEAD: [Method; 6] = classic!("crm.lead", Entity::Lead);
const DEAL: [Method; 6] = classic!("crm.deal", Entity::Deal);
const CONTACT: [Method; 6] = classic!("crm.contact", Entity::Contact);
const COMPANY: [Method; 6] = classic!("crm.company", Entity::Company);

const ITEM: [Method; 6] = [
    plain("crm.item.list", "crm", crm_item::list),
    plain("crm.item.get", "crm", crm_item::get),
    plain("crm.item.add", "crm", crm_item::add),
    plain("crm.item.update", "crm", crm_item::update),
    plain("crm.item.delete", "crm", crm_item::delete),
    plain("crm.item.fields", "crm", crm_item::fields),
];

const TASK: [Method; 6] = [
    plain("tasks.task.list", "task", task::list),
    plain("tasks.task.get", "task", task::get),
    plain("tasks.task.add", "task", task::add),
    plain("tasks.task.update", "task", task::update),
    plain("tasks.task.delete", "task", task::delete),
    plain("tasks.task.getFields", "task", task::get_fields),
];

const SERVICE: [Method; 11] = [
    Method { name: "batch", scope: "", run: Run::Batch },
    plain("profile", "", user::profile),
    plain("user.current", "user", user::current),
    plain("user.get", "user", user::get),
    plain("server.time", "", service::server_time),
    plain("app.info", "", service::app_info),
    plain("scope", "", service::scope),
    plain("methods", "", service::methods),
    plain("method.get", "", service::method_get),
    plain("b24portal.echo", "", service::echo),
    plain("b24portal.answer", "", service::answer),
];

type Handler = fn(&mut super::World, &super::Call<'_>) -> Result<crate::value::Value, crate::engine::error::Refusal>;

const fn plain(name: &'static str, scope: &'static str, handler: Handler) -> Method {
    Method { name, scope, run: Run::Plain(handler) }
}

/// Every v2 method.
pub(crate) static METHODS: std::sync::LazyLock<Vec<Method>> =
    std::sync::LazyLock::new(|| [SERVICE.as_slice(), &ITEM, &DEAL, &CONTACT, &COMPANY, &LEAD, &TASK].concat());
