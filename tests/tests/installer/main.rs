//! Installed, updated, removed: an application's portals over real sockets, and what is believed of strangers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/application.rs"]
mod application;
mod proof;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use application::application_of;
use b24::{
    B24, EventService, HttpClient, Installer,
    events::{Encoding, Incoming, MemoryInbox, Stats, Verdict, verify},
    oauth::{MemoryStore, TokenKey},
};
use b24_portal::{Installation, Limits, Portal};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use serde_json::{Value, json};
use tower_service::Service;

const ADDRESS: &str = "http://app.example/events";

async fn portal() -> Portal {
    Portal::builder().limits(Limits::off()).application_handler(ADDRESS).start().await.unwrap()
}

fn installer(portal: &Portal) -> Installer {
    let app = application_of(portal, HttpClient::new());
    Installer::new(B24::tenants(app, MemoryStore::new(), HttpClient::new()), ADDRESS)
}

fn key(portal: &Portal) -> TokenKey {
    TokenKey::new(portal.member_id()).unwrap()
}

/// Hands everything that the portal sends to an event service, whose worker runs. For it time stands still, and what has
/// failed is not tried again while a test looks at what was counted.
fn listen(portal: &Portal, installer: &Installer) -> EventService {
    let events = installer.events().inbox(MemoryInbox::new()).clock(|| SystemTime::UNIX_EPOCH);
    let (service, worker) = events.build().unwrap();
    tokio::spawn(worker.run());
    portal.deliver_to(service.clone());
    service
}

/// Waits until everything that was accepted has come to an end, or failed at least once.
async fn settled(service: &EventService) -> Stats {
    tokio::time::timeout(Duration::from_secs(60), service.settled()).await.unwrap();
    service.stats()
}

/// Installs the application, and waits until that is dealt with.
async fn install(portal: &Portal, service: &EventService) -> Installation {
    let installation = portal.install(1);
    portal.deliveries_done().await;
    settled(service).await;
    installation
}

