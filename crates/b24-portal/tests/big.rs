//! A hundred thousand rows.

mod common;

use b24_portal::{Limits, Portal};
use common::{Bench, column};
use serde_json::json;

#[tokio::test]
async fn a_hundred_thousand_rows_are_read_by_key() {
    let bench = Bench::with(Portal::builder().rows(100_000).limits(Limits::off()).keep_requests(0));
    let (mut last, mut rows, mut requests) = (0, 0, 0);
    loop {
        // Forty pages in one batch would misbehave at the end; one page a request is the plain way.
        let params =
            json!({"entityTypeId": 2, "select": ["id"], "filter": {">id": last}, "order": {"id": "ASC"}, "start": -1});
        let reply = bench.v2("crm.item.list", &params).await;
        let ids = column(&reply.result()["items"], "id");
        requests += 1;
        rows += ids.len();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        if ids.len() < 50 {
            break;
        }
        last = ids[49];
    }
    assert_eq!((rows, requests), (100_000, 2001));
}

#[tokio::test]
async fn a_full_scan_still_answers_at_once() {
    let bench = Bench::with(Portal::builder().rows(100_000).limits(Limits::off()));
    let reply = bench.v2("crm.deal.list", &json!({"filter": {"TITLE": "Deal 99999"}, "select": ["ID"]})).await;
    assert_eq!((reply.result(), &reply.body["total"]), (&json!([{"ID": "99999"}]), &json!(1)));
    let reply = bench.v2("crm.deal.list", &json!({"start": 99_950, "select": ["ID"]})).await;
    assert_eq!(column(reply.result(), "ID")[49], 100_000);
}

#[tokio::test]
async fn a_page_of_a_million_rows_costs_what_is_on_it() {
    // Each of these would take minutes if a page were looked for from the first row on.
    let bench = Bench::with(Portal::builder().rows(1_000_000).id_gap_after(7).limits(Limits::off()).keep_requests(0));
    for turn in 0..300 {
        let bound = 1_142_000 - turn;
        let page = |filter: serde_json::Value, order: &str, start: i64| json!({"entityTypeId": 2, "select": ["id"], "filter": filter, "order": {"id": order}, "start": start});
        for (params, first) in [
            (page(json!({">id": bound}), "ASC", -1), bound + 1),
            (page(json!({"<id": bound}), "DESC", -1), bound - 1),
            (page(json!({"@id": [5, bound]}), "ASC", 0), 5),
            (page(json!({}), "ASC", 700_000), 800_001),
        ] {
            let reply = bench.v2("crm.item.list", &params).await;
            let got = column(&reply.result()["items"], "id")[0];
            // Every eighth id is missing.
            assert!((got - first).abs() <= 1, "{params}: {got}");
        }
    }
}
