//! No token that a portal posts is in any log, error or `Debug` text: deliveries of every kind go all ways there are, with
//! the log at its most talkative, and all that was written is searched.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/log.rs"]
mod log;

#[path = "support/application.rs"]
mod application;

use std::{collections::BTreeSet, time::Duration};

use application::application_of;
use b24::{
    B24, HttpClient, Installer,
    events::{
        ApplicationToken, Encoding, Event, EventAuth, EventService, Inbox, Incoming, MemoryInbox, RobotCall,
        SqliteInbox, Verified, binding::Binding, inbox::Letter, reply, verify,
    },
    oauth::MemoryStore,
};
use b24_portal::{EventFault, Portal};
use b24_tests::{server::serve, watched::Watched};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use log::Log;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

/// Everything there is to print of a delivery, and of what was made of it.
fn note_all_of(log: &Log, encoding: Encoding, body: &[u8]) {
    let letter = Letter::new(Bytes::copy_from_slice(body), encoding, std::time::UNIX_EPOCH);
    log.add(&format!("{letter:?} {letter:#?}\n"));
    let incoming = match Incoming::decode(encoding, body) {
        Ok(incoming) => incoming,
        Err(error) => return log.add(&format!("{error} {error:?}\n")),
    };
    log.add(&format!("{incoming:?} {incoming:#?} {:?} {:?}\n", incoming.auth(), incoming.fingerprint()));
    match incoming {
        Incoming::Event(event) => {
            log.add(&format!("{event:?} {:?} {:?}\n", event.known(), event.chat_message()));
            // A type that no data fits, so that the error comes out too.
            log.note(&event.data::<Misfit>().unwrap_err());
        }
        Incoming::Robot(call) => {
            log.add(&format!("{call:?} {:?}\n", call.event_token()));
            log.note(&call.properties::<Misfit>().unwrap_err());
        }
        _ => {}
    }
}

#[derive(Debug, Deserialize)]
struct Misfit {
    #[serde(rename = "absent")]
    _absent: u8,
}

/// The tokens in a delivery.
fn tokens_of(body: &[u8]) -> Vec<String> {
    let Ok(incoming) = Incoming::decode(Encoding::Form, body) else { return Vec::new() };
    let of_auth = |auth: &EventAuth| {
        let tokens = [auth.application_token(), auth.access_token(), auth.refresh_token()];
        tokens.into_iter().flatten().map(|token| token.expose().to_owned()).collect::<Vec<_>>()
    };
    let mut tokens = of_auth(incoming.auth());
    if let Incoming::Robot(call) = incoming {
        tokens.extend(call.event_token().map(|token| token.expose().to_owned()));
    }
    tokens
}

