//! Everything the portal holds: its tables.

use crate::config::Config;
use crate::event::Events;
use crate::store::column::Origin;
use crate::store::ids::Ids;
use crate::store::schema::{self, dictionary};
use crate::store::{Column, Table};

/// A kind of CRM entity, by its `entityTypeId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    Lead,
    Deal,
    Contact,
    Company,
}

/// The tables.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) leads: Table,
    pub(crate) deals: Table,
    pub(crate) contacts: Table,
    pub(crate) companies: Table,
    pub(crate) smart: Vec<(i64, Table)>,
    pub(crate) tasks: Table,
    pub(crate) users: Table,
    pub(crate) event_log: Table,
    pub(crate) lists: Table,
    pub(crate) list_elements: Table,
    pub(crate) storages: Table,
    pub(crate) disk: Table,
    pub(crate) products: Table,
    pub(crate) bookings: Table,
    pub(crate) templates: Table,
    pub(crate) addresses: Table,
    pub(crate) stage_history: Table,
    pub(crate) statuses: Table,
    pub(crate) currencies: Table,
    pub(crate) departments: Table,
    pub(crate) categories: Table,
    pub(crate) user_fields: Table,
    pub(crate) events: Events,
}

const USERS: u32 = 8;
const LISTS: u32 = 3;

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let rows = Ids::new(config.rows, config.id_gap);
        let started = i64::try_from(config.started.as_secs()).unwrap_or_default();
        let table = |columns: &'static [Column], number: u64, ids: Ids| {
            Table::new(columns, ids, Origin { seed: config.seed, table: number, id: 0, started })
        };
        let some = |count: u32| Ids::new(count, None);
        // Every webhook and token belongs to somebody.
        let owners = config.hooks.iter().map(|hook| hook.user).chain(config.tokens.values().map(|token| token.user));
        let users = owners.chain([config.signed_in]).filter_map(|user| u32::try_from(user).ok()).fold(USERS, u32::max);
        Self {
            leads: table(schema::LEAD, 1, rows),
            deals: table(schema::DEAL, 2, rows),
            contacts: table(schema::CONTACT, 3, rows),
            companies: table(schema::COMPANY, 4, rows),
            smart: config
                .smart_types
                .iter()
                .map(|kind| (*kind, table(schema::SMART, kind.unsigned_abs(), rows)))
                .collect(),
            tasks: table(schema::TASK, 5, rows),
            users: table(schema::USER, 6, some(users)),
            event_log: table(schema::EVENT_LOG, 7, rows),
            lists: table(schema::LIST, 8, some(LISTS)),
            list_elements: table(schema::LIST_ELEMENT, 9, rows),
            storages: table(schema::STORAGE, 10, some(schema::ROOTS)),
            // Folders are found by their number, so there is no gap between them.
            disk: table(schema::DISK, 11, some(config.rows.saturating_add(schema::ROOTS + schema::FOLDERS))),
            products: table(schema::PRODUCT, 12, rows),
            bookings: table(schema::BOOKING, 13, rows),
            templates: table(schema::TEMPLATE, 14, rows),
            addresses: table(schema::ADDRESS, 15, rows),
            stage_history: table(schema::STAGE_HISTORY, 16, rows),
            statuses: table(schema::STATUS, 17, some(dictionary::STATUSES)),
            currencies: table(schema::CRM_CURRENCY, 18, some(dictionary::CURRENCIES)),
            departments: table(schema::DEPARTMENT, 19, some(dictionary::DEPARTMENTS)),
            categories: table(schema::CATEGORY, 20, some(dictionary::CATEGORIES)),
            user_fields: table(schema::USER_FIELD, 21, some(dictionary::USER_FIELDS)),
            events: Events::new(config),
        }
    }

    /// The `entityTypeId`s of the smart processes.
    pub(crate) fn smart_types(&self) -> Vec<i64> {
        self.smart.iter().map(|(kind, _)| *kind).collect()
    }

    pub(crate) fn entity(&self, entity: Entity) -> &Table {
        match entity {
            Entity::Lead => &self.leads,
            Entity::Deal => &self.deals,
            Entity::Contact => &self.contacts,
            Entity::Company => &self.companies,
        }
    }

    pub(crate) fn entity_mut(&mut self, entity: Entity) -> &mut Table {
        match entity {
            Entity::Lead => &mut self.leads,
            Entity::Deal => &mut self.deals,
            Entity::Contact => &mut self.contacts,
            Entity::Company => &mut self.companies,
        }
    }

    /// The table of an `entityTypeId`, smart processes included.
    pub(crate) fn crm(&self, entity_type: i64) -> Option<&Table> {
        match Entity::of(entity_type) {
            Some(entity) => Some(self.entity(entity)),
            None => self.smart.iter().find(|(kind, _)| *kind == entity_type).map(|(_, table)| table),
        }
    }

    pub(crate) fn crm_mut(&mut self, entity_type: i64) -> Option<&mut Table> {
        match Entity::of(entity_type) {
            Some(entity) => Some(self.entity_mut(entity)),
            None => self.smart.iter_mut().find(|(kind, _)| *kind == entity_type).map(|(_, table)| table),
        }
    }
}

impl Entity {
    pub(crate) fn of(entity_type: i64) -> Option<Self> {
        match entity_type {
            1 => Some(Self::Lead),
            2 => Some(Self::Deal),
            3 => Some(Self::Contact),
            4 => Some(Self::Company),
            _ => None,
        }
    }
}
