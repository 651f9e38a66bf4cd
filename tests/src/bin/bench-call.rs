//! One side of `cargo xtask bench call`: the cost of sequential calls in this process.
//!
//! `bench-call MODE HOOK_URL CALLS` prints one JSON line. The modes: `b24` calls with the SDK; `bare` sends the same
//! bytes with a bare hyper-util client and decodes the same payload with `serde_json`; `cold-b24` is `b24` without a
//! warm-up, for figures of the whole process.
#![allow(clippy::print_stdout, reason = "the line is the result")]

use std::{error::Error, future::Future};

use b24::{B24, Reply, Restrictions, limiter::settings::RateLimit};
use bytes::Bytes;
use cpu_time::ProcessTime;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde::{Deserialize, Serialize};

type Outcome<T> = Result<T, Box<dyn Error>>;

const METHOD: &str = "crm.item.get";
const WARM_UP: u32 = 200;

#[derive(Serialize)]
struct Params {
    #[serde(rename = "entityTypeId")]
    entity_type_id: u32,
    id: u32,
}

const PARAMS: Params = Params { entity_type_id: 2, id: 1 };

#[derive(Deserialize)]
struct Payload {
    item: Item,
}

#[derive(Deserialize)]
struct Item {
    id: u64,
    title: String,
}

/// What the bare loop decodes: the same fields as the SDK does.
#[derive(Deserialize)]
struct Envelope {
    result: Payload,
    time: b24::Time,
}

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, mode, hook, calls] = arguments.as_slice() else {
        return Err("usage: bench-call bare|b24|cold-b24 HOOK_URL CALLS".into());
    };
    let calls: u32 = calls.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = match mode.as_str() {
        "bare" => {
            let client = Client::builder(TokioExecutor::new()).build_http();
            measure(&runtime, calls, WARM_UP, || bare(&client, hook))?
        }
        "b24" | "cold-b24" => {
            let b24 = B24::builder().restrictions(unthrottled())?.webhook_url(hook)?;
            let warm_up = if mode == "b24" { WARM_UP } else { 0 };
            measure(&runtime, calls, warm_up, || with_b24(&b24))?
        }
        _ => return Err("unknown mode".into()),
    };
    println!(
        r#"{{"mode":"{mode}","calls":{calls},"cpuMicros":{},"allocations":{},"allocatedBytes":{},"peakRssKib":{}}}"#,
        measured.cpu_micros,
        measured.allocations,
        measured.allocated_bytes,
        peak_rss_kib(),
    );
    Ok(())
}

/// The limiter does all its work and never lets wait: the portal has no limits, and the wait would be all there is to see.
fn unthrottled() -> Restrictions {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1e6, 1e6));
    restrictions
}

struct Measured {
    cpu_micros: u128,
    allocations: u64,
    allocated_bytes: u64,
}

fn measure<F>(runtime: &tokio::runtime::Runtime, calls: u32, warm_up: u32, call: impl Fn() -> F) -> Outcome<Measured>
where
    F: Future<Output = Outcome<()>>,
{
    let repeat = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                call().await?;
            }
            Ok::<_, Box<dyn Error>>(())
        })
    };
    repeat(warm_up)?;
    let begin = ProcessTime::try_now()?;
    let mut outcome = Ok(());
    // Everything runs on this thread, so everything is counted.
    let counted = allocation_counter::measure(|| outcome = repeat(calls));
    outcome?;
    let cpu_micros = begin.try_elapsed()?.as_micros();
    Ok(Measured { cpu_micros, allocations: counted.count_total, allocated_bytes: counted.bytes_total })
}

async fn with_b24(b24: &B24) -> Outcome<()> {
    let reply: Reply<Payload> = b24.v2().call(METHOD).params(PARAMS).send().await?;
    check(&reply.result, reply.time.is_some())
}

async fn bare(
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    hook: &str,
) -> Outcome<()> {
    let query = "bx24_request_id=4e7be2bd-8d9c-4f26-9aa8-33a2a2f7b0de&bx24_sdk_ver=0.1.0&bx24_sdk_type=b24-rust-sdk";
    let request = Request::post(format!("{hook}{METHOD}?{query}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "b24-rust-sdk/0.1.0")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Full::new(Bytes::from(serde_json::to_vec(&PARAMS)?)))?;
    let body = client.request(request).await?.into_body().collect().await?.to_bytes();
    let envelope: Envelope = serde_json::from_slice(&body)?;
    check(&envelope.result, envelope.time.duration.is_some())
}

fn check(payload: &Payload, timed: bool) -> Outcome<()> {
    if payload.item.id == 1 && !payload.item.title.is_empty() && timed { Ok(()) } else { Err("a wrong answer".into()) }
}

/// The most memory this process has held, where the system tells (Linux), else 0.
fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
