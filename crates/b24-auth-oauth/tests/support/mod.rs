//! An authorisation server that does as it is told, a store that can fail, and tokens to begin with.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24_auth_oauth::{OAuthApp, OAuthParams, OAuthSecret, TokenKey};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};

/// What the server does with one request.
pub(crate) enum Step {
    /// Answers.
    Answer(u16, String),
    /// Answers after a while.
    Later(Duration, u16, String),
    /// Says nothing and cuts the connection.
    Lost,
    /// Says nothing for ever.
    Silent,
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) content_type: String,
    pub(crate) form: Vec<(String, String)>,
}

#[derive(Clone, Default)]
pub(crate) struct Server {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let server = Self::default();
        server.then(steps);
        server
    }

    pub(crate) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().unwrap().extend(steps);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many times it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// An application that asks this server. Its clock stands still but for `clock`.
    pub(crate) fn app(&self, clock: &Clock) -> OAuthApp {
        let server = self.clone();
        let client = tower::service_fn(move |request: Request<Bytes>| {
            let server = server.clone();
            async move { server.answer(request).await }
        });
        let clock = clock.clone();
        OAuthApp::new(OAuthSecret::new("app.1", "clientS3cr3t").unwrap(), client).with_clock(move || clock.now())
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (head, body) = request.into_parts();
        self.seen.lock().unwrap().push(Seen {
            method: head.method.to_string(),
            uri: head.uri.to_string(),
            content_type: head.headers["content-type"].to_str().unwrap().to_owned(),
            form: form_urlencoded::parse(&body).into_owned().collect(),
        });
        let Some(step) = self.steps.lock().unwrap().pop_front() else {
            panic!("the server is asked once more than the test expects");
        };
        let (status, body) = match step {
            Step::Answer(status, body) => (status, body),
            Step::Later(wait, status, body) => {
                tokio::time::sleep(wait).await;
                (status, body)
            }
            Step::Lost => return Err(std::io::ErrorKind::ConnectionReset.into()),
            Step::Silent => std::future::pending().await,
        };
        Ok(Response::builder().status(status).body(Full::from(body)).unwrap())
    }
}

/// A clock that goes when it is told to.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(NOW)))
    }

    pub(crate) fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// The reply with the pair number `n`.
pub(crate) fn pair(n: u32) -> String {
    reply(n).to_string()
}

pub(crate) fn reply(n: u32) -> Value {
    json!({ "access_token": format!("acc3ss-{n}"), "refresh_token": format!("r3fresh-{n}"), "expires_in": 3600, "member_id": "m1" })
}

pub(crate) fn refusal(code: &str) -> String {
    json!({ "error": code, "error_description": format!("{code} r3fresh-1 clientS3cr3t") }).to_string()
}

/// Pair number 1, good for an hour.
pub(crate) fn params() -> OAuthParams {
    params_of(&json!({}))
}

pub(crate) fn params_of(change: &Value) -> OAuthParams {
    let mut stored = json!({
        "memberId": "m1", "accessToken": "acc3ss-1", "refreshToken": "r3fresh-1", "expires": NOW + 3600,
        "expiresIn": 3600, "clientEndpoint": "https://p.bitrix24.com/rest/",
        "serverEndpoint": "https://oauth.bitrix.info/rest/", "scope": "crm", "status": "L",
    });
    for (name, value) in change.as_object().unwrap() {
        stored[name] = value.clone();
    }
    OAuthParams::from_json(stored.to_string().as_bytes()).unwrap()
}

pub(crate) fn key() -> TokenKey {
    TokenKey::new("m1").unwrap()
}

pub(crate) const NOW: u64 = 1_800_000_000;
