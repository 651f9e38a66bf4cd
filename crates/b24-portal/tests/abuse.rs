//! Requests that are meant to hurt: deep, long, doubling.
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{BatchBilling, Limits, Overrun, Portal, TimeFormat};
use bytes::Bytes;
use common::{Bench, Reply, SECRET};
use http::Request;
use serde_json::json;

fn out_of_memory(reply: &Reply) -> bool {
    (reply.status, reply.header("content-type")) == (500, Some("text/html"))
}

#[tokio::test]
async fn ten_thousand_brackets_are_dropped_wherever_they_stand() {
    let bench = Bench::new();
    let deep = format!("a=1&filter{}=1", "[0]".repeat(10_000));
    let echo = format!("/rest/1/{SECRET}/b24portal.echo");
    assert_eq!(bench.get(&format!("{echo}?{deep}")).await.result()["params"], json!({"a": "1"}));
    let form = Request::post(&echo).header("content-type", "application/x-www-form-urlencoded");
    let reply = bench.send(form.body(deep.clone().into()).expect("a request")).await;
    assert_eq!(reply.result()["params"], json!({"a": "1"}));
    let reply = bench.v2("batch", &json!({"cmd": {"e": format!("b24portal.echo?{deep}")}})).await;
    assert_eq!(reply.result()["result"]["e"]["params"], json!({"a": "1"}));
    assert_eq!(bench.post("/rest/no.such", &json!({})).await.status, 404, "and nothing has died");
}

#[tokio::test]
async fn json_deeper_than_128_is_no_json() {
    let bench = Bench::new();
    let nested = |levels: usize| format!("{{\"filter\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let send = async |method: &str, levels: usize| {
        let request = Request::post(format!("/rest/1/{SECRET}/{method}")).header("content-type", "application/json");
        bench.send(request.body(nested(levels).into()).expect("a request")).await
    };
    assert_ne!(send("b24portal.echo", 120).await.result()["params"], json!([]));
    assert_eq!(send("b24portal.echo", 10_000).await.result()["params"], json!([]));
    assert_eq!(send("crm.item.list?entityTypeId=2", 120).await.status, 200, "groups in groups");
    assert_eq!(send("b24portal.echo.xml", 120).await.status, 200, "and XML as deep");
}

#[tokio::test]
async fn references_cannot_build_what_no_request_may_bring() {
    // Every command puts the answer of the one before sixty brackets deeper.
    let deeper = |last: &str| format!("b24portal.echo?a{}=$result[{last}]", "[x]".repeat(60));
    let mut cmd = json!({"c0": "b24portal.echo?a=1", "c1": deeper("c0")});
    let bench = Bench::new();
    assert_eq!(bench.v2("batch", &json!({"cmd": cmd})).await.status, 200);
    for place in 2..50 {
        cmd[format!("c{place:02}")] =
            deeper(&if place == 2 { "c1".to_owned() } else { format!("c{:02}", place - 1) }).into();
    }
    assert!(out_of_memory(&bench.v2("batch", &json!({"cmd": cmd})).await));
}

