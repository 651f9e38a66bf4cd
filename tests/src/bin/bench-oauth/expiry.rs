//! What a thousand calls wait for when their token has ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use b24::{B24, HttpClient, OAuth, OAuthApp, OAuthParams, OAuthSecret, Restrictions};
use b24_portal::{Limits, Portal};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::Outcome;

const CALLS: usize = 1000;
/// One round trip: to the portal as to its authorisation server. Long beside what a thousand calls cost two processors.
const ROUND_TRIP: Duration = Duration::from_millis(500);

/// Portal and client in one process, on real sockets; the portal keeps every answer back for one round trip.
pub(crate) fn measure() -> Outcome<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let portal = Portal::builder()
            .latency(ROUND_TRIP)
            .limits(Limits::default().with_rate(1_000_000, 1_000_000))
            .start()
            .await?;
        // HTTP/1.1: a connection for each call, so that no call waits for another.
        let client = HttpClient::builder().without_proxy().build();
        let skipped = Arc::new(AtomicU64::new(0));
        let oauth = install(&portal, &client, &skipped)?;
        let mut restrictions = Restrictions::default();
        restrictions.rate = None;
        let b24 = B24::builder().http_client(client).restrictions(restrictions)?.oauth(&oauth);

        // Connections are there before anything is timed.
        calls(&b24).await?;
        let plain = calls(&b24).await?;
        // The clock says that the hour is over: nothing is sent with the old token.
        skipped.store(3600, Ordering::SeqCst);
        let due = calls(&b24).await?;
        // The portal says so first: every call is refused once.
        portal.expire_access_tokens();
        let refused = calls(&b24).await?;
        Ok(json!({
            "calls": CALLS,
            "round_trip_micros": micros(ROUND_TRIP),
            "plain_p99_micros": micros(plain),
            "due_p99_micros": micros(due),
            "refused_p99_micros": micros(refused),
            "exchanges": portal.token_exchanges(),
        }))
    })
}

fn install(portal: &Portal, client: &HttpClient, skipped: &Arc<AtomicU64>) -> Outcome<OAuth> {
    let application = portal.application();
    let secret = OAuthSecret::new(application.client_id(), application.client_secret())?;
    let skipped = Arc::clone(skipped);
    let now = move || {
        #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
        let now = SystemTime::now();
        now + Duration::from_secs(skipped.load(Ordering::SeqCst))
    };
    let app =
        OAuthApp::new(secret, client.clone()).with_trusted_server(portal.auth_url().parse()?).with_clock(now.clone());
    let params = OAuthParams::from_install_event(portal.install(1).event_form().as_bytes(), now())?;
    Ok(OAuth::new(app, params)?)
}

/// A thousand calls at once, half of each generation: the time below which 99 of 100 were answered.
async fn calls(b24: &B24) -> Outcome<Duration> {
    let mut calls = JoinSet::new();
    let begin = Instant::now();
    for n in 0..CALLS {
        let b24 = b24.clone();
        calls.spawn(async move {
            let params = json!({ "id": 1, "select": ["id"] });
            let answer = match n % 2 {
                0 => b24.v2().call("profile").send::<Value>().await,
                _ => b24.v3().call("tasks.task.get").params(params).send::<Value>().await,
            };
            answer.map(|_| begin.elapsed())
        });
    }
    let mut times = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    times.get(CALLS * 99 / 100).copied().ok_or_else(|| "no call was made".into())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
