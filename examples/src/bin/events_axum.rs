//! A receiver of an outgoing webhook, in axum: the portal says what has happened, and the program looks and acts.
//!
//! Shows: an event service as a route, events in a file until they are handled, handlers with typed data that read the
//! record again, a handler that fails and is called again, and an end in order. With `--fake` the portal sends events that
//! are genuine, doubled and forged.
//!
//! ```text
//! cargo run -p b24-examples --bin events_axum -- --fake
//! export B24_HOOK=https://…                 # the inbound webhook, for reading
//! export B24_APPLICATION_TOKEN=…            # the token of the outgoing webhook, on its page in the portal
//! cargo run -p b24-examples --bin events_axum
//! ```
//!
//! It listens on 127.0.0.1:8080: put a server with HTTPS in front of it, and give the portal that one's address with the path
//! `/events`. Events that wait are in the file `events.db`. Ctrl-C ends it.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error as StdError, future::Future, path::Path, time::Duration};

use axum::Router;
use b24::{
    B24, Error, EventService, Secret, de,
    events::{ApplicationToken, Event, Left, SqliteInbox, Stats, Verified, Worker},
};
use b24_portal::{EventFault, Fault, Portal};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

type Done<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let b24 = B24::from_webhook_url(&std::env::var("B24_HOOK")?)?;
    let (service, worker) = receiver(&b24, std::env::var("B24_APPLICATION_TOKEN")?.into(), Path::new("events.db"))?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    let left = serve(listener, service.clone(), worker, ctrl_c).await?;
    println!("{:?}; {left:?}", service.stats());
    Ok(())
}

// ---- The program.

/// Who is believed, where events wait, and what is done with them.
fn receiver(b24: &B24, token: Secret, inbox: &Path) -> Done<(EventService, Worker)> {
    let (added, updated) = (b24.clone(), b24.clone());
    let built = EventService::builder(ApplicationToken::new(token))
        .inbox(SqliteInbox::open(inbox)?)
        .on("ONCRMDEALADD", move |event| deal_changed(added.clone(), event, "new"))
        .on("ONCRMDEALUPDATE", move |event| deal_changed(updated.clone(), event, "changed"))
        .on("ONCRMDEALDELETE", deal_deleted)
        .build()?;
    Ok(built)
}

/// The server and the worker, until `shutdown`: then no new requests, then no new handlers.
async fn serve(
    listener: TcpListener,
    service: EventService,
    worker: Worker,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Done<Left> {
    let (stop, stopped) = oneshot::channel::<()>();
    // Ends when `stop` is dropped, also where the server fails.
    let work = tokio::spawn(worker.run_until(stopped));
    let router = Router::new().route_service("/events", service);
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    drop(stop);
    let left = work.await?;
    served?;
    Ok(left)
}

/// An event says which deal it was, and not what is in it now. The handler may be called twice for one event: reading does no
/// harm.
async fn deal_changed(b24: B24, event: Verified<Event>, how: &str) -> Done {
    let id = event.data::<Changed>()?.fields.id;
    match read(&b24, id).await {
        Ok(deal) => println!("deal {id} is {how}: {:?}, {}", deal.title, deal.opportunity),
        // Events come late. What is gone by then will not be there the next time either.
        Err(error) if error.code() == "NOT_FOUND" => println!("deal {id} is {how}, and gone by now"),
        // Called again after 1 s, 10 s, 1 min, 10 min and 1 h.
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn deal_deleted(event: Verified<Event>) -> Done {
    println!("deal {} is gone", event.data::<Changed>()?.fields.id);
    Ok(())
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-get.html>
async fn read(b24: &B24, id: u64) -> Result<Deal, Error> {
    let params = json!({ "entityTypeId": 2, "id": id });
    Ok(b24.v2().call("crm.item.get").params(params).send::<Found>().await?.result.item)
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/deals/events/on-crm-deal-add.html>
#[derive(Deserialize)]
struct Changed {
    #[serde(rename = "FIELDS")]
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    // Everything arrives as text.
    #[serde(rename = "ID", deserialize_with = "de::number")]
    id: u64,
}

#[derive(Deserialize)]
struct Found {
    item: Deal,
}

#[derive(Deserialize)]
struct Deal {
    title: String,
    #[serde(deserialize_with = "de::number")]
    opportunity: f64,
}

// ---- The portal's part.

async fn fake() -> Done {
    let portal = Portal::builder().rows(10).start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/events", listener.local_addr()?);
    let hook = portal.outgoing_webhook(["ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE"], address);

    let folder = tempfile::tempdir()?;
    let b24 = B24::from_webhook_url(&portal.hook_url())?;
    let (service, worker) = receiver(&b24, hook.application_token().into(), &folder.path().join("events.db"))?;
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, service.clone(), worker, async { ended.await.unwrap_or(()) }));

    // A colleague adds a deal. The portal cannot give it at once, so the handler has to come again after a second.
    portal.fault(Fault::refusal(400, "INTERNAL_ERROR").for_method("crm.item.get"));
    let fields = json!({ "TITLE": "Order 17", "OPPORTUNITY": 500 });
    b24.v2().call("crm.deal.add").params(json!({ "fields": fields })).send::<Value>().await?;

    // An event that comes twice, one with a forgery before it, one without a token before it, and one too late.
    portal.event_fault(EventFault::duplicated());
    portal.fire_event("ONCRMDEALUPDATE", json!({ "FIELDS": { "ID": 1 } }));
    portal.event_fault(EventFault::forged());
    portal.fire_event("ONCRMDEALUPDATE", json!({ "FIELDS": { "ID": 2 } }));
    portal.event_fault(EventFault::forged_without_token());
    portal.fire_event("ONCRMDEALDELETE", json!({ "FIELDS": { "ID": 3 } }));
    portal.fire_event("ONCRMDEALUPDATE", json!({ "FIELDS": { "ID": 999 } }));

    portal.deliveries_done().await;
    let stats = settled(&service).await;
    drop(end);
    let left = server.await??;
    println!("{stats:?}; {left:?}");

    let answered = portal.deliveries().iter().filter(|sent| sent.status().is_some_and(|status| status == 200)).count();
    // Whoever sends a forgery hears the same as the portal.
    assert_eq!((answered, stats.accepted), (8, 8));
    assert_eq!((stats.handled, stats.duplicates, stats.forged, stats.failed), (5, 1, 2, 1));
    assert_eq!((left.waiting, left.dropped), (0, 0));
    Ok(())
}

/// Waits until there is an end to all that was taken.
async fn settled(service: &EventService) -> Stats {
    loop {
        let stats = service.stats();
        if stats.handled + stats.duplicates + stats.forged == stats.accepted {
            return stats;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
