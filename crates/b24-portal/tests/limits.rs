//! The operating limiter as a client meets it, on a clock that the test moves.

mod common;

use std::time::Duration;

use b24_portal::{Limits, Overrun, Plan, Portal};
use common::Bench;
use serde_json::json;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn bench(overrun: Overrun) -> Bench {
    let limits = Limits::default().without_rate().with_operating(seconds(10)).with_overrun(overrun);
    Bench::with(Portal::builder().limits(limits).method_cost("crm.deal.get", seconds(6)))
}

async fn get(bench: &Bench) -> u16 {
    bench.v2("crm.deal.get", &json!({"id": 1})).await.status
}

#[tokio::test]
async fn the_plans_differ_in_rate() {
    for (plan, burst, leak) in [(Plan::Standard, 50, 2), (Plan::Enterprise, 250, 5)] {
        let bench = Bench::with(Portal::builder().plan(plan));
        let mut passed = 0;
        while bench.v2("server.time", &json!({})).await.status == 200 {
            passed += 1;
        }
        assert_eq!(passed, burst, "{plan:?}");
        bench.clock.advance(seconds(1));
        for _ in 0..leak {
            assert_eq!(bench.v2("server.time", &json!({})).await.status, 200);
        }
        assert_eq!(bench.v2("server.time", &json!({})).await.status, 503);
    }
}

#[tokio::test]
async fn a_batch_is_one_request_to_the_bucket() {
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(1, 2)));
    bench.v2("batch", &json!({"cmd": vec!["profile"; 50]})).await.result();
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
    assert_eq!(bench.v2("profile", &json!({})).await.status, 503);
}

#[tokio::test]
async fn the_window_opens_when_the_oldest_minute_leaves() {
    let bench = bench(Overrun::Window);
    assert_eq!(get(&bench).await, 200);
    bench.clock.advance(seconds(120));
    let reply = bench.v2("crm.deal.get", &json!({"id": 1})).await;
    assert_eq!(reply.body["time"]["operating"], 12);
    let reset_at = reply.body["time"]["operating_reset_at"].as_u64().expect("a time");
    assert_eq!(reset_at, bench.clock.now().as_secs() + 480);
    assert_eq!(get(&bench).await, 429);
    bench.clock.advance(seconds(479));
    assert_eq!(get(&bench).await, 429);
    bench.clock.advance(seconds(1));
    assert_eq!(get(&bench).await, 200);
    assert_eq!(get(&bench).await, 429, "six seconds of the second minute and six new ones");
}

#[tokio::test]
async fn the_ban_lasts_three_hundred_seconds_flat() {
    let bench = bench(Overrun::Ban);
    assert_eq!((get(&bench).await, get(&bench).await, get(&bench).await), (200, 200, 429));
    bench.clock.advance(seconds(299));
    assert_eq!(get(&bench).await, 429);
    bench.clock.advance(seconds(1));
    let reply = bench.v2("crm.deal.get", &json!({"id": 1})).await;
    assert_eq!(reply.body["time"]["operating"], 6, "a full budget");
}

#[tokio::test]
async fn the_told_second_is_early_enough_for_nobody_and_late_enough_for_all() {
    for overrun in [Overrun::Window, Overrun::Ban] {
        let bench = bench(overrun);
        bench.clock.advance(Duration::from_millis(750));
        assert_eq!(get(&bench).await, 200);
        let reply = bench.v2("crm.deal.get", &json!({"id": 1})).await;
        let told = seconds(reply.body["time"]["operating_reset_at"].as_u64().expect("a time"));
        bench.clock.advance(told - bench.clock.now() - Duration::from_millis(1));
        assert_eq!(get(&bench).await, 429, "{overrun:?}");
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(get(&bench).await, 200, "{overrun:?}");
    }
}

#[tokio::test]
async fn failed_calls_cost_nothing() {
    let bench = bench(Overrun::Window);
    for _ in 0..5 {
        assert_eq!(bench.v2("crm.deal.get", &json!({"id": 999_999})).await.status, 400);
    }
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.body["time"]["operating"], 6);
}

#[tokio::test]
async fn counting_costs_and_start_minus_one_does_not() {
    let limits = Limits::default().without_rate();
    let bench = Bench::with(Portal::builder().limits(limits).rows(100_000));
    let counted = bench.v2("crm.deal.list", &json!({"start": 0})).await;
    assert_eq!(counted.body["time"]["operating"], 2.02, "twenty microseconds a row");
    let free = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "start": -1})).await;
    assert_eq!(free.body["time"]["operating"], 0, "under a tenth of a second nothing is counted");
}

#[tokio::test]
async fn both_generations_share_a_counter_by_name() {
    let limits = Limits::default().without_rate().with_operating(seconds(10));
    let bench = Bench::with(Portal::builder().limits(limits).method_cost("tasks.task.get", seconds(6)));
    bench.v2("tasks.task.get", &json!({"taskId": 1})).await.result();
    bench.v3("tasks.task.get", &json!({"id": 1})).await.result();
    assert_eq!(bench.v2("tasks.task.get", &json!({"taskId": 1})).await.error(), "OPERATION_TIME_LIMIT");
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.trouble(), "RATELIMIT");
}
