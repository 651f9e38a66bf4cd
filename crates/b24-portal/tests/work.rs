//! Work that takes time: how long answers take, and what the operating limiter makes of callers at the same time.

mod common;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use b24_portal::{BatchBilling, Fault, Limits, Overrun, Portal, PortalBuilder};
use bytes::Bytes;
use common::{Bench, Reply, SECRET};
use http::Request;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const DEAR: &str = "crm.deal.get?id=1";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Deals and tasks take six seconds, of `limit` that each method has; everything else takes nothing.
fn working_within(limit: u64, limits: Limits) -> PortalBuilder {
    Portal::builder()
        .limits(limits.without_rate().with_operating(seconds(limit)).with_shared_batch_key(false))
        .work_takes_time(true)
        .default_cost(Duration::ZERO)
        .method_cost("crm.deal.get", seconds(6))
        .method_cost("tasks.task.get", seconds(6))
}

fn working(limits: Limits) -> PortalBuilder {
    working_within(10, limits)
}

/// A portal on tokio's clock, for callers at the same time on a paused runtime.
fn paused(builder: PortalBuilder) -> Arc<Bench> {
    Arc::new(Bench { portal: builder.webhook(1, SECRET).in_process(), ..Bench::new() })
}

/// The answers to so many equal calls at once, in the order they came.
async fn at_once(bench: &Arc<Bench>, count: usize, method: &'static str, params: &Value) -> Vec<Reply> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let (bench, params) = (Arc::clone(bench), params.clone());
        calls.spawn(async move { bench.v2(method, &params).await });
    }
    let mut replies = Vec::new();
    while let Some(Ok(reply)) = calls.join_next().await {
        replies.push(reply);
    }
    replies
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

/// How much time goes by on the clock of the portal until its answer is there.
async fn took(bench: &Bench, call: impl Future<Output = Reply>) -> Duration {
    let before = bench.portal.clock().now();
    call.await.result();
    bench.portal.clock().now() - before
}

#[tokio::test]
async fn an_answer_takes_what_its_handlers_cost() {
    let builder = working_within(100, Limits::default()).default_cost(seconds(1)).rows(50_000).latency(seconds(2));
    for (takes, work) in [(true, 1), (false, 0)] {
        let bench = Bench::with(builder.clone().work_takes_time(takes));
        let want = |cost: u64| seconds(2 + work * cost);
        assert_eq!(took(&bench, bench.v2("profile", &json!({}))).await, want(1));
        assert_eq!(took(&bench, bench.v2("crm.deal.get", &json!({"id": 1}))).await, want(6));
        assert_eq!(took(&bench, bench.v2("crm.deal.list", &json!({}))).await, want(1 + 1), "counting 50,000 rows");
        assert_eq!(took(&bench, bench.v3("tasks.task.get", &json!({"id": 1}))).await, want(6));
        // A batch is a method as well.
        assert_eq!(took(&bench, bench.v2("batch", &json!({"cmd": [DEAR, "nope", "profile"]}))).await, want(6 + 1 + 1));
        let items = json!([{"method": "tasks.task.get", "query": {"id": 1}}]);
        assert_eq!(took(&bench, bench.v3("batch", &items)).await, want(6 + 1));
    }
}