async fn post(service: &EventService, form: String) -> Stats {
    let request = Request::post(ADDRESS).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = service.clone().call(request.body(Full::new(Bytes::from(form))).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    settled(service).await
}

async fn verdict(installer: &Installer, form: &str) -> Option<Verdict> {
    let incoming = Incoming::decode(Encoding::Form, form.as_bytes()).unwrap();
    match verify(installer, incoming).await {
        Ok(_) => Some(Verdict::Genuine),
        Err(error) => error.verdict(),
    }
}

async fn id(b24: &B24) -> Result<Value, b24::Error> {
    Ok(b24.v2().call("profile").send::<Value>().await?.result["ID"].clone())
}

/// An install event of this user with another application token than the portal has.
fn with_another_token(portal: &Portal, user: u32) -> String {
    let form = portal.install(user).event_form();
    form.replace(portal.application().application_token(), "another-application-token")
}

#[tokio::test]
async fn an_installation_stores_the_tokens_binds_the_events_and_tells_the_program() {
    let portal = portal().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let deals = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&deals);
    let installer = installer(&portal)
        .on_installed(move |b24, event| {
            let hear = Arc::clone(&hear);
            async move {
                let me = id(&b24).await?;
                hear.lock().unwrap().push((me, event.name().to_owned()));
                Ok(())
            }
        })
        .on("OnCrmDealAdd", move |b24, event| {
            let seen = Arc::clone(&seen);
            async move {
                let id = event.raw_data()["FIELDS"]["ID"].clone();
                let deal = b24.v2().call("crm.deal.get").params(json!({ "id": id })).send::<Value>().await?.result;
                seen.lock().unwrap().push(deal["TITLE"].clone());
                Ok(())
            }
        });
    let (service, worker) = installer.events().build().unwrap();
    tokio::spawn(worker.run());
    portal.deliver_to(service.clone());

    install(&portal, &service).await;
    assert_eq!(*told.lock().unwrap(), [(json!("1"), "ONAPPINSTALL".to_owned())]);
    let b24 = installer.tenants().get(&key(&portal)).await.unwrap();
    let bound = b24.v2().call("event.get").send::<Value>().await.unwrap().result;
    let mut names: Vec<_> = bound.as_array().unwrap().iter().map(|bound| bound["event"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ONAPPUNINSTALL", "ONAPPUPDATE", "ONCRMDEALADD"]);

    let fields = json!({ "fields": { "TITLE": "from the test" } });
    b24.v2().call("crm.deal.add").params(fields).send::<Value>().await.unwrap();
    portal.deliveries_done().await;
    let stats = settled(&service).await;
    assert_eq!(*deals.lock().unwrap(), [json!("from the test")]);
    assert_eq!((stats.handled, stats.failed), (2, 0), "{stats:?}");

    // Installed once more: the event is bound already, which is as good.
    portal.install(1);
    portal.deliveries_done().await;
    let stats = settled(&service).await;
    assert_eq!((stats.handled, stats.failed), (3, 0), "{stats:?}");
}

#[tokio::test]
async fn the_tokens_of_an_installation_end_by_the_clock_of_the_application() {
    let portal = portal().await;
    let ahead = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let app = application_of(&portal, HttpClient::new()).with_clock(move || ahead);
    let installer = Installer::new(B24::tenants(app, MemoryStore::new(), HttpClient::new()), ADDRESS);
    let service = listen(&portal, &installer);
    install(&portal, &service).await;
    let stored = installer.tenants().stored(&key(&portal)).await.unwrap().unwrap();
    assert_eq!(stored.expires(), Some(ahead + Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_removal_is_believed_with_the_stored_token_alone() {
    let portal = portal().await;
    let told = Arc::new(Mutex::new(0));
    let hear = Arc::clone(&told);
    let installer = installer(&portal).on_uninstalled(move |_| {
        *hear.lock().unwrap() += 1;
        async { Ok(()) }
    });
    let service = listen(&portal, &installer);
    let installation = install(&portal, &service).await;

    let genuine = installation.uninstall_form(true);
    let forged = genuine.replace(portal.application().application_token(), "guessed");
    let stats = post(&service, forged).await;
    assert_eq!((stats.forged, *told.lock().unwrap()), (1, 0));
    assert!(installer.tenants().stored(&key(&portal)).await.unwrap().is_some());

    let stats = post(&service, genuine.clone()).await;
    assert_eq!((stats.handled, *told.lock().unwrap()), (2, 1));
    assert!(installer.tenants().stored(&key(&portal)).await.unwrap().is_none());

    // There is no record any more: done.
    let stats = post(&service, genuine.replace("CLEAN%5D=1", "CLEAN%5D=0")).await;
    assert_eq!((stats.unknown_portal, stats.failed, *told.lock().unwrap()), (1, 0, 1));
}

#[tokio::test]
async fn a_removal_whose_hook_fails_keeps_the_tokens() {
    let portal = portal().await;
    let installer = installer(&portal).on_uninstalled(|_| async { Err("the data could not be wiped".into()) });
    let service = listen(&portal, &installer);
    let installation = install(&portal, &service).await;
    let stats = post(&service, installation.uninstall_form(true)).await;
    assert_eq!((stats.handled, stats.failed), (1, 1));
    assert!(installer.tenants().stored(&key(&portal)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_late_copy_of_an_installation_does_not_put_a_used_pair_back() {
    let portal = portal().await;
    let installer = installer(&portal);
    let service = listen(&portal, &installer);
    let installation = install(&portal, &service).await;
    let b24 = installer.tenants().get(&key(&portal)).await.unwrap();
    portal.expire_access_tokens();
    id(&b24).await.unwrap();
    assert_eq!(portal.token_exchanges(), 1);

    // Another process, which has not seen the first one.
    let other = listen(&portal, &installer);
    let stats = post(&other, installation.event_form()).await;
    assert_eq!((stats.handled, stats.failed), (1, 0), "{stats:?}");
    let b24 = installer.tenants().get(&key(&portal)).await.unwrap();
    portal.expire_access_tokens();
    id(&b24).await.unwrap();
    assert_eq!(portal.token_exchanges(), 2);
}

#[tokio::test]
async fn another_user_of_a_known_portal_cannot_take_its_place() {
    let portal = portal().await;
    let installer = installer(&portal);
    let service = listen(&portal, &installer);
    install(&portal, &service).await;

    // The tokens are good, as those of every user in their own browser are.
    assert_eq!(verdict(&installer, &with_another_token(&portal, 2)).await, Some(Verdict::Forged));
    // It helps nothing to say that one is the other.
    let disguised = with_another_token(&portal, 2).replace("user_id%5D=2", "user_id%5D=1");
    assert_eq!(verdict(&installer, &disguised).await, Some(Verdict::Forged));
    // The one who has installed it may: an update can bring another token.
    let update = with_another_token(&portal, 1).replace("ONAPPINSTALL", "ONAPPUPDATE");
    assert_eq!(verdict(&installer, &update).await, Some(Verdict::Genuine));
    // Only an installation or an update.
    let deal = with_another_token(&portal, 1).replace("ONAPPINSTALL", "ONCRMDEALADD");
    assert_eq!(verdict(&installer, &deal).await, Some(Verdict::Forged));
}

#[tokio::test]
async fn a_new_installation_is_believed_when_the_known_one_is_dead() {
    let portal = portal().await;
    let installer = installer(&portal);
    let service = listen(&portal, &installer);
    install(&portal, &service).await;

    // Its removal is not heard of, nor what proves itself by the old token.
    for event in ["ONAPPUNINSTALL", "ONAPPINSTALL"] {
        portal.event_fault(b24_portal::EventFault::lost().for_event(event));
    }
    portal.uninstall();
    let again = with_another_token(&portal, 2);
    let handled = settled(&service).await.handled;
    let stats = post(&service, again).await;
    assert_eq!((stats.handled, stats.failed), (handled + 1, 0), "{stats:?}");
    let b24 = installer.tenants().get(&key(&portal)).await.unwrap();
    assert_eq!(id(&b24).await.unwrap(), "2");
}

/// A form with another time of sending.
fn sent_at(form: &str, seconds: u64) -> String {
    let fields =
        form.split('&').map(|field| if field.starts_with("ts=") { format!("ts={seconds}") } else { field.to_owned() });
    fields.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_late_removal_does_not_remove_the_next_installation() {
    let portal = portal().await;
    let told = Arc::new(Mutex::new(0));
    let hear = Arc::clone(&told);
    let installer = installer(&portal).on_uninstalled(move |_| {
        *hear.lock().unwrap() += 1;
        async { Ok(()) }
    });
    let service = listen(&portal, &installer);
    let installation = install(&portal, &service).await;
    let late = sent_at(&installation.uninstall_form(true), 1_700_000_000);
    let stats = post(&service, late.clone()).await;
    assert_eq!((stats.handled, stats.failed, *told.lock().unwrap()), (2, 0, 0));
    let b24 = installer.tenants().get(&key(&portal)).await.unwrap();
    assert_eq!(id(&b24).await.unwrap(), "1");

    // Where the tokens are dead, it is the removal of this very installation that was late.
    portal.event_fault(b24_portal::EventFault::lost().for_event("ONAPPUNINSTALL"));
    portal.uninstall();
    let stats = post(&service, late.replace("CLEAN%5D=1", "CLEAN%5D=0")).await;
    assert_eq!((stats.failed, *told.lock().unwrap()), (0, 1));
    assert!(installer.tenants().stored(&key(&portal)).await.unwrap().is_none());
}