/// Bodies that are not what a portal sends, each with this token in it.
fn misshapen(token: &str) -> Vec<(&'static str, String)> {
    let form = "application/x-www-form-urlencoded";
    vec![
        (form, format!("auth%5Bapplication_token%5D={token}")),
        (form, format!("event=&auth%5Bapplication_token%5D={token}")),
        (form, format!("event=X&auth={token}")),
        (form, format!("event=X&{token}=1&auth%5B{token}%5D=1&data%5B{token}%5D={token}")),
        (form, format!("event=X&auth%5Bapplication_token%5D%5B{}%5D={token}", "%5D%5B".repeat(40))),
        (form, format!("event=X&ts={token}&event_handler_id={token}&auth%5Bmember_id%5D={token}")),
        (form, format!("event_token={token}&properties%5Ba%5D={token}&document_id={token}")),
        (form, format!("AUTH_ID={token}&REFRESH_ID={token}&PLACEMENT=DEFAULT&PLACEMENT_OPTIONS={token}")),
        ("application/json", format!(r#"{{"event": "X", "auth": {{"application_token": "{token}"}}"#)),
        ("application/json", format!(r#"{{"event": ["{token}"], "auth": "{token}"}}"#)),
        ("application/json", format!(r#""{token}""#)),
        ("text/plain", token.to_owned()),
    ]
}

#[tokio::test]
async fn no_token_that_arrives_is_written_anywhere() {
    let log = Log::default();
    log.everywhere();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/portal", listener.local_addr().unwrap());
    let portal = Portal::builder().application_handler(&url).start().await.unwrap();
    let client = HttpClient::builder().without_proxy().build();
    let app = application_of(&portal, client.clone());
    let installer = ["ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE"]
        .into_iter()
        .fold(Installer::new(B24::tenants(app, MemoryStore::new(), client), &url), |installer, event| {
            installer.bind(Binding::online(event, &url))
        });
    let file = SqliteInbox::open(folder.path().join("events.db")).unwrap();
    let (noted, mentioned) = (log.clone(), log.clone());
    let inbox = Watched::new(file, move |letter| note_all_of(&noted, letter.encoding, &letter.body));
    let (portals, heard) = (installer.clone(), log.clone());
    let builder = installer
        .events()
        .inbox(inbox.clone())
        .on("ONCRMDEALADD", move |event: Verified<Event>| {
            heard.add(&format!("{event:?} {event:#?}\n"));
            async { Ok(()) }
        })
        .on("ONCRMDEALUPDATE", |_| async { Err("on purpose".into()) })
        .on("ONCRMDEALDELETE", |_| async { panic!("on purpose") })
        .on_robot("greet", move |call: Verified<RobotCall>| {
            mentioned.add(&format!("{call:?} {call:#?}\n"));
            let (portals, log) = (portals.clone(), mentioned.clone());
            async move {
                let b24 = portals.portal_of(call.auth()).await?;
                let token = call.event_token().ok_or("the robot waits for nothing")?;
                reply::send_values(b24.clone(), token, &json!({ "a": 1 }), None).await?;
                // The token is used up.
                log.note(&reply::send_values(b24, token, &json!({ "a": 1 }), None).await.unwrap_err());
                Ok(())
            }
        });
    log.add(&format!("{builder:?} {installer:?} {inbox:?}\n"));
    let (service, worker) = builder.build().unwrap();
    log.add(&format!("{service:?} {worker:?}\n"));
    tokio::spawn(serve(listener, service.clone()));
    tokio::spawn(worker.run());

    portal.install(1);
    portal.deliveries_done().await;
    inbox.emptied().await.unwrap();
    portal.event_fault(EventFault::forged().for_event("ONCRMDEALADD").times(2));
    portal.event_fault(EventFault::duplicated().for_event("ONCRMDEALADD").times(2));
    portal.event_fault(EventFault::forged_without_token().for_event("greet"));
    for (id, event) in (1..).zip(["ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE"].repeat(4)) {
        portal.fire_event_as(1, event, json!({ "FIELDS": { "ID": id } }));
    }
    portal.run_robot(&url, &b24_portal::RobotCall::new("greet").waits(Duration::from_secs(600)));
    portal.install(1);
    portal.deliveries_done().await;
    let sender = Client::builder(TokioExecutor::new()).build_http();
    let token = portal.application().application_token();
    for (content_type, body) in misshapen(token) {
        let encoding = Encoding::of_content_type(content_type).unwrap_or(Encoding::Form);
        note_all_of(&log, encoding, body.as_bytes());
        let request = Request::post(&url).header(header::CONTENT_TYPE, content_type).body(Full::new(Bytes::from(body)));
        let status = sender.request(request.unwrap()).await.unwrap().status();
        let want = if content_type == "text/plain" { StatusCode::UNSUPPORTED_MEDIA_TYPE } else { StatusCode::OK };
        assert_eq!(status, want);
    }
    // What has failed waits for another try: until all else is done.
    while inbox.waiting().await.unwrap() > 8 {
        tokio::task::yield_now().await;
    }
    log.add(&format!("{service:?} {:?} {installer:?} {inbox:?}\n", service.stats()));
    portal.uninstall();
    portal.deliveries_done().await;
    let left = inbox.inner().close().await;
    assert!(left.is_ok());
    // The service goes on without its inbox.
    portal.install(1);
    portal.deliveries_done().await;

    // Checks and inboxes on their own.
    let known = ApplicationToken::new(token.into());
    let memory = MemoryInbox::new();
    let alone = EventService::builder(ApplicationToken::any_of([token.into()]));
    let letter = portal.deliveries().into_iter().find(|letter| letter.event == "ONCRMDEALADD").unwrap();
    let incoming = Incoming::decode(Encoding::Form, &letter.body).unwrap();
    let forged = verify(&ApplicationToken::new("another".into()), incoming).await;
    log.add(&format!("{known:?} {memory:?} {alone:?} {forged:?} {}\n", forged.as_ref().unwrap_err()));

    let mut secrets: BTreeSet<String> = portal.deliveries().iter().flat_map(|letter| tokens_of(&letter.body)).collect();
    secrets.insert(portal.application().client_secret().to_owned());
    secrets.insert(token.to_owned());
    assert!(secrets.len() > 20, "{}", secrets.len());
    let stats = service.stats();
    assert!(stats.handled > 6 && stats.forged > 3 && stats.failed > 7 && stats.malformed > 3, "{stats:?}");
    assert!(stats.turned_away > 0 && stats.duplicates > 0 && stats.refused > 0, "{stats:?}");
    log.holds_none_of(secrets.iter().map(String::as_str));
    let text = log.text();
    for word in
        ["b24::events", "does not prove where it comes from", "panicked: on purpose", "tried again in 1s", "***"]
    {
        assert!(text.contains(word), "{word} is missing");
    }
}
