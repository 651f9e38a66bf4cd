//! Lists against the embedded portal: every family, every way to end, and to fail.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, time::Duration};

use b24::{B24, Error, ErrorKind, List, RetryPolicy};
use b24_portal::{Fault, Limits, Portal, PortalBuilder};
use futures_util::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

fn connect(portal: PortalBuilder) -> (Portal, B24) {
    let portal = portal.limits(Limits::off()).in_process();
    let policy = RetryPolicy::default().with_retry_delay(Duration::from_millis(1));
    let builder = B24::builder().http_client(portal.service()).retry(policy);
    let b24 = builder.webhook_url(&portal.hook_url()).unwrap();
    (portal, b24)
}

fn portal(rows: u32) -> (Portal, B24) {
    connect(Portal::builder().rows(rows))
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Item {
    id: u64,
}

fn items(b24: &B24) -> List<Item> {
    b24.v2().list("crm.item.list").params(json!({ "entityTypeId": 2, "select": ["id"] }))
}

fn ids(rows: &[Item]) -> Vec<u64> {
    rows.iter().map(|row| row.id).collect()
}

/// The id of a row, wherever the family keeps it.
fn id_of(row: &Value) -> String {
    let id = ["ID", "id", "CURRENCY"].iter().find_map(|key| row.get(key)).unwrap_or(row);
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

// https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html
#[tokio::test(start_paused = true)]
async fn every_known_family_is_read_to_its_end_without_a_key_being_given() {
    let (portal, b24) = portal(120);
    let of = |id: u32| json!({ "entityTypeId": id });
    for (method, params, least) in [
        ("crm.deal.list", json!({}), 120),
        ("crm.lead.list", json!({}), 120),
        ("crm.contact.list", json!({ "select": ["ID", "PHONE"] }), 120),
        ("crm.company.list", json!({}), 120),
        ("crm.item.list", of(2), 120),
        ("tasks.task.list", json!({}), 120),
        ("user.get", json!({}), 3),
        ("lists.get", json!({ "IBLOCK_TYPE_ID": "lists" }), 3),
        ("lists.element.get", json!({ "IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": 1 }), 120),
        ("disk.storage.getlist", json!({}), 8),
        ("disk.folder.getchildren", json!({ "id": 9 }), 100),
        ("catalog.product.list", json!({ "select": ["id", "iblockId"], "filter": { "iblockId": 23 } }), 120),
        ("booking.v1.booking.list", json!({}), 120),
        ("documentgenerator.template.list", json!({}), 1),
        ("crm.documentgenerator.template.list", json!({}), 1),
        ("crm.address.list", json!({}), 120),
        ("crm.stagehistory.list", of(2), 120),
        ("crm.category.list", of(2), 1),
        ("crm.status.list", json!({}), 1),
        ("crm.currency.list", json!({}), 1),
        ("department.get", json!({}), 1),
        ("userfieldconfig.list", json!({ "moduleId": "crm" }), 1),
    ] {
        let rows: Vec<Value> = b24.v2().list(method).params(params).collect().await.unwrap_or_else(|error| {
            panic!("{method}: {error:?}");
        });
        let different: BTreeSet<_> = rows.iter().map(id_of).collect();
        assert!(rows.len() >= least, "{method}: {} of {least}", rows.len());
        assert_eq!(different.len(), rows.len(), "{method} gave rows twice");
    }
    for method in ["tasks.task.list", "main.eventlog.list"] {
        let rows: Vec<Item> = b24.v3().list(method).params(json!({ "select": ["id"] })).collect().await.unwrap();
        assert!(rows.len() >= 120 && ids(&rows).is_sorted(), "{method}: {}", rows.len());
    }
    drop(portal);
}

#[tokio::test(start_paused = true)]
async fn a_method_that_is_not_known_says_which_keys_it_needs() {
    let (portal, b24) = portal(1);
    let error = b24.v2().list::<Value>("vendor.thing.list").collect().await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("LIST_KEYS_NEEDED", ErrorKind::Usage));
    assert!(error.message().contains("id_key") && error.message().contains("items_key"));
    assert_eq!(portal.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn lists_of_every_length_are_read_whole_in_both_directions() {
    for count in [0, 1, 49, 50, 51, 99, 100, 101, 150] {
        let (portal, b24) = portal(count);
        let all: Vec<u64> = (1..=u64::from(count)).collect();
        assert_eq!(ids(&items(&b24).collect().await.unwrap()), all);
        assert_eq!(portal.requests().len(), usize::try_from(count / 50 + 1).unwrap(), "{count}");
        let down: Vec<u64> = all.iter().copied().rev().collect();
        assert_eq!(ids(&items(&b24).descending().collect().await.unwrap()), down);
        let v3 = |size| b24.v3().list::<Item>("tasks.task.list").params(json!({ "select": ["id"] })).page_size(size);
        for size in [7, 50, 1000] {
            assert_eq!(ids(&v3(size).collect().await.unwrap()), all, "{count} by {size}");
            assert_eq!(ids(&v3(size).descending().collect().await.unwrap()), down, "{count} by {size}");
        }
        for prefetch in [1, 3] {
            assert_eq!(ids(&items(&b24).prefetch(prefetch).collect().await.unwrap()), all);
        }
    }
}

// Fact: not every family honours a keyset; the same page comes again.
#[tokio::test(start_paused = true)]
async fn a_family_that_ignores_the_filter_fails_and_goes_round_once() {
    let (portal, b24) = portal(120);
    let mut rows = b24.v2().list::<Value>("b24portal.stalling.list").id_key("ID").rows();
    let mut seen = BTreeSet::new();
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(row) => assert!(seen.insert(id_of(&row)), "a row came twice"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.code(), error.kind(), seen.len()), ("CURSOR_STALLED", ErrorKind::Decode, 50));
    assert!(rows.next().await.is_none());
    assert_eq!(portal.requests().len(), 2);
}

// Fact: some families filter by rights after a page was read, so that a page has fewer rows and is not the last.
#[tokio::test(start_paused = true)]
async fn a_list_of_thin_pages_is_read_whole_when_the_end_is_to_be_proved() {
    let (_portal, b24) = portal(300);
    let thin = || b24.v2().list::<Value>("b24portal.thinning.list").id_key("ID");
    assert_eq!(thin().collect().await.unwrap().len(), 34);
    assert_eq!(thin().exhaustive().collect().await.unwrap().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_failed_goes_on_where_it_stopped() {
    let (portal, b24) = portal(230);
    for fault in [Fault::reply(403, "application/json", r#"{"error":"insufficient_scope"}"#), Fault::html(502).times(3)]
    {
        for down in [false, true] {
            let list = || if down { items(&b24).descending() } else { items(&b24) };
            let mut pages = list().pages();
            let mut rows = pages.next().await.unwrap().unwrap().rows;
            portal.fault(fault.clone());
            let error = pages.next().await.unwrap().unwrap_err();
            assert_eq!(error.cursor().unwrap().to_string(), rows.last().unwrap().id.to_string());
            let kept = error.cursor().unwrap().to_string();
            rows.extend(list().resume_after(kept.parse::<b24::Cursor>().unwrap()).collect().await.unwrap());
            let mut all: Vec<u64> = (1..=230).collect();
            if down {
                all.reverse();
            }
            assert_eq!(ids(&rows), all);
        }
    }
    let mut tail = b24.v3().tail::<Item>("main.eventlog.tail").params(json!({ "select": ["id"] })).pages();
    let first = tail.next().await.unwrap().unwrap();
    let rest = b24.v3().tail::<Item>("main.eventlog.tail").params(json!({ "select": ["id"] }));
    let rest = rest.begin_after(first.cursor.unwrap()).collect().await.unwrap();
    assert_eq!(rest[0].id, first.rows.last().unwrap().id + 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_fit_is_named_by_its_number_and_path() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        id: u64,
        #[serde(rename = "title")]
        _title: String,
        #[serde(rename = "companyId")]
        _company: Odd,
    }
    /// Refuses one value that some row has.
    #[derive(Debug)]
    struct Odd;
    impl<'de> Deserialize<'de> for Odd {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = Value::deserialize(deserializer)?;
            if value == json!(0) { Err(serde::de::Error::custom("expected a company")) } else { Ok(Self) }
        }
    }
    let (_portal, b24) = portal(120);
    let title =
        b24.v2().call("crm.item.update").params(json!({ "entityTypeId": 2, "id": 77, "fields": { "companyId": 0 } }));
    title.send::<Value>().await.unwrap();
    for id in (1..=120).filter(|id| *id != 77) {
        let fields = json!({ "entityTypeId": 2, "id": id, "fields": { "companyId": 5 } });
        b24.v2().call("crm.item.update").params(fields).send::<Value>().await.unwrap();
    }
    let list = b24
        .v2()
        .list::<Strict>("crm.item.list")
        .params(json!({ "entityTypeId": 2, "select": ["id", "title", "companyId"] }));
    let mut rows = list.rows();
    let mut last = 0;
    let error: Error = loop {
        match rows.next().await.unwrap() {
            Ok(row) => last = row.id,
            Err(error) => break error,
        }
    };
    assert_eq!((last, error.cursor().unwrap().to_string()), (76, "76".to_owned()));
    assert_eq!(error.message(), "row 76 does not fit the type it is read into at `companyId`");
    assert!(rows.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused_before_it_is_sent() {
    let (portal, b24) = portal(1);
    let v2 = |params: Value| b24.v2().list::<Value>("crm.deal.list").params(params);
    let v3 = || b24.v3().list::<Value>("tasks.task.list");
    let tail = || b24.v3().tail::<Value>("main.eventlog.tail");
    let failures = [
        (v2(json!([1])).collect().await, "INVALID_PARAMS"),
        (v2(json!({ "filter": [["ID", ">", 5]] })).collect().await, "INVALID_FILTER"),
        (v2(json!({ "filter": {}, "FILTER": {} })).collect().await, "INVALID_PARAMS"),
        (v2(json!({})).page_size(20).collect().await, "INVALID_PARAMS"),
        (v2(json!({})).by_offset().resume_after(5).collect().await, "INVALID_PARAMS"),
        (b24.v2().list("a/b").collect().await, "INVALID_METHOD"),
        (v3().page_size(0).collect().await, "INVALID_PARAMS"),
        (v3().page_size(1001).collect().await, "INVALID_PARAMS"),
        (v3().filter(json!({ ">id": 5 })).collect().await, "INVALID_FILTER"),
        (v3().filter(json!([["id", "like", 5]])).collect().await, "INVALID_FILTER"),
        (tail().descending().collect().await, "TAIL_DESC_NEEDS_INITIAL_VALUE"),
        (tail().params(json!({ "filter": [["id", ">", 5]] })).collect().await, "INVALID_FILTER"),
        (tail().page_size(1001).collect().await, "INVALID_PARAMS"),
    ];
    for (outcome, code) in failures {
        let error = outcome.unwrap_err();
        assert_eq!((error.code(), error.kind(), error.may_have_run()), (code, ErrorKind::Usage, false), "{error}");
    }
    let wrong = v2(json!({})).items_key("items").collect().await.unwrap_err();
    assert_eq!((wrong.code(), wrong.kind()), ("ITEMS_NOT_FOUND", ErrorKind::Decode));
    assert_eq!(portal.requests().len(), 1);
}

// Fact: `start: -1` gives `total: 0` or none and no `next`; the end is told by the number of rows alone.
#[tokio::test(start_paused = true)]
async fn a_total_of_zero_does_not_end_a_list() {
    let (_portal, b24) = portal(120);
    let uncounted = b24.v2().call("crm.item.list").params(json!({ "entityTypeId": 2, "start": -1 })).send::<Value>();
    let uncounted = uncounted.await.unwrap();
    assert_eq!((uncounted.total, uncounted.next), (Some(0), None));
    assert_eq!(items(&b24).collect().await.unwrap().len(), 120);
}

// Fact: the later of `filter` and `FILTER` wins, so that one of the two conditions would be lost.
#[tokio::test(start_paused = true)]
async fn a_filter_in_upper_case_is_kept() {
    let (_portal, b24) = portal(120);
    let list = b24.v2().list::<Value>("crm.deal.list").params(json!({ "FILTER": { ">=ID": 101 } }));
    assert_eq!(list.collect().await.unwrap().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn all_pages_carry_one_request_id_and_the_filter_of_the_caller() {
    let (portal, b24) = portal(120);
    let list = items(&b24).filter(json!({ ">=id": 11, "<id": 111 })).select(["title"]);
    assert_eq!(ids(&list.collect().await.unwrap()), (11..111).collect::<Vec<_>>());
    let requests = portal.requests();
    assert_eq!(requests.len(), 3);
    let query: BTreeSet<_> = requests.iter().map(|request| request.query.clone()).collect();
    assert_eq!(query.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_ahead_is_asked_for_before_the_first_is_used_and_none_without_being_told() {
    let second = Duration::from_secs(1);
    for (prefetch, want) in [(0, 20), (1, 11)] {
        let (_portal, b24) = connect(Portal::builder().rows(499).latency(second));
        let begun = tokio::time::Instant::now();
        let mut pages = items(&b24).prefetch(prefetch).pages();
        while pages.try_next().await.unwrap().is_some() {
            // As long as a page takes: with one ahead, the two overlap.
            tokio::time::sleep(second).await;
        }
        assert_eq!(begun.elapsed().as_secs(), want, "{prefetch}");
    }
    let (portal, b24) = portal(500);
    let first: Vec<Item> = items(&b24).rows().take(10).try_collect().await.unwrap();
    assert_eq!((first.len(), portal.requests().len()), (10, 1));
}
