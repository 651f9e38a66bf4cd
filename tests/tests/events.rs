//! The embedded portal posts, an `EventService` receives: over sockets, and with what a queue, a network and strangers make
//! of events on the way.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/application.rs"]
mod application;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use application::application_of;
use b24::{
    B24, HttpClient, Installer,
    events::{
        ApplicationToken, Event, EventService, EventServiceBuilder, MemoryInbox, RobotCall, SqliteInbox, Verified,
        binding::Binding, reply,
    },
    oauth::MemoryStore,
};
use b24_portal::{EventFault, Portal};
use b24_tests::{server::serve, watched::Watched};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::json;
use tokio::net::TcpListener;

const EVENT: &str = "ONCRMDEALADD";

/// The ids that handlers have seen, in that order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u64>>>);

impl Seen {
    fn handle(&self, builder: EventServiceBuilder) -> EventServiceBuilder {
        let seen = self.clone();
        builder.on(EVENT, move |event: Verified<Event>| {
            let id = event.raw_data()["FIELDS"]["ID"].as_str().unwrap().parse().unwrap();
            seen.0.lock().unwrap().push(id);
            async { Ok(()) }
        })
    }

    fn in_order(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    fn sorted(&self) -> Vec<u64> {
        let mut ids = self.in_order();
        ids.sort_unstable();
        ids
    }
}

fn fire(portal: &Portal, events: u64) {
    for id in 1..=events {
        assert_eq!(portal.fire_event(EVENT, json!({ "FIELDS": { "ID": id } })), 1);
    }
}

/// What became of all that was accepted, none of which waits.
fn ended(service: &EventService) -> u64 {
    let stats = service.stats();
    stats.handled
        + stats.forged
        + stats.unknown_portal
        + stats.duplicates
        + stats.malformed
        + stats.unhandled
        + stats.buried
}

/// Strangers who know some letters, and the token but for the case of its letters.
async fn post_in_another_case(letters: impl Iterator<Item = Bytes>, url: &str, token: &str) {
    let swapped: String = token
        .chars()
        .map(|letter| if letter.is_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() })
        .collect();
    assert_ne!(swapped, token);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let post = |letter: Bytes| {
        let forged = String::from_utf8(letter.to_vec()).unwrap().replace(token, &swapped);
        assert!(forged.contains(&swapped));
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(forged)));
        client.request(request.unwrap())
    };
    let answers: Vec<_> = stream::iter(letters.map(post)).buffer_unordered(8).collect().await;
    // They are told no more than the portal is.
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == StatusCode::OK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_thousand_events_the_nine_thousand_genuine_ones_are_handled_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let portal = Portal::builder().keep_requests(20_000).start().await.unwrap();
    let token = portal.outgoing_webhook([EVENT], &url).application_token().to_owned();
    let inbox = Watched::new(SqliteInbox::open(folder.path().join("events.db")).unwrap(), |_| ());
    let seen = Seen::default();
    let builder = EventService::builder(ApplicationToken::new(token.as_str().into())).inbox(inbox.clone());
    let (service, worker) = seen.handle(builder).build().unwrap();
    tokio::spawn(serve(listener, service.clone()));
    tokio::spawn(worker.run());

    portal.event_fault(EventFault::forged().every(25).times(350));
    portal.event_fault(EventFault::forged_without_token().every(24).times(350));
    fire(&portal, 9_000);
    let letters = portal.deliveries().into_iter().filter(|letter| !letter.forged).take(300);
    post_in_another_case(letters.map(|letter| letter.body), &url, &token).await;
    portal.deliveries_done().await;
    inbox.emptied().await.unwrap();

    let letters = portal.deliveries();
    assert_eq!((letters.len(), letters.iter().filter(|letter| letter.forged).count()), (9_700, 700));
    assert!(letters.iter().all(|letter| letter.status() == Some(StatusCode::OK)));
    assert!(seen.sorted().into_iter().eq(1..=9_000));
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.handled, stats.forged), (10_000, 9_000, 1_000));
    assert_eq!((ended(&service), stats.refused, stats.turned_away, stats.failed), (10_000, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_comes_twice_late_or_out_of_order_is_handled_once() {
    let portal = Portal::builder().in_process();
    let hook = portal.outgoing_webhook([EVENT], "http://receiver.test/");
    let seen = Seen::default();
    let builder = EventService::builder(ApplicationToken::new(hook.application_token().into()));
    let (service, worker) = seen.handle(builder).build().unwrap();
    portal.deliver_to(service.clone());
    portal.event_fault(EventFault::duplicated().every(3).times(u32::MAX));
    portal.event_fault(EventFault::delayed(Duration::from_secs(3600)).every(4).times(u32::MAX));
    portal.event_fault(EventFault::overtaken().every(5).times(u32::MAX));
    fire(&portal, 300);
    let left = worker.run_until(portal.deliveries_done()).await;

    assert_eq!((left.dropped, left.waiting), (0, 0));
    assert!(seen.sorted().into_iter().eq(1..=300));
    // What is late comes last, and some are overtaken.
    let order = seen.in_order();
    assert!(order[..200].windows(2).any(|pair| pair[0] > pair[1]), "{order:?}");
    assert!(order.iter().position(|id| *id == 300).unwrap() < 299, "{order:?}");
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.handled, stats.duplicates), (400, 300, 100));
    assert_eq!(ended(&service), 400);
}

