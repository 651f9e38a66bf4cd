//! Pages of deals, as wide as `crm.item.list` gives them when nothing is selected.

use std::fmt::Write;

use b24::Time;
use bytes::Bytes;
use serde::Deserialize;

/// The whole of an answer, as `serde_json` alone would read it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "that it is read is what costs")]
pub(crate) struct Whole {
    pub(crate) result: Items,
    total: u64,
    time: Time,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "that it is read is what costs")]
pub(crate) struct Items {
    pub(crate) items: Vec<Deal>,
}

/// A row.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "that it is read is what costs")]
pub(crate) struct Deal {
    id: u64,
    title: String,
    type_id: String,
    category_id: u64,
    stage_id: String,
    source_id: Option<String>,
    currency_id: String,
    opportunity: f64,
    is_manual_opportunity: String,
    company_id: u64,
    contact_id: u64,
    opened: String,
    closed: String,
    comments: Option<String>,
    originator_id: Option<String>,
    origin_id: Option<String>,
    assigned_by_id: u64,
    created_by: u64,
    updated_by: u64,
    created_time: String,
    updated_time: String,
    uf_crm_mark: Option<String>,
}

/// What a caller selects.
pub(crate) const FIELDS: [&str; 2] = ["id", "*"];

/// A page of `size` rows whose ids begin with `first`.
pub(crate) fn page(first: u64, size: u64) -> Bytes {
    let mut body = String::from(r#"{"result":{"items":["#);
    for id in first..first + size {
        if id > first {
            body.push(',');
        }
        let (money, minute, person) = (id * 7919 % 100_000, id % 60, id % 40);
        write!(
            body,
            r#"{{"id":{id},"title":"Поставка №{id}, Vilnius","typeId":"SALE","categoryId":0,"stageId":"PREPARATION","sourceId":"CALL","currencyId":"EUR","opportunity":{money}.5,"isManualOpportunity":"Y","companyId":{person},"contactId":17,"opened":"Y","closed":"N","comments":"called twice, wants an offer by Friday","originatorId":null,"originId":null,"assignedById":3,"createdBy":5,"updatedBy":6,"createdTime":"2026-11-25T05:{minute:02}:40+03:00","updatedTime":"2026-11-25T05:{minute:02}:59+03:00","ufCrmMark":"mark-5"}}"#
        )
        .unwrap();
    }
    body.push_str(
        r#"]},"total":1234,"time":{"start":1800000000.25,"finish":1800000000.5,"duration":0.25,"processing":0.2,"date_start":"2026-11-25T05:30:40+03:00","date_finish":"2026-11-25T05:30:40+03:00","operating_reset_at":1800000600,"operating":1.5}}"#,
    );
    body.into()
}
