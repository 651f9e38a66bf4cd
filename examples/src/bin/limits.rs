//! The portal's limits: what is set, what is changed while calls are under way, what can be seen.
//!
//! Shows: a preset, `Priority`, `Limits::update`, an observer, a call whose deadline is too short for the wait, a refusal
//! that was not ours, and the statistics. The fake portal takes ten calls at once and five a second after that.
//!
//! ```text
//! cargo run -p b24-examples --bin limits -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin limits
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, sync::Arc, time::Duration};

use b24::{
    B24, ErrorKind, Priority, Restrictions,
    limiter::{
        settings::RateLimit,
        stats::{Observer, Paused, Waited},
    },
};
use b24_portal::{Fault, Limits, Portal};
use serde_json::Value;
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let limits = Limits::default().with_rate(5, 10);
    let fake = Portal::builder().limits(limits).method_cost("server.time", Duration::from_millis(300));
    let (url, portal) = b24_examples::hook_url_or(fake).await?;

    // A preset, with one number of our own: less than the portal allows, as long as we do not know its plan.
    let mut restrictions = Restrictions::batch_processing();
    restrictions.rate = Some(RateLimit::new(10.0, 2.0));
    let b24 = B24::builder().restrictions(restrictions)?.webhook_url(&url)?;
    let limits = b24.limits().ok_or("the ready-made stack has limits")?;
    limits.limiter().observe(Arc::new(Printer));

    // A job: twenty calls at once. Ten go, ten wait.
    let mut job = JoinSet::new();
    for _ in 0..20 {
        let b24 = b24.clone();
        job.spawn(async move { b24.v2().call("server.time").priority(Priority::Bulk).send::<String>().await });
    }
    tokio::task::yield_now().await;

    // Somebody looks at a screen: this call passes those that wait.
    let me = b24.v2().call("profile").send::<Value>().await?.result;
    let waiting = limits.stats().rate.map_or(0, |rate| rate.waiting);
    println!("Hello, {}: {waiting} calls of the job still wait", me["NAME"]);

    // The plan of the portal, and its rate. Those that wait go by the new numbers at once.
    let info = b24.v2().call("app.info").send::<Value>().await?.result;
    let licence = info["LICENSE"].as_str().unwrap_or_default();
    let rate = if portal.is_some() { Some(RateLimit::new(10.0, 5.0)) } else { RateLimit::from_tariff(licence) };
    limits.update(|restrictions| restrictions.rate = rate)?;
    println!("{licence}: {:?} a second from now on", rate.map(|rate| rate.drain_per_second));

    // Who cannot wait says so, and knows at once: the call is not sent, and repeating it is safe.
    match b24.v2().call("profile").deadline(Duration::from_millis(100)).send::<Value>().await {
        Err(error) if error.kind() == ErrorKind::Limit => println!("{error}"),
        Err(error) => return Err(error.into()),
        Ok(_) => println!("in time"),
    }

    while let Some(call) = job.join_next().await {
        call??;
    }

    // Another program takes a part of the rate, and the portal refuses a call of ours: everybody pauses, and the call
    // is sent again.
    if let Some(portal) = &portal {
        portal.fault(Fault::query_limit_exceeded());
    }
    b24.v2().call("profile").send::<Value>().await?;

    let stats = b24.stats();
    println!("{} sends, {} of them repeats, {} calls not sent", stats.sends, stats.repeats, stats.rejected);
    println!("{} refused by the portal", stats.rate_refusals);
    let longest = stats.waits.max.as_secs_f64();
    println!("{} of the sends waited, the longest for {longest:.1} s", stats.waits.count);
    for method in &stats.methods {
        println!("  {}: {} sends, {:?} of its operating time used", method.method, method.sends, method.operating);
    }
    if portal.is_some() && (stats.rate_refusals, stats.rejected, waiting == 0) != (1, 1, false) {
        return Err("the one refusal should be the one that was asked for".into());
    }
    Ok(())
}

/// Is told while it happens: a place for metrics. It runs on the tasks that call, so it must not wait.
#[derive(Debug)]
struct Printer;

impl Observer for Printer {
    fn waited(&self, event: &Waited<'_>) {
        println!("  {} goes after {:.1} s", event.method.unwrap_or("?"), event.wait.as_secs_f64());
    }

    fn paused(&self, event: &Paused) {
        println!("  all calls pause for {:.1} s", event.pause.as_secs_f64());
    }
}
