//! One side of `cargo xtask bench pace`: how long a client takes for more calls than the portal lets through at once.
//!
//! `bench-pace b24 PHASE_MS` makes the calls with this SDK, `bench-pace node PHASE_MS SCRIPT` starts Node with a script
//! that makes the same. Each run starts a portal of its own in this process, on a real socket, with the limits of the
//! standard plan; the portal counts what it refused. The first call goes so many milliseconds after a drain of the portal's
//! bucket, so that all runs find it at the same moment. Prints one JSON line.
#![allow(clippy::print_stdout, reason = "the line is the result")]

use std::{
    error::Error,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use b24::{B24, HttpClient};
use b24_portal::Portal;
use http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::{task::JoinSet, time::Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const BATCHES: usize = 100;
const COMMANDS: usize = 50;

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let line = runtime.block_on(async {
        // The JavaScript SDK knows nothing but https.
        let portal = Portal::builder().tls().start().await?;
        let measured = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["b24", phase] => with_b24(&portal, milliseconds(phase)?).await?,
            ["node", phase, script] => with_node(&portal, milliseconds(phase)?, Path::new(script)).await?,
            _ => return Err("usage: bench-pace b24 PHASE_MS | node PHASE_MS SCRIPT".into()),
        };
        let requests = portal.requests();
        let refused = requests.iter().filter(|request| request.status == Some(StatusCode::SERVICE_UNAVAILABLE));
        Ok::<_, Box<dyn Error>>(json!({
            "calls": BATCHES,
            "commands": COMMANDS,
            "millis": measured.millis,
            "lost": measured.lost,
            "requests": requests.len(),
            "refused": refused.count(),
        }))
    })?;
    println!("{line}");
    Ok(())
}

/// What the client itself can tell.
struct Measured {
    /// From the first call to the last answer.
    millis: u64,
    /// Batches that were not done in the end, wholly or in part.
    lost: u64,
}

async fn with_b24(portal: &Portal, phase: Duration) -> Outcome<Measured> {
    let pem = portal.ca_pem().ok_or("a portal with TLS has a certificate")?;
    let client = HttpClient::builder().root_certificates_pem(pem.as_bytes())?.without_proxy().build();
    let b24 = B24::builder().http_client(client).webhook_url(&portal.hook_url())?;
    until(portal, phase).await;
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..BATCHES {
        let b24 = b24.clone();
        calls.spawn(async move { b24.v2().call("batch").params(batch()).send::<Value>().await });
    }
    let answers = calls.join_all().await;
    let millis = u64::try_from(begin.elapsed().as_millis())?;
    let done = |answer: &b24::Reply<Value>| answer.result["result"].as_object().is_some_and(|it| it.len() == COMMANDS);
    let lost = answers.iter().filter(|answer| !answer.as_ref().is_ok_and(done)).count();
    Ok(Measured { millis, lost: u64::try_from(lost)? })
}

fn batch() -> Value {
    let command = |number| {
        let id = number + 1;
        (format!("u{number}"), json!(format!("crm.item.update?entityTypeId=2&id={id}&fields[title]=Deal%20{id}")))
    };
    json!({ "halt": 0, "cmd": (0..COMMANDS).map(command).collect::<Map<_, _>>() })
}

/// Waits for the moment of the first call: so long after a drain, which comes at each whole second of the portal's clock.
async fn until(portal: &Portal, phase: Duration) {
    let past = Duration::from_nanos(portal.clock().now().subsec_nanos().into());
    tokio::time::sleep((Duration::from_secs(1) + phase).saturating_sub(past)).await;
}

/// The script waits for the moment by itself: starting Node takes a while.
async fn with_node(portal: &Portal, phase: Duration, script: &Path) -> Outcome<Measured> {
    let authority = script.with_file_name("pace-ca.pem");
    std::fs::write(&authority, portal.ca_pem().ok_or("a portal with TLS has a certificate")?)?;
    let mut command = node(script, &authority, &portal.hook_url(), phase);
    // On a thread of its own: this one runs the portal.
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    if !output.status.success() {
        return Err(format!("node failed: {}", output.status).into());
    }
    let line: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| line[name].as_u64().ok_or_else(|| format!("the script printed {line}"));
    Ok(Measured { millis: number("millis")?, lost: number("lost")? })
}

fn node(script: &Path, authority: &Path, hook: &str, phase: Duration) -> Command {
    let mut command = Command::new("node");
    command
        .arg(script)
        .args([BATCHES.to_string(), COMMANDS.to_string(), phase.as_millis().to_string()])
        .env("B24_HOOK", hook)
        .env("NODE_EXTRA_CA_CERTS", authority)
        // Where a proxy is set, the SDK would send even a loopback call through it.
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    command
}

fn milliseconds(text: &str) -> Outcome<Duration> {
    Ok(Duration::from_millis(text.parse()?))
}