#[tokio::test]
async fn depth_does_not_grow_from_one_request_to_the_next() {
    let bench = Bench::new();
    let cmd = json!({
        "a": "catalog.product.get?id=1",
        "b": format!(
            "catalog.product.update?id=1&fields[property107]{}=$result[a][product][property107]",
            "[x]".repeat(60)
        ),
    });
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(bench.v2("batch", &json!({"cmd": cmd})).await.status);
    }
    assert_eq!((statuses[0], statuses[19]), (200, 500), "{statuses:?}");
    assert_eq!(bench.v2("catalog.product.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn a_batch_that_doubles_its_memory_dies_of_it() {
    let bench = Bench::new();
    let mut cmd = serde_json::Map::new();
    for place in 0..50 {
        cmd.insert(format!("c{place:02}"), "b24portal.echo?a=$result[zz]&b=$result[zz]".into());
    }
    let reply = bench.v2("batch", &json!({"cmd": cmd})).await;
    assert!(out_of_memory(&reply), "{}", reply.status);
    assert_eq!(bench.portal.requests()[0].status.map(|status| status.as_u16()), Some(500));
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_v3_batch_cannot_copy_without_end() {
    let bench = Bench::new();
    let fields = json!({"title": "x".repeat(2 << 20), "creatorId": 1, "responsibleId": 1});
    let mut items = vec![json!({"method": "tasks.task.add", "as": "t", "query": {"fields": fields}})];
    let copy = json!({"method": "tasks.task.update", "query": {"id": 1, "fields": {"title": {"$ref": "t.title"}}}});
    items.resize(40, copy.clone());
    assert_eq!(bench.v3("batch", &items.clone().into()).await.status, 200);
    items.resize(100, copy);
    assert!(out_of_memory(&bench.v3("batch", &items.into()).await));
}

#[tokio::test]
async fn a_pattern_of_wildcards_is_matched_at_once() {
    let bench = Bench::new();
    let pattern = format!("{}z", "%e".repeat(2_000));
    let reply = bench.v2("crm.deal.list", &json!({"filter": {"=%TITLE": pattern}})).await;
    assert_eq!(reply.result(), &json!([]));
}

#[tokio::test]
async fn no_date_brings_the_portal_down() {
    let bench = Bench::new();
    for date in ["2026-01-01T9223372036854775807:00:00", "2026-01-01T00:00:00+9223372036854775807", "2026-01-01 25:00"]
    {
        let reply = bench.v2("crm.deal.list", &json!({"filter": {">DATE_CREATE": date}})).await;
        assert_eq!(reply.status, 200, "{date}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_never_reaches_the_api() {
    let bench = Bench::with(Portal::builder().max_body(20));
    let ask = async |body: &str| {
        let request = Request::post(format!("/rest/1/{SECRET}/profile")).body(Bytes::from(body.to_owned()));
        bench.send(request.expect("a request")).await
    };
    assert_eq!(ask(&"x".repeat(20)).await.status, 200);
    let reply = ask(&"x".repeat(21)).await;
    assert_eq!((reply.status, reply.header("content-type")), (413, Some("text/html")));
    assert!(String::from_utf8_lossy(&reply.bytes).contains("413 Request Entity Too Large"));
    let requests = bench.portal.requests();
    assert_eq!((requests[1].status.map(|status| status.as_u16()), requests[1].body.len()), (Some(413), 0));
}

#[tokio::test]
async fn endless_durations_are_only_long() {
    for (overrun, billing) in [
        (Overrun::Window, BatchBilling::Commands),
        (Overrun::Ban, BatchBilling::CommandsAndBatch(f64::INFINITY)),
        (Overrun::Ban, BatchBilling::BatchOnly(2.0)),
        (Overrun::Window, BatchBilling::BatchOnly(f64::NAN)),
    ] {
        for (format, takes_time) in
            [(TimeFormat::Float, false), (TimeFormat::WholeSeconds, false), (TimeFormat::Float, true)]
        {
            let limits = Limits::default()
                .without_rate()
                .with_operating(Duration::MAX)
                .with_overrun(overrun)
                .with_batch_billing(billing);
            let builder = Portal::builder().limits(limits).time_format(format).work_takes_time(takes_time);
            let builder = builder.default_cost(Duration::MAX).count_cost(Duration::MAX);
            let bench = Bench::with(builder.access_token("T", 1, Duration::MAX));
            assert_eq!(bench.post("/rest/profile", &json!({"auth": "T"})).await.status, 200);
            assert_eq!(bench.v2("crm.deal.list", &json!({})).await.status, 200);
            let reply = bench.v2("batch", &json!({"cmd": ["profile", "crm.deal.list"]})).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let items = json!([{"method": "tasks.task.get", "query": {"id": 1}}]);
            assert_eq!(bench.v3("batch", &items).await.status, 200);
            bench.clock.advance(Duration::MAX);
            assert_ne!(bench.v2("profile", &json!({})).await.status, 0);
        }
    }
}
