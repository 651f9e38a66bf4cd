//! Memory of many portals in one process.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use b24::{
    B24, HttpClient, OAuthApp, OAuthParams, OAuthSecret,
    http::{Request, Response},
    oauth::{MemoryStore, Tenants, TokenKey, TokenRecord},
    transport::{Body, Credentials},
};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

use crate::Outcome;

/// Makes the clients, calls each portal once, and counts what they hold when all is quiet.
pub(crate) fn measure(count: u32) -> Outcome<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keys = (0..count).map(|n| TokenKey::new(&member(n))).collect::<Result<Vec<_>, _>>()?;
    let mut store = MemoryStore::new();
    let stored = held(|| {
        for (n, key) in (0..count).zip(&keys) {
            store = std::mem::take(&mut store).with(key.clone(), TokenRecord::new(params(n)?));
        }
        Ok(())
    })?;
    let client = HttpClient::new();
    let app = OAuthApp::new(OAuthSecret::new("app.573ad8a0346747.09223434", "s".repeat(50))?, client.clone());
    let tenants = Tenants::new(app, store, move |oauth| {
        B24::builder().http_client(client.clone()).http_layer(Canned).oauth(&oauth)
    });
    let before = resident()?;
    let made = held(|| {
        runtime.block_on(async {
            for key in &keys {
                let b24 = tenants.get(key).await?;
                b24.v2().call("crm.deal.get").send::<Value>().await?;
            }
            Ok(())
        })
    })?;
    if tenants.len() != keys.len() {
        return Err("a client was forgotten".into());
    }
    let resident = resident()? - before;
    let each = |bytes: i64| bytes / i64::from(count);
    Ok(json!({
        "portals": count,
        "client_bytes": each(made),
        "client_resident_bytes": each(resident),
        "stored_bytes": each(stored),
    }))
}

/// What the system has given this process, in bytes: more than is held, because the allocator keeps some for itself.
fn resident() -> Outcome<i64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<i64>()? * 1024)
}

/// The bytes that are still held when `work` is done.
fn held(work: impl FnOnce() -> Outcome<()>) -> Outcome<i64> {
    let mut outcome = Ok(());
    let counted = allocation_counter::measure(|| outcome = work());
    outcome.map(|()| counted.bytes_current)
}

/// As long as portals make them.
fn member(n: u32) -> String {
    format!("a223c6b3710f85df22e9377d{n:08}")
}

fn params(n: u32) -> Outcome<OAuthParams> {
    let json = json!({
        "memberId": member(n), "accessToken": format!("{n:070}"), "refreshToken": format!("{n:070}"),
        "applicationToken": format!("{n:032}"), "userId": 1, "expires": 32_000_000_000_u64, "expiresIn": 3600,
        "scope": "crm,task,user,im,imopenlines,placement", "domain": "oauth.bitrix.info", "status": "P",
        "clientEndpoint": format!("https://portal-number-{n:06}.bitrix24.com/rest/"),
        "serverEndpoint": "https://oauth.bitrix.info/rest/",
    });
    Ok(OAuthParams::from_json(json.to_string().as_bytes())?)
}

/// Answers in place of the client below it, which is there all the same.
#[derive(Clone)]
struct Canned;

impl Layer<Credentials<HttpClient>> for Canned {
    type Service = Answering;

    fn layer(&self, inner: Credentials<HttpClient>) -> Answering {
        Answering { _inner: inner }
    }
}

#[derive(Clone)]
struct Answering {
    _inner: Credentials<HttpClient>,
}

impl Service<Request<Body>> for Answering {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let time =
            r#""time":{"start":1,"finish":2,"duration":1,"processing":1,"operating":0.1,"operating_reset_at":1}"#;
        ready(Ok(Response::new(Full::from(format!(r#"{{"result":{{"ID":"1"}},{time}}}"#)))))
    }
}