/// So many events for an inbox that has room for a few. How many were handled, and of each letter how often it was sent and
/// how often answered with 200.
async fn deliver_to_a_full_inbox(portal: Portal, events: u64) -> (EventService, Vec<u64>, BTreeMap<Bytes, (u32, u32)>) {
    let hook = portal.outgoing_webhook([EVENT], "http://receiver.test/");
    let seen = Seen::default();
    let builder = EventService::builder(ApplicationToken::new(hook.application_token().into()))
        .inbox(MemoryInbox::new().with_capacity(3_000));
    let (service, worker) = seen.handle(builder).build().unwrap();
    portal.deliver_to(service.clone());
    fire(&portal, events);
    // Nobody takes anything out at first.
    tokio::time::sleep(Duration::from_secs(30)).await;
    worker.run_until(portal.deliveries_done()).await;
    let mut letters: BTreeMap<Bytes, (u32, u32)> = BTreeMap::new();
    for letter in portal.deliveries() {
        let (sent, kept) = letters.entry(letter.body.clone()).or_default();
        *sent += 1;
        *kept += u32::from(letter.status() == Some(StatusCode::OK));
    }
    (service, seen.sorted(), letters)
}

#[tokio::test(start_paused = true)]
async fn what_a_full_inbox_turns_away_comes_again_from_a_portal_that_repeats() {
    let portal = Portal::builder().event_retries(10, Duration::from_secs(60)).in_process();
    let (service, handled, letters) = deliver_to_a_full_inbox(portal, 20).await;
    assert!(handled.into_iter().eq(1..=20));
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.handled, ended(&service)), (20, 20, 20));
    assert!(stats.turned_away > 10, "{stats:?}");
    // Each until it was kept, and no longer.
    assert!(letters.len() == 20 && letters.values().all(|(_, kept)| *kept == 1), "{letters:?}");
    assert_eq!(u64::from(letters.values().map(|(sent, _)| sent).sum::<u32>()), stats.accepted + stats.turned_away);
}

#[tokio::test(start_paused = true)]
async fn what_a_full_inbox_turns_away_is_counted_where_a_portal_does_not_repeat() {
    let (service, handled, letters) = deliver_to_a_full_inbox(Portal::builder().in_process(), 20).await;
    let stats = service.stats();
    let kept = letters.values().filter(|(_, kept)| *kept == 1).count();
    assert!(kept == handled.len() && (1..10).contains(&kept), "{kept}");
    assert_eq!((stats.accepted + stats.turned_away, stats.handled), (20, u64::try_from(kept).unwrap()));
}

#[tokio::test]
async fn a_robot_of_an_application_that_was_installed_is_handled_and_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/portal", listener.local_addr().unwrap());
    let portal = Portal::builder().application_handler(&url).start().await.unwrap();
    let client = HttpClient::builder().without_proxy().build();
    let app = application_of(&portal, client.clone());
    let installer =
        Installer::new(B24::tenants(app, MemoryStore::new(), client), &url).bind(Binding::online(EVENT, &url));
    let inbox = Watched::new(MemoryInbox::new(), |_| ());
    let (portals, seen) = (installer.clone(), Seen::default());
    let builder = installer.events().inbox(inbox.clone()).on_robot("greet", move |call: Verified<RobotCall>| {
        let portals = portals.clone();
        async move {
            let name = call.raw_properties()["name"].as_str().unwrap_or("nobody").to_owned();
            let values = json!({ "greeting": format!("hello {name}") });
            let token = call.event_token().ok_or("the robot waits for nothing")?;
            reply::send_values(portals.portal_of(call.auth()).await?, token, &values, None).await?;
            Ok(())
        }
    });
    let (service, worker) = seen.handle(builder).build().unwrap();
    tokio::spawn(serve(listener, service.clone()));
    tokio::spawn(worker.run());
    let settled = async || {
        portal.deliveries_done().await;
        inbox.emptied().await.unwrap();
    };

    portal.install(1);
    settled().await;
    let call = b24_portal::RobotCall::new("greet").property("name", "Ada").waits(Duration::from_secs(600));
    let token = portal.run_robot(&url, &call);
    portal.event_fault(EventFault::forged());
    portal.fire_event_as(1, EVENT, json!({ "FIELDS": { "ID": 5 } }));
    settled().await;

    let answers = portal.robot_answers();
    assert_eq!((answers.len(), &answers[0].event_token), (1, &token));
    assert_eq!(answers[0].return_values, r#"{"greeting":"hello Ada"}"#);
    assert_eq!(seen.in_order(), [5]);
    let stats = service.stats();
    // The installation, the robot and the deal; and a deal of a stranger's.
    assert_eq!((stats.accepted, stats.handled, stats.forged, stats.failed), (4, 3, 1, 0));
}
