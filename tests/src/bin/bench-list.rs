//! One side of `cargo xtask bench list`: the cost of reading all rows of a list in this process.
//!
//! `bench-list HOOK_URL ROWS` reads so many rows of `crm.item.list` one by one, each into a struct that is dropped at once,
//! and prints one JSON line. CPU is counted from the first call, to which connecting belongs.
#![allow(clippy::print_stdout, reason = "the line is the result")]

use std::error::Error;

use b24::{B24, Restrictions, limiter::settings::RateLimit};
use cpu_time::ProcessTime;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FIELDS: [&str; 8] =
    ["id", "title", "stageId", "opportunity", "currencyId", "assignedById", "createdTime", "updatedTime"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "a program that reads rows reads all of their fields")]
struct Deal {
    id: u64,
    title: String,
    stage_id: String,
    opportunity: f64,
    currency_id: String,
    assigned_by_id: u64,
    created_time: String,
    updated_time: String,
}

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, hook, rows] = arguments.as_slice() else {
        return Err("usage: bench-list HOOK_URL ROWS".into());
    };
    let wanted: u64 = rows.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let b24 = B24::builder().restrictions(unthrottled())?.webhook_url(hook)?;
    let idle_rss = peak_rss_kib();
    let begin = ProcessTime::try_now()?;
    let (count, sum) = runtime.block_on(read(&b24))?;
    let cpu = begin.try_elapsed()?;
    if count != wanted {
        return Err(format!("{count} of {wanted} rows were read").into());
    }
    let line = json!({
        "rows": count,
        "idSum": sum,
        "cpuMicros": u64::try_from(cpu.as_micros())?,
        "idleRssKib": idle_rss,
        "peakRssKib": peak_rss_kib(),
    });
    println!("{line}");
    Ok(())
}

/// How many rows there were, and the sum of their ids: two programs that read the same rows come to the same.
async fn read(b24: &B24) -> Outcome<(u64, u64)> {
    let params = json!({ "entityTypeId": 2, "select": FIELDS });
    let mut rows = b24.v2().list::<Deal>("crm.item.list").params(params).rows();
    let (mut count, mut sum) = (0, 0);
    while let Some(deal) = rows.try_next().await? {
        count += 1;
        sum += deal.id;
    }
    Ok((count, sum))
}

/// The limiter does all its work and never lets wait: the portal has no limits, and the wait would be all there is to see.
fn unthrottled() -> Restrictions {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1e6, 1e6));
    restrictions
}

/// The most memory this process has held, where the system tells (Linux), else 0.
fn peak_rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
