//! An application that portals install: each installation is verified, its tokens are kept, and its events are bound.
//!
//! Shows: `Installer` over tokens in files, events handled with the handle of the portal they come from, an update, a
//! removal, and a removal that somebody has made up. With `--fake` a portal does all that, and the access token expires
//! under twenty calls: one renewal serves them all.
//!
//! ```text
//! cargo run -p b24-examples --bin events_install -- --fake
//! export B24_CLIENT_ID=… B24_CLIENT_SECRET=…
//! cargo run -p b24-examples --bin events_install -- https://app.example.com/events
//! ```
//!
//! The address is that of a server of yours with HTTPS, which passes on to 127.0.0.1:8080; it is the one to register for the
//! installation, too. Tokens are in the folder `tokens`, a file for each portal; events that wait are in `events.db`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error as StdError, future::Future, path::Path};

use axum::Router;
use b24::{
    B24, Error, EventService, HttpClient, Installer, OAuthApp, de,
    events::{Event, Left, SqliteInbox, Verified, Worker},
    oauth::{FileStore, TokenKey},
};
use b24_portal::Portal;
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

type Done<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let address = std::env::args().nth(1).ok_or("say the address that portals post to")?;
    let client = HttpClient::new();
    let app = b24_examples::application(client.clone())?;
    let installer = installer(app, client, Path::new("tokens"), &address);
    let (service, worker) = receiver(&installer, Path::new("events.db"))?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    let left = serve(listener, &installer, service, worker, ctrl_c).await?;
    println!("{left:?}");
    Ok(())
}

// ---- The application.

/// What is done when a portal installs the application, updates it, or removes it.
fn installer(app: OAuthApp, client: HttpClient, tokens: &Path, address: &str) -> Installer {
    // Updates and removals are bound there; so is what `on` names.
    Installer::new(B24::tenants(app, FileStore::folder(tokens), client), address)
        .on("ONCRMDEALADD", deal_added)
        .on_installed(|b24, _| async move {
            println!("installed, and the portal knows us as user {}", who(&b24).await?);
            Ok(())
        })
        .on_updated(|_, event| async move {
            println!("updated to version {}", event.raw_data()["VERSION"]);
            Ok(())
        })
        .on_uninstalled(|event| async move {
            println!("removed; the data of the portal is to go too: {}", event.raw_data()["CLEAN"] == "1");
            Ok(())
        })
}

/// The installer believes the portals that it knows, and handles the life of the application and its events.
fn receiver(installer: &Installer, inbox: &Path) -> Done<(EventService, Worker)> {
    Ok(installer.events().inbox(SqliteInbox::open(inbox)?).build()?)
}

/// The handle has the tokens that are stored for the portal, and not those of the event: these renew themselves.
async fn deal_added(b24: B24, event: Verified<Event>) -> Done {
    let id = event.data::<Changed>()?.fields.id;
    let params = json!({ "entityTypeId": 2, "id": id });
    let found = b24.v2().call("crm.item.get").params(params).send::<Found>().await?;
    println!("deal {id} is new: {:?}", found.result.item.title);
    Ok(())
}

/// The server and the worker, until `shutdown`: then no new requests, no new handlers, and no renewal is cut off.
async fn serve(
    listener: TcpListener,
    installer: &Installer,
    service: EventService,
    worker: Worker,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Done<Left> {
    let (stop, stopped) = oneshot::channel::<()>();
    let work = tokio::spawn(worker.run_until(stopped));
    let router = Router::new().route_service("/events", service);
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    drop(stop);
    let left = work.await?;
    installer.tenants().settled().await;
    served?;
    Ok(left)
}

/// Source: <https://apidocs.bitrix24.com/api-reference/common/users/profile.html>
async fn who(b24: &B24) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Profile {
        #[serde(rename = "ID", deserialize_with = "de::number")]
        id: u64,
    }
    Ok(b24.v2().call("profile").send::<Profile>().await?.result.id)
}

#[derive(Deserialize)]
struct Changed {
    #[serde(rename = "FIELDS")]
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
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
}

// ---- The portal's part.

async fn fake() -> Done {
    let portal = Portal::builder().start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/events", listener.local_addr()?);
    portal.application_handler(&*address);

    let folder = tempfile::tempdir()?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&portal, client.clone())?;
    let installer = installer(app, client, &folder.path().join("tokens"), &address);
    let (service, worker) = receiver(&installer, &folder.path().join("events.db"))?;
    let key = TokenKey::new(portal.member_id())?;

    let (end, ended) = oneshot::channel::<()>();
    let (events, portals) = (service.clone(), installer.clone());
    let server =
        tokio::spawn(
            async move { serve(listener, &portals, events, worker, async { ended.await.unwrap_or(()) }).await },
        );

    let installation = portal.install(1);
    settled(&portal, &service).await;

    // A colleague adds a deal.
    let colleague = B24::from_webhook_url(&portal.hook_url())?;
    let fields = json!({ "TITLE": "Order 17" });
    colleague.v2().call("crm.deal.add").params(json!({ "fields": fields })).send::<Value>().await?;
    settled(&portal, &service).await;

    // An hour later.
    portal.expire_access_tokens();
    let b24 = installer.tenants().get(&key).await?;
    try_join_all((0..20).map(|_| who(&b24))).await?;
    println!("20 calls, {} exchange of tokens", portal.token_exchanges());

    portal.fire_event_as(1, "ONAPPUPDATE", json!({ "VERSION": 2, "PREVIOUS_VERSION": 1, "LANGUAGE_ID": "en" }));
    settled(&portal, &service).await;

    // Somebody who does not know the application's token has it removed; and then the portal does.
    let known = installation.application().application_token();
    let forged = installation.uninstall_form(true).replace(known, "guessed");
    let posted = reqwest::Client::new().post(&address).header("content-type", FORM).body(forged).send().await?;
    portal.deliveries_done().await;
    assert!(posted.status().is_success() && installer.tenants().is_installed(&key).await?);

    portal.uninstall_with_data();
    settled(&portal, &service).await;
    let stored = installer.tenants().stored(&key).await?;
    println!("the tokens are gone: {}", stored.is_none());

    drop(end);
    let left = server.await??;
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.handled, stats.forged, left.waiting), (5, 4, 1, 0));
    assert_eq!(portal.token_exchanges(), 1);
    assert!(stored.is_none());
    Ok(())
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn settled(portal: &Portal, service: &EventService) {
    portal.deliveries_done().await;
    service.settled().await;
}
