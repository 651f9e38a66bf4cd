//! The list of v2 methods.

use super::family::Family;
use super::world::Entity;
use super::{Method, Run, bizproc, catalog, classic, crm_item, event, event_offline, families, service, task, user};

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

const CATALOG: [Method; 5] = [
    lists("catalog.product.list", "catalog", &families::PRODUCTS),
    plain("catalog.product.get", "catalog", catalog::get),
    plain("catalog.product.add", "catalog", catalog::add),
    plain("catalog.product.update", "catalog", catalog::update),
    plain("catalog.product.delete", "catalog", catalog::delete),
];

const LISTS: [Method; 17] = [
    lists("lists.get", "lists", &families::LISTS),
    lists("lists.element.get", "lists", &families::LIST_ELEMENTS),
    lists("disk.storage.getlist", "disk", &families::STORAGES),
    lists("disk.storage.getchildren", "disk", &families::STORAGE_CHILDREN),
    lists("disk.folder.getchildren", "disk", &families::FOLDER_CHILDREN),
    lists("booking.v1.booking.list", "booking", &families::BOOKINGS),
    lists("documentgenerator.template.list", "documentgenerator", &families::TEMPLATES),
    lists("crm.documentgenerator.template.list", "crm", &families::TEMPLATES),
    lists("crm.address.list", "crm", &families::ADDRESSES),
    lists("crm.stagehistory.list", "crm", &families::STAGE_HISTORY),
    lists("crm.status.list", "crm", &families::STATUSES),
    lists("crm.currency.list", "crm", &families::CURRENCIES),
    lists("crm.category.list", "crm", &families::CATEGORIES),
    lists("department.get", "department", &families::DEPARTMENTS),
    lists("userfieldconfig.list", "userfieldconfig", &families::USER_FIELDS),
    lists("b24portal.stalling.list", "", &families::STALLING),
    lists("b24portal.thinning.list", "", &families::THINNING),
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

const EVENT: [Method; 10] = [
    plain("events", "", event::events),
    plain("event.bind", "", event::bind),
    plain("event.unbind", "", event::unbind),
    plain("event.get", "", event::get),
    plain("event.test", "", event::test),
    plain("event.offline.get", "", event_offline::get),
    plain("event.offline.clear", "", event_offline::clear),
    plain("event.offline.error", "", event_offline::error),
    plain("event.offline.list", "", event_offline::list),
    plain("bizproc.event.send", "bizproc", bizproc::event_send),
];

type Handler = fn(&mut super::World, &super::Call<'_>) -> Result<crate::value::Value, crate::engine::error::Refusal>;

const fn plain(name: &'static str, scope: &'static str, handler: Handler) -> Method {
    Method { name, scope, run: Run::Plain(handler) }
}

const fn lists(name: &'static str, scope: &'static str, family: &'static Family) -> Method {
    Method { name, scope, run: Run::List(family) }
}

/// Every v2 method.
pub(crate) static METHODS: std::sync::LazyLock<Vec<Method>> = std::sync::LazyLock::new(|| {
    [SERVICE.as_slice(), &ITEM, &DEAL, &CONTACT, &COMPANY, &LEAD, &TASK, &CATALOG, &LISTS, &EVENT].concat()
});
