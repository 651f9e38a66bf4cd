//! No secret is in any log, error or `Debug` text: every flow is driven with the log at its most talkative, and all that
//! was written is searched.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/log.rs"]
mod log;

use std::{
    future::{Ready, ready},
    time::Duration,
};

use b24::{
    Authenticator, B24, Builder, Call, Error, Grant, HttpClient, Restrictions, Secret, limiter::settings::RateLimit,
};
use b24_portal::{Fault, Portal};
use serde_json::{Value, json};

use log::Log;

const HOOK_SECRET: &str = "s3cr3tHookVn64";
const TOKEN: &str = "s3cr3tTokenZq81";
const SECRETS: &[&str] =
    &[HOOK_SECRET, TOKEN, "s3cr3tPassword", "s3cr3tDeep", "s3cr3tInList", "s3cr3tInUrl", "s3cr3tResult"];

/// A call whose parameters hold secrets at every depth.
fn told(call: Call) -> Call {
    call.timeout(Duration::from_millis(300)).params(json!({
        "id": 1,
        "entityTypeId": 2,
        "fields": { "PASSWORD": "s3cr3tPassword", "more": [{ "deep": { "access_token": "s3cr3tDeep" } }] },
        "list": [[{ "token": "s3cr3tInList" }]],
        "link": "https://p.example/download?auth=s3cr3tInUrl",
    }))
}

