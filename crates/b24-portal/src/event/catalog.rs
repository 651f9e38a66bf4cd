//! The events that an application can bind to, by the scope they belong to.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/events.html>

use crate::method::Entity;

/// The scope of each, empty for those that are everybody's, and their names.
const KNOWN: [(&str, &[&str]); 3] = [
    (
        "",
        &[
            "ONAPPUNINSTALL",
            "ONAPPINSTALL",
            "ONAPPUPDATE",
            "ONAPPPAYMENT",
            "ONSUBSCRIPTIONRENEW",
            "ONAPPTEST",
            "ONAPPMETHODCONFIRM",
            "ONOFFLINEEVENT",
            "ONUSERADD",
        ],
    ),
    (
        "crm",
        &[
            "ONCRMLEADADD",
            "ONCRMLEADUPDATE",
            "ONCRMLEADDELETE",
            "ONCRMDEALADD",
            "ONCRMDEALUPDATE",
            "ONCRMDEALDELETE",
            "ONCRMDEALMOVETOCATEGORY",
            "ONCRMCOMPANYADD",
            "ONCRMCOMPANYUPDATE",
            "ONCRMCOMPANYDELETE",
            "ONCRMCONTACTADD",
            "ONCRMCONTACTUPDATE",
            "ONCRMCONTACTDELETE",
            "ONCRMQUOTEADD",
            "ONCRMQUOTEUPDATE",
            "ONCRMQUOTEDELETE",
            "ONCRMINVOICEADD",
            "ONCRMINVOICEUPDATE",
            "ONCRMINVOICEDELETE",
            "ONCRMINVOICESETSTATUS",
            "ONCRMCURRENCYADD",
            "ONCRMCURRENCYUPDATE",
            "ONCRMCURRENCYDELETE",
            "ONCRMPRODUCTADD",
            "ONCRMPRODUCTUPDATE",
            "ONCRMPRODUCTDELETE",
            "ONCRMACTIVITYADD",
            "ONCRMACTIVITYUPDATE",
            "ONCRMACTIVITYDELETE",
            "ONCRMREQUISITEADD",
            "ONCRMREQUISITEUPDATE",
            "ONCRMREQUISITEDELETE",
            "ONCRMADDRESSREGISTER",
            "ONCRMADDRESSUNREGISTER",
            "ONCRMTIMELINECOMMENTADD",
            "ONCRMTIMELINECOMMENTUPDATE",
            "ONCRMTIMELINECOMMENTDELETE",
            "ONCRMDYNAMICITEMADD",
            "ONCRMDYNAMICITEMUPDATE",
            "ONCRMDYNAMICITEMDELETE",
            "ONCRMTYPEADD",
            "ONCRMTYPEUPDATE",
            "ONCRMTYPEDELETE",
        ],
    ),
    (
        "task",
        &[
            "ONTASKADD",
            "ONTASKUPDATE",
            "ONTASKDELETE",
            "ONTASKCOMMENTADD",
            "ONTASKCOMMENTUPDATE",
            "ONTASKCOMMENTDELETE",
        ],
    ),
];

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Add,
    Update,
    Delete,
}

const CHANGES: [Change; 3] = [Change::Add, Change::Update, Change::Delete];

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// Every name that belongs to one of the scopes, those of smart processes included.
pub(crate) fn names(in_scope: impl Fn(&str) -> bool, smart: &[i64]) -> Vec<String> {
    let listed = KNOWN.iter().filter(|(scope, _)| in_scope(scope)).flat_map(|(_, names)| *names);
    let mut names: Vec<String> = listed.map(|name| (*name).to_owned()).collect();
    if in_scope("crm") {
        names.extend(smart.iter().flat_map(|kind| CHANGES.map(|change| of_kind(change, *kind))));
    }
    names
}

/// Whether a letter about the event brings a refresh token.
///
/// <https://apidocs.bitrix24.com/api-reference/events/index.html>
pub(crate) fn brings_refresh(name: &str) -> bool {
    matches!(name, "ONAPPINSTALL" | "ONAPPUPDATE" | "ONAPPTEST" | "ONSUBSCRIPTIONRENEW" | "ONOFFLINEEVENT")
}

/// `ONCRMDEALADD` and its like.
pub(crate) fn of_entity(entity: Entity, change: Change) -> String {
    let name = match entity {
        Entity::Lead => "LEAD",
        Entity::Deal => "DEAL",
        Entity::Contact => "CONTACT",
        Entity::Company => "COMPANY",
    };
    format!("ONCRM{name}{}", change.name())
}

/// `ONCRMDYNAMICITEMADD`, told of every smart process.
pub(crate) fn of_smart(change: Change) -> String {
    format!("ONCRMDYNAMICITEM{}", change.name())
}

/// `ONCRMDYNAMICITEMADD_128`, told of one smart process.
pub(crate) fn of_kind(change: Change, kind: i64) -> String {
    format!("{}_{kind}", of_smart(change))
}

/// `ONTASKADD` and its like.
pub(crate) fn of_task(change: Change) -> String {
    format!("ONTASK{}", change.name())
}
