//! HTTP layers of your own around the HTTP client, and what they see.
//!
//! Shows: `B24::builder().http_layer(..)` with middleware of `tower` and `tower-http`, joined by
//! `tower::ServiceBuilder`. Credentials are written to the wire below these layers: the log of `TraceLayer` has the
//! whole address of each request, and in the place of the webhook's secret it reads `***`.
//!
//! ```text
//! cargo run -p b24-examples --bin http_layers -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin http_layers
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use b24::B24;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tower::{ServiceBuilder, limit::ConcurrencyLimitLayer};
use tower_http::{set_header::SetRequestHeaderLayer, trace::TraceLayer};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, _portal) = b24_examples::hook_url().await?;

    // A log that this program can read.
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .init();

    // Outermost first: a request is traced from when it is wanted, waits for its place, and takes a header along.
    let layers = ServiceBuilder::new().layer(TraceLayer::new_for_http()).layer(ConcurrencyLimitLayer::new(2)).layer(
        SetRequestHeaderLayer::overriding(HeaderName::from_static("x-job"), HeaderValue::from_static("night-sync")),
    );
    let b24 = B24::builder().http_layer(layers).webhook_url(&url)?;

    // Three at once, of which two are on the wire at any time.
    let call = |method| b24.v2().call(method).send::<Value>();
    let (profile, time, scope) = tokio::join!(call("profile"), call("server.time"), call("scope"));
    for reply in [profile?, time?, scope?] {
        println!("{:?} is done", reply.request_id);
    }

    let text = log.text();
    // `tower-http` names its span "request"; it holds the address as the layer saw it, and stands in the span of the call.
    for line in text.lines().filter(|line| line.contains("request{") && line.contains("close")) {
        println!("{line}");
    }
    let secret = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if text.contains(secret) || !text.contains("/***/profile") {
        return Err("the log should show the address, and not the secret in it".into());
    }
    println!("The secret is nowhere in the log.");
    Ok(())
}

/// Text that is written by the subscriber and read by the program.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
