//! Options of one call: how long, by which name, and whether twice does harm.
//!
//! Shows: `request_id`, `timeout`, `deadline`, `idempotent`, and a whole set of them prepared once. They hold for one
//! call; nothing about one call is ever set on the handle.
//!
//! ```text
//! cargo run -p b24-examples --bin options -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin options
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, time::Duration};

use b24::{B24, CallOptions, Safety};
use b24_portal::Fault;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, portal) = b24_examples::hook_url().await?;

    // The default of one send, for all calls of this handle. It is 75 s unless said otherwise, because the cloud cuts a
    // request at 60 s; a client that gives up before the portal does cannot know whether the call ran.
    let b24 = B24::builder().timeout(Duration::from_secs(90)).webhook_url(&url)?;

    // The id goes to the portal with the call, into the span, into the reply, and into an error.
    let reply = b24.v2().call("server.time").request_id("options-example-1").send::<String>().await?;
    println!("{:?}: the portal's clock says {}", reply.request_id, reply.result);

    // How long one send may take. When it runs out the call may have run all the same.
    if let Some(portal) = &portal {
        portal.fault(Fault::slow_body(4, Duration::from_millis(100)));
    }
    match b24.v2().call("profile").timeout(Duration::from_millis(20)).send::<Value>().await {
        Ok(_) => println!("a fast portal: it answered within 20 ms"),
        Err(error) => println!("{error} (may have run: {})", error.may_have_run()),
    }

    // How long the whole call may take. It is time left and not a moment: a job hands on what remains of its own.
    // Where nothing remains, nothing is sent.
    let left = Duration::from_secs(5).saturating_sub(Duration::from_secs(6));
    if let Err(error) = b24.v2().call("profile").deadline(left).send::<Value>().await {
        println!("{error} (may have run: {}, sends: {})", error.may_have_run(), error.attempts());
    }

    // Whether twice does harm. By default the name of the method says it (`get`, `list`, `fields`, … only read); your
    // word counts more. After a lost answer only what does no harm twice is sent again.
    let scope = b24.v2().call("scope").idempotent(true).send::<Vec<String>>().await?;
    println!("{} scopes", scope.result.len());

    // Prepared once, used for many calls.
    let quick = CallOptions::default().with_timeout(Duration::from_secs(10)).with_safety(Safety::Idempotent);
    for method in ["server.time", "profile"] {
        b24.v2().call(method).options(quick.clone()).send::<Value>().await?;
        println!("{method}: done within ten seconds");
    }
    Ok(())
}
