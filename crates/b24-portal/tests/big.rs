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