/// Faults that make a call go wrong in every way there is; some repeat the address and the credential they were called
/// with, as gateways do.
fn faults(hook_url: &str, credential: &str) -> Vec<Fault> {
    let page = format!("<html>upstream {hook_url}crm.item.get failed</html>");
    let echo =
        json!({ "error": "GATEWAY", "error_description": format!("no route to {hook_url}profile with {credential}") });
    let validation = json!({ "error": { "code": hook_url, "message": hook_url,
        "validation": [{ "field": credential, "message": hook_url }] } });
    vec![
        Fault::lost_response(),
        Fault::reset(),
        Fault::reset_unread(),
        Fault::truncated_body(9),
        Fault::slow_body(1, Duration::from_millis(80)),
        Fault::query_limit_exceeded(),
        Fault::deleted(),
        Fault::moved(hook_url.trim_end_matches('/')),
        Fault::reply(502, "text/html", page),
        Fault::reply(500, "application/json", echo.to_string()),
        Fault::reply(401, "application/json", r#"{"error":"expired_token","error_description":"x"}"#),
        Fault::reply(400, "application/json", validation.to_string()),
        Fault::reply(200, "application/json", r#"{"result":{"DOWNLOAD_URL":"https://p/?token=s3cr3tResult"}}"#),
        Fault::reply(200, "application/json", r#"{"result":"s3cr3tResult"}"#),
        Fault::reply(200, "application/json", r#"{"result":"s3cr3tResult"#),
        Fault::reply(200, "application/json", r#""s3cr3tResult""#),
    ]
}

/// Retries and limits are flows too; they need not be slow.
fn builder() -> Builder {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1e5, 1e5));
    restrictions.retry = restrictions.retry.with_retry_delay(Duration::from_millis(1));
    B24::builder().restrictions(restrictions).unwrap()
}

async fn drive(log: &Log, portal: &Portal, b24: &B24, credential: &str) {
    let text = format!("{b24:?} {:?}", b24.v2().call("profile").params(json!({ "secret": "s3cr3tDeep" })));
    log.add(&text);
    for method in ["crm.item.get", "task.item.getdata", "", "a/b"] {
        for call in [b24.v2().call(method), b24.v3().call(method)] {
            if let Err(error) = told(call).send::<Value>().await {
                log.note(&error);
            }
        }
    }
    // Before the limiter has met a refusal, after which it goes slowly.
    several_calls(log, portal, b24, credential).await;
    for fault in faults(&portal.hook_url(), credential) {
        for call in [b24.v2().call("profile"), b24.v3().call("profile")] {
            portal.fault(fault.clone());
            // A type that no payload fits, so that a decoding error comes out too.
            if let Err(error) = told(call).send::<u8>().await {
                log.note(&error);
            }
            portal.clear_faults();
        }
    }
    let text = format!("{b24:?} {:?} {:?}", b24.stats(), b24.limits());
    log.add(&text);
}

/// Batches, bulk and lists, with secrets in their parameters and troubles in their answers.
async fn several_calls(log: &Log, portal: &Portal, b24: &B24, credential: &str) {
    let secret = || json!({ "id": 1, "entityTypeId": 2, "fields": { "PASSWORD": "s3cr3tPassword" } });
    let commands = || [("crm.item.get", secret()), ("no.such.method", secret()), ("crm.item.update", secret())];
    // Each kind of answer once: what the answers do is told by single calls.
    let faults = faults(&portal.hook_url(), credential).into_iter().skip(8).step_by(2).map(Some);
    let options = b24::CallOptions::default().with_timeout(Duration::from_millis(300)).with_max_retries(0);
    for fault in std::iter::once(None).chain(faults) {
        for (batch, bulk) in
            [(b24.v2().batch(), b24.v2().bulk(commands())), (b24.v3().batch(), b24.v3().bulk(commands()))]
        {
            portal.clear_faults();
            fault.iter().for_each(|fault| portal.fault(fault.clone()));
            let batch = batch.halt_on_error(false).commands(commands()).options(options.clone());
            log.add(&format!("{batch:?} {bulk:?}"));
            match batch.send().await {
                Ok(reply) => {
                    log.add(&format!("{:?}", reply.first_error()));
                    reply
                        .into_rows::<u8>()
                        .filter_map(|(_, row)| row.into_result().err())
                        .for_each(|error| log.note(&error));
                }
                Err(error) => log.note(&error),
            }
            fault.iter().for_each(|fault| portal.fault(fault.clone()));
            let (rows, lost) = bulk.options(options.clone()).collect::<u8>().await.into_parts();
            lost.iter().map(b24::client::bulk::LostChunk::error).for_each(|error| log.note(error));
            rows.iter().filter_map(|row| row.outcome.error()).for_each(|error| log.note(error));
        }
        for list in [b24.v2().list::<u8>("crm.item.list"), b24.v3().list("tasks.task.list")] {
            portal.clear_faults();
            fault.iter().for_each(|fault| portal.fault(fault.clone()));
            let list = list.params(json!({ "entityTypeId": 2, "password": "s3cr3tPassword" }));
            let list = list.options(options.clone());
            log.add(&format!("{list:?}"));
            if let Err(error) = list.collect().await {
                log.note(&error);
            }
        }
    }
    portal.clear_faults();
}

#[tokio::test]
async fn no_flow_writes_a_secret_anywhere() {
    let log = Log::default();
    let _guard = log.everything();

    let plain = Portal::builder().webhook(1, HOOK_SECRET).start().await.unwrap();
    drive(&log, &plain, &builder().webhook_url(&plain.hook_url()).unwrap(), HOOK_SECRET).await;

    let tls = Portal::builder().webhook(1, HOOK_SECRET).tls().start().await.unwrap();
    let client = HttpClient::builder().root_certificates_pem(tls.ca_pem().unwrap().as_bytes()).unwrap().build();
    drive(&log, &tls, &builder().http_client(client).webhook_url(&tls.hook_url()).unwrap(), HOOK_SECRET).await;
    // The authority of this one is not trusted.
    drive(&log, &tls, &builder().webhook_url(&tls.hook_url()).unwrap(), HOOK_SECRET).await;

    let app = Portal::builder().webhook(1, HOOK_SECRET).access_token(TOKEN, 1, Duration::from_secs(60)).tls();
    let app = app.start().await.unwrap();
    let trust = HttpClient::builder().root_certificates_pem(app.ca_pem().unwrap().as_bytes()).unwrap().build();
    let b24 = builder().http_client(trust).authenticator(app.url().parse().unwrap(), Token::new(app.url()));
    assert!(b24.v2().call("profile").send::<Value>().await.is_ok(), "the token is good");
    drive(&log, &app, &b24, TOKEN).await;

    let text = log.text();
    log.holds_none_of(SECRETS.iter().copied());
    // The log is not simply empty: spans, redacted parameters and HTTP/2 frames are in it.
    for word in
        ["b24.call", "will be sent again", "\"PASSWORD\":\"***\"", "h2::codec", "url.template=\"/rest/{method}\""]
    {
        assert!(text.contains(word), "{word} is missing");
    }
}

/// One token for ever.
#[derive(Clone)]
struct Token(Grant);

impl Token {
    fn new(url: &str) -> Self {
        Self(Grant::token(url.parse().unwrap(), "app.1", Secret::from(TOKEN), 0))
    }
}

impl Authenticator for Token {
    type Future = Ready<Result<Grant, Error>>;

    fn authorize(&self) -> Self::Future {
        ready(Ok(self.0.clone()))
    }

    fn renew(&self, _: &Grant) -> Self::Future {
        self.authorize()
    }
}
