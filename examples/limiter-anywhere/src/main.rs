//! The limiter in a stack that knows nothing of this SDK.
//!
//! Shows: `RestrictionLayer` with `HttpClassifier` in a `tower::ServiceBuilder`, around `reqwest` and beside middleware of
//! `tower-http`. The manifest of this package names one crate of the workspace, `b24-limiter`, and `b24-portal` for
//! `--fake`. Twenty requests are made at once on a portal that takes ten at once and five a second after that; none is
//! refused.
//!
//! ```text
//! cargo run -p limiter-anywhere -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p limiter-anywhere
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use b24_limiter::{
    Limiter, RestrictionLayer,
    classify::HttpClassifier,
    settings::{RateLimit, Restrictions},
};
use b24_portal::{Limits, Portal};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tokio::{task::JoinSet, time::Instant};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_http::set_header::SetRequestHeaderLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (hook, portal) = hook_url().await?;

    // What was there before: an HTTP client as a service. It must not follow redirects, because the secret of a webhook
    // is part of the address. A proxy of the environment cannot reach into this program.
    let settings = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = if portal.is_some() { settings.no_proxy() } else { settings }.build()?;
    let client = service_fn(move |request: Request<String>| {
        let client = client.clone();
        async move { Ok::<Response<_>, reqwest::Error>(client.execute(request.try_into()?).await?.into()) }
    });

    // What is added: one line in the builder. A limiter of one's own, so that this program can look at it;
    // `RestrictionLayer::new(restrictions)` makes or finds one for each portal that is called.
    let mut restrictions = Restrictions::default();
    if portal.is_some() {
        restrictions.rate = Some(RateLimit::new(10.0, 5.0));
    }
    let limiter = Limiter::new(restrictions)?;
    let stack = ServiceBuilder::new()
        .layer(SetRequestHeaderLayer::overriding(CONTENT_TYPE, HeaderValue::from_static("application/json")))
        // As near to the client as can be: whatever sends a request again belongs above it.
        .layer(RestrictionLayer::with_limiter(limiter.clone()).with_classifier(HttpClassifier::new()))
        .service(client);

    let start = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let request = Request::post(format!("{hook}server.time")).body(String::from("{}"))?;
        calls.spawn(stack.clone().oneshot(request));
    }
    let mut refused = 0;
    while let Some(call) = calls.join_next().await {
        // The address is in the errors of this client, and the secret in the address.
        let response = call?.map_err(reqwest::Error::without_url)?;
        refused += u32::from(response.status() == StatusCode::SERVICE_UNAVAILABLE);
    }

    let stats = limiter.stats();
    println!("20 calls in {:.1} s, {refused} refused", start.elapsed().as_secs_f64());
    println!("{} of them waited, the longest for {:.1} s", stats.waits.count, stats.waits.max.as_secs_f64());
    if portal.is_some() && (refused > 0 || stats.waits.count != 10) {
        return Err("ten calls should go at once, ten should wait, and none should be refused".into());
    }
    Ok(())
}

/// The webhook in `B24_HOOK`, or with `--fake` that of a portal inside of this program.
async fn hook_url() -> Result<(String, Option<Portal>), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--fake") {
        let limits = Limits::default().with_rate(5, 10);
        let portal = Portal::builder().limits(limits).start().await?;
        return Ok((portal.hook_url(), Some(portal)));
    }
    let url = std::env::var("B24_HOOK").map_err(|_| "set B24_HOOK to the URL of an inbound webhook, or give --fake")?;
    Ok((format!("{}/", url.trim_end_matches('/')), None))
}

const CONTENT_TYPE: HeaderName = http::header::CONTENT_TYPE;
