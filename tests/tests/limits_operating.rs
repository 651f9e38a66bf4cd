//! Operating time, against the embedded portal on a paused clock: a method that costs 20 s a call, in every way that
//! portals have been seen to bill and to refuse.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeMap, time::Duration};

use b24::{B24, Limiter, Restrictions};
use b24_portal::{BatchBilling, Limits, Overrun, Portal};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

const DEAR: &str = "user.get";
const HOUR: Duration = Duration::from_secs(3600);

/// How a portal bills and refuses; and how often it may refuse a method before the limiter knows.
fn dialects() -> Vec<(&'static str, Limits, u64)> {
    let limits = Limits::default;
    vec![
        // https://apidocs.bitrix24.com/settings/performance/limits.html
        ("as documented", limits(), 0),
        ("one counter for calls and batches", limits().with_shared_batch_key(false), 0),
        // https://github.com/bitrix24/b24jssdk/pull/539
        ("a flat ban", limits().with_overrun(Overrun::Ban), 0),
        ("batch billed as well", limits().with_batch_billing(BatchBilling::CommandsAndBatch(0.5)), 0),
        ("batch billed alone", limits().with_batch_billing(BatchBilling::BatchOnly(0.5)), 0),
        ("counters missing", limits().with_operating_reported(false), 1),
        ("counters missing, a flat ban", limits().with_operating_reported(false).with_overrun(Overrun::Ban), 1),
    ]
}

fn portal(limits: Limits) -> Portal {
    Portal::builder()
        .limits(limits)
        .rows(1)
        .method_cost(DEAR, Duration::from_secs(20))
        .work_takes_time(true)
        .keep_requests(50_000)
        .in_process()
}

fn b24(portal: &Portal) -> B24 {
    let limiter = Limiter::new(Restrictions::default()).unwrap();
    B24::builder().http_client(portal.service()).limiter(limiter).webhook_url(&portal.hook_url()).unwrap()
}

/// What came of an hour: refusals of the method, calls or commands that were done, the longest wait of another method.
#[derive(Debug, Default)]
struct Hour {
    refused: u64,
    done: u64,
    longest_of_another: Duration,
}

/// Eight callers spend an hour with `what`, while somebody calls another method every five seconds.
async fn hour(portal: &Portal, what: fn() -> (&'static str, Value)) -> Hour {
    let b24 = b24(portal);
    let end = Instant::now() + HOUR;
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let b24 = b24.clone();
        callers.spawn(async move {
            let (mut done, mut refused) = (0, 0);
            while Instant::now() < end {
                let (method, params) = what();
                let result: Value = b24.v2().call(method).params(params).send().await.unwrap().result;
                if method == "batch" {
                    let blocked = commands(&result["result_error"]);
                    refused += u64::from(!blocked.is_empty());
                    done += commands(&result["result"]).len() as u64;
                    assert!(blocked.values().all(|error| error["error"] == "OPERATION_TIME_LIMIT"), "{blocked:?}");
                } else {
                    done += 1;
                }
            }
            (done, refused)
        });
    }
    let other = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        while Instant::now() < end {
            let begin = Instant::now();
            b24.v2().call("server.time").send::<Value>().await.unwrap();
            longest = longest.max(begin.elapsed());
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        longest
    });
    let mut hour = Hour::default();
    for (done, refused) in callers.join_all().await {
        hour.done += done;
        hour.refused += refused;
    }
    hour.longest_of_another = other.await.unwrap();
    let blocked = portal.requests().iter().filter(|request| request.status.is_some_and(|status| status == 429)).count();
    hour.refused += blocked as u64;
    hour
}

/// PHP's arrays: a list or an object.
fn commands(value: &Value) -> BTreeMap<String, Value> {
    match value {
        Value::Object(map) => map.clone().into_iter().collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(place, value)| (place.to_string(), value.clone())).collect()
        }
        _ => BTreeMap::new(),
    }
}

async fn in_every_dialect(what: fn() -> (&'static str, Value)) {
    for (name, limits, allowed) in dialects() {
        let portal = portal(limits);
        let hour = hour(&portal, what).await;
        assert!(hour.refused <= allowed, "{name}: {hour:?}");
        assert!(hour.longest_of_another < Duration::from_secs(5), "{name}: {hour:?}");
        // Six times 480 s are 144 calls; the first budget comes on top.
        assert!(hour.done >= 130, "{name}: {hour:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dear_method_called_singly_is_not_refused() {
    in_every_dialect(|| (DEAR, json!({ "filter": { "ID": 1 } }))).await;
}

#[tokio::test(start_paused = true)]
async fn a_dear_method_in_batches_is_not_refused() {
    in_every_dialect(|| ("batch", json!({ "halt": 0, "cmd": ["user.get?ID=1", "user.get?ID=1"] }))).await;
}

#[tokio::test(start_paused = true)]
async fn a_dear_method_in_labelled_batches_is_not_refused() {
    in_every_dialect(|| ("batch", json!({ "halt": 0, "cmd": { "a": "user.get?ID=1", "b": "User.Get?ID=1" } }))).await;
}

/// The configured limit is a guess: portals differ. One that is lower is learned from its refusals.
#[tokio::test(start_paused = true)]
async fn a_lower_limit_than_was_thought_is_learned() {
    let portal = portal(Limits::default().with_operating(Duration::from_secs(300)));
    let hour = hour(&portal, || (DEAR, json!({}))).await;
    assert!(hour.refused <= 8 && hour.done >= 60, "{hour:?}");
}