#[tokio::test]
async fn what_is_refused_or_replayed_takes_no_time() {
    let bench = Bench::with(working(Limits::default()).method_cost("tasks.task.add", seconds(6)));
    for _ in 0..2 {
        bench.v2("crm.deal.get", &json!({"id": 1})).await.result();
    }
    let before = bench.clock.now();
    for (method, status) in [("crm.deal.get", 429), ("crm.deal.update", 400), ("nope", 404)] {
        assert_eq!(bench.v2(method, &json!({"id": 999_999})).await.status, status);
    }
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 999_999})).await.status, 400);
    assert_eq!(bench.clock.now(), before);

    for cost in [6, 0] {
        let before = bench.clock.now();
        let body = r#"{"fields":{"title":"x","creatorId":1,"responsibleId":1}}"#;
        let request = Request::post(format!("/rest/api/1/{SECRET}/tasks.task.add")).header("idempotency-key", "k");
        bench.send(request.body(Bytes::from_static(body.as_bytes())).expect("a request")).await.result();
        assert_eq!(bench.clock.now() - before, seconds(cost));
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_lost_after_the_work() {
    let bench = Bench::with(working(Limits::default()));
    bench.portal.fault(Fault::reset());
    bench.portal.fault(Fault::lost_response());
    for cost in [0, 6] {
        let before = bench.clock.now();
        let request = Request::get(format!("/rest/1/{SECRET}/crm.deal.get?id=1")).body(Bytes::new());
        assert!(bench.try_send(request.expect("a request")).await.is_err());
        assert_eq!(bench.clock.now() - before, seconds(cost));
    }
}

#[tokio::test]
async fn an_engine_tells_how_long_to_wait() {
    let now = seconds(1_787_227_200);
    let mut engine = working(Limits::default()).latency(seconds(1)).webhook(1, SECRET).engine(now);
    let request = Request::get(format!("/rest/1/{SECRET}/crm.deal.get?id=1")).body(Bytes::new()).expect("a request");
    assert_eq!(engine.handle(now, Ipv4Addr::LOCALHOST.into(), request).latency, seconds(7));
}

#[tokio::test]
async fn a_socket_waits_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let cost = Duration::from_millis(100);
    let portal = working(Limits::default()).method_cost("profile", cost).start().await.expect("a portal");
    let before = portal.clock().now();
    let address = portal.url().strip_prefix("http://").expect("plain HTTP").to_owned();
    let mut tcp = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let path = portal.hook_url().replace(portal.url(), "");
    let head = format!("GET {path}profile HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n");
    tcp.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(portal.clock().now() - before >= cost);
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_wait_at_the_same_time() {
    let bench = paused(working(Limits::default()).method_cost("profile", seconds(2)).latency(seconds(1)));
    let before = bench.portal.clock().now();
    assert_eq!(statuses(&at_once(&bench, 4, "profile", &json!({})).await), [200; 4]);
    assert_eq!(bench.portal.clock().now() - before, seconds(3));
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_do_not_share_one_check() {
    for overrun in [Overrun::Window, Overrun::Ban] {
        let bench = paused(working(Limits::default().with_overrun(overrun)));
        let replies = at_once(&bench, 5, "crm.deal.get", &json!({"id": 1})).await;
        assert_eq!(statuses(&replies), [429, 429, 429, 200, 200], "{overrun:?}: a refusal is there at once");
        let mut told: Vec<f64> = replies.iter().filter_map(|reply| reply.body["time"]["operating"].as_f64()).collect();
        told.sort_by(f64::total_cmp);
        assert_eq!(told, [6.0, 12.0], "{overrun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_has_paid() {
    let bench = paused(working(Limits::default()));
    let params = json!({"id": 1});
    assert!(tokio::time::timeout(seconds(1), bench.v2("crm.deal.get", &params)).await.is_err());
    assert_eq!(bench.v2("crm.deal.get", &params).await.body["time"]["operating"], 12);
}

#[tokio::test]
async fn the_told_reset_is_after_the_told_finish() {
    for (overrun, billing, limit) in [
        (Overrun::Window, BatchBilling::Commands, 480),
        (Overrun::Window, BatchBilling::BatchOnly(1.0), 300),
        (Overrun::Ban, BatchBilling::CommandsAndBatch(1.0), 300),
    ] {
        let limits = Limits::default().with_batch_billing(billing).with_overrun(overrun);
        let bench = Bench::with(working_within(limit, limits));
        // Half an hour of batches of twelve seconds, at odd intervals: now and then a minute expires while one runs.
        for round in 0..100 {
            bench.clock.advance(Duration::from_millis(round * 997 % 9_000));
            let reply = bench.v2("batch", &json!({"cmd": {"a": DEAR, "b": "tasks.task.get?taskId=1"}})).await;
            if reply.status == 429 {
                continue;
            }
            let times = &reply.result()["result_time"];
            for time in [&times["a"], &times["b"], &reply.body["time"]] {
                let [finish, reset_at] =
                    ["finish", "operating_reset_at"].map(|key| time[key].as_f64().expect("a time"));
                assert!(reset_at > finish, "{overrun:?} {billing:?}: {time}");
            }
        }
    }
}

#[tokio::test]
async fn the_told_second_is_true_after_long_work() {
    for overrun in [Overrun::Window, Overrun::Ban] {
        let bench = Bench::with(working(Limits::default().with_overrun(overrun)));
        let get = async || bench.v2("crm.deal.get", &json!({"id": 1})).await;
        bench.clock.advance(Duration::from_millis(750));
        get().await.result();
        let told = seconds(get().await.body["time"]["operating_reset_at"].as_u64().expect("a time"));
        bench.clock.advance(told - bench.clock.now() - Duration::from_millis(1));
        assert_eq!(get().await.status, 429, "{overrun:?}");
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(get().await.status, 200, "{overrun:?}");
    }
}

#[tokio::test]
async fn a_command_is_checked_when_its_turn_comes() {
    let bench = Bench::with(working(Limits::default()));
    let blocked = json!({"cmd": {"a": "tasks.task.get?taskId=1", "b": DEAR}});
    bench.v2("batch", &json!({"cmd": [DEAR, DEAR]})).await.result();
    bench.clock.advance(seconds(590 - 12));
    // Ten seconds before the budget is back: the task takes six of them, so only the second batch gets there.
    let reply = bench.v2("batch", &blocked).await;
    assert_eq!(reply.result()["result_error"]["b"]["error"], "OPERATION_TIME_LIMIT");
    let reply = bench.v2("batch", &blocked).await;
    assert_eq!(reply.result()["result_error"], json!([]), "{}", reply.body);
}
