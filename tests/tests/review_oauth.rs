//! Failing tests of an adversarial review, end to end.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use std::{
    io,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use b24::{B24, HttpClient, OAuth, OAuthApp, OAuthParams, OAuthSecret};
use b24_portal::{Fault, Installation, Portal};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

fn now() -> SystemTime {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    SystemTime::now()
}

fn app(portal: &Portal) -> OAuthApp {
    let secret =
        OAuthSecret::new(portal.application().client_id(), portal.application().client_secret().to_owned()).unwrap();
    OAuthApp::new(secret, HttpClient::new()).with_trusted_server(portal.auth_url().parse().unwrap())
}

fn params(installation: &Installation) -> OAuthParams {
    OAuthParams::from_install_event(installation.event_form().as_bytes(), now()).unwrap()
}

async fn installed() -> (Portal, OAuth, B24) {
    let portal = Portal::builder().start().await.unwrap();
    let oauth = OAuth::new(app(&portal), params(&portal.install(1))).unwrap();
    let b24 = B24::builder().oauth(&oauth);
    (portal, oauth, b24)
}

// Whatever v3 says with 401 asks for a renewal, also what no renewal heals: each call rotates the pair.
#[tokio::test]
async fn e01_a_refusal_that_no_renewal_heals_does_not_rotate_the_pair_with_each_call() {
    let (portal, _, b24) = installed().await;
    portal.fault(Fault::refusal(401, "user_access_error").times(40));
    for _ in 0..20 {
        let task = b24.v3().call("tasks.task.get").params(json!({ "id": 1, "select": ["id"] }));
        task.send::<Value>().await.unwrap_err();
    }
    assert!(portal.token_exchanges() < 3, "20 calls, {} exchanges", portal.token_exchanges());
}

// The tokens of another user are installed; the handle goes on saying what the first user was.
#[tokio::test]
async fn e02_another_user_is_not_an_administrator_by_the_word_of_the_first() {
    let (portal, oauth, b24) = installed().await;
    assert!(b24.init_is_admin().await.unwrap());
    oauth.install(params(&portal.install(2))).await.unwrap();
    assert!(!b24.is_admin().unwrap_or(false));
}

// All handles on one portal share a limiter: also when it was renamed while one of them was held.
#[tokio::test]
async fn e03_handles_from_before_and_after_a_renaming_share_a_limiter() {
    let (portal, oauth, before) = installed().await;
    let renamed = portal.url().replace("127.0.0.1", "localhost");
    portal.rename(renamed.clone());
    portal.expire_access_tokens();
    before.v2().call("profile").send::<Value>().await.unwrap();
    assert_eq!(oauth.portal().to_string(), renamed);
    let after = B24::builder().oauth(&oauth);
    for _ in 0..3 {
        before.v2().call("profile").send::<Value>().await.unwrap();
    }
    assert_eq!(before.portal(), after.portal(), "two limiters, each with the whole rate of one portal");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// Held: nothing was found.
#[tokio::test]
async fn held_nothing_secret_is_in_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (portal, oauth, b24) = installed().await;
    let mut secrets = vec![portal.application().client_secret().to_owned()];
    for fault in
        [None, Some(Fault::html(502)), Some(Fault::reset()), Some(Fault::truncated_body(20)), Some(Fault::html(200))]
    {
        let stored = oauth.params().await.unwrap();
        secrets.push(stored.access_token().expose().to_owned());
        secrets.push(stored.refresh_token().expose().to_owned());
        portal.expire_access_tokens();
        if let Some(fault) = fault {
            portal.auth_fault(fault);
        }
        if let Err(error) = b24.v2().call("profile").send::<Value>().await {
            io::Write::write_all(&mut log.clone(), format!("{error} {error:?}").as_bytes()).unwrap();
        }
    }
    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(text.len() > 1000);
    for secret in secrets {
        assert!(!text.contains(&secret), "{}", text.lines().find(|line| line.contains(&secret)).unwrap());
    }
}
