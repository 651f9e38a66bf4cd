//! No token of an event is in any log or `Debug` text: what a portal sends, and what is sent in its name, is received and
//! handled with the log at its most talkative, and all that was written is searched.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/log.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod log;

use std::{sync::Arc, time::Duration};

use b24::{
    B24, EventService, HttpClient, Installer, OAuthApp, OAuthSecret,
    events::{Event, Inbox, RobotCall, SqliteInbox, Stats, Verified, binding::Binding},
    oauth::MemoryStore,
};
use b24_portal::{Fault, Limits, Portal};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use log::Log;
use tower::ServiceExt;

const ADDRESS: &str = "http://app.example/events";

async fn post(service: &EventService, kind: &str, body: String) {
    let request = Request::post(ADDRESS).header(header::CONTENT_TYPE, kind);
    drop(service.clone().oneshot(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap());
}

/// Waits until everything that was accepted has come to an end, or failed at least once.
async fn settled(service: &EventService) -> Stats {
    let done = async {
        loop {
            let stats = service.stats();
            let ended =
                stats.handled + stats.forged + stats.malformed + stats.duplicates + stats.unhandled + stats.failed;
            if ended >= stats.accepted {
                return stats;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(20), done).await;
    done.unwrap_or_else(|_| panic!("{:?}", service.stats()))
}

#[tokio::test]
async fn nothing_that_an_event_brings_is_written_anywhere() {
    let log = Log::default();
    let _guard = log.everything();
    let portal = Portal::builder().limits(Limits::off()).application_handler(ADDRESS).start().await.unwrap();
    let (client_id, client_secret) =
        (portal.application().client_id(), portal.application().client_secret().to_owned());
    let app = OAuthApp::new(OAuthSecret::new(client_id, client_secret.clone()).unwrap(), HttpClient::new())
        .with_timeout(Duration::from_secs(2))
        .with_trusted_server(portal.auth_url().parse().unwrap());
    let told = log.clone();
    let installer = Installer::new(B24::tenants(app, MemoryStore::new(), HttpClient::new()))
        .bind(Binding::online("ONCRMDEALADD", ADDRESS))
        .on_installed(move |b24, event| {
            told.add(&format!("{b24:?} {event:?} {:?}", event.known()));
            async { Ok(()) }
        });
    let folder = tempfile::tempdir().unwrap();
    let inbox = Arc::new(SqliteInbox::open(folder.path().join("events.db")).unwrap());
    let (told, robots) = (log.clone(), log.clone());
    let (service, worker) = installer
        .events()
        .inbox(Arc::clone(&inbox))
        .on("FAILS", |event: Verified<Event>| async move { Err(event.data::<u64>().unwrap_err().into()) })
        .on("PANICS", |event: Verified<Event>| async move { panic!("on purpose: {event:?}") })
        .on_any(move |event: Verified<Event>| {
            told.add(&format!("{event:?} {:?} {:?}", event.chat_message(), event.auth()));
            async { Ok(()) }
        })
        .on_any_robot(move |call: Verified<RobotCall>| {
            robots.add(&format!("{call:?}"));
            async { Ok(()) }
        })
        .build()
        .unwrap();
    log.add(&format!("{installer:?} {service:?} {worker:?} {inbox:?}"));
    let work = tokio::spawn(worker.run());
    portal.deliver_to(service.clone());

    let first = portal.install(1);
    portal.deliveries_done().await;
    settled(&service).await;
    let form = "application/x-www-form-urlencoded";
    let auth = format!(
        "&auth[member_id]={}&auth[application_token]={}&auth[access_token]=s3cret-access&auth[refresh_token]=s3cret-refresh\
         &auth[s3cret-name]=1&data[BOT][5][AUTH][access_token]=s3cret-bot&data[BOT][5][BOT_ID]=5&data[s3cret-field]=s3cret-value",
        portal.member_id(),
        portal.application().application_token()
    );
    for name in ["FAILS", "PANICS", "ONIMBOTMESSAGEADD", "OTHER"] {
        post(&service, form, format!("event={name}{auth}")).await;
    }
    post(&service, form, format!("workflow_id=w&code=c&event_token=s3cret-robot&properties[a]=s3cret-value{auth}"))
        .await;
    // Pages, forged ones, and what cannot be read.
    post(&service, form, format!("{}&{}", first.page_query(), first.page_form())).await;
    post(&service, form, format!("event=OTHER{}", auth.replace("application_token]=", "application_token]=s3cret")))
        .await;
    post(&service, form, format!("event[s3cret]=s3cret{auth}")).await;
    post(&service, "application/json", r#"{"event":"X","auth":{"application_token":"s3cret"}"#.to_owned()).await;
    post(&service, "text/plain", "s3cret".to_owned()).await;
    let stranger = first.event_form().replace(portal.member_id(), "0123456789abcdef0123456789abcdef");
    portal.auth_fault(Fault::reply(400, "text/html", format!("<html>{} {client_secret}</html>", first.access_token())));
    for _ in 0..2 {
        post(&service, form, stranger.clone()).await;
    }
    let stats = settled(&service).await;
    assert!(stats.handled >= 4 && stats.failed >= 2 && stats.malformed >= 2, "{stats:?}");
    work.abort();
    let _ended = work.await;
    log.add(&format!(
        "{stats:?} {installer:?} {:?}",
        inbox.take(99, std::time::UNIX_EPOCH + Duration::from_secs(1 << 40)).await
    ));

    let text = log.text();
    assert!(text.contains("tried again in") && text.contains("on purpose"), "the log was heard");
    log.holds_none_of([
        first.access_token(),
        first.refresh_token(),
        portal.application().application_token(),
        &client_secret,
        "s3cret",
    ]);
}
