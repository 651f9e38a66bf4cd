//! An application that is installed on many portals.
//!
//! Shows: `Tenants`, a client for each portal, made when it is asked for; installations and removals while calls are
//! under way; what to do with a portal that does not let the application in any more. With `--fake` there are three
//! portals. One of them removes the application, and somebody else pretends that another one did.
//!
//! ```text
//! cargo run -p b24-examples --bin oauth_tenants -- --fake
//! B24_CLIENT_ID=… B24_CLIENT_SECRET=… cargo run -p b24-examples --bin oauth_tenants -- <member id> <member id> …
//! ```
//!
//! Tokens are in the folder `tokens`, where `events_install` puts them.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error as StdError;

use b24::{
    B24, Error, EventService, HttpClient, Installer,
    oauth::{FileStore, Tenants, TokenKey},
};
use b24_portal::Portal;
use futures_util::future::join_all;
use http::{Request, header::CONTENT_TYPE};
use serde_json::Value;
use tower::ServiceExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let client = HttpClient::new();
    // All portals share the connections of one HTTP client; each has limits of its own.
    let tenants = B24::tenants(b24_examples::application(client.clone())?, FileStore::folder("tokens"), client);
    // A store has no list of its portals: whom an application serves, it knows from a table of its own.
    let keys = std::env::args().skip(1).map(|id| TokenKey::new(&id)).collect::<Result<Vec<_>, _>>()?;
    count_deals(&tenants, &keys).await;
    tenants.settled().await;
    Ok(())
}

// ---- The application.

/// The same question to many portals at once. What is wrong with one of them stops no other.
async fn count_deals(tenants: &Tenants<B24>, keys: &[TokenKey]) -> usize {
    let answers = join_all(keys.iter().map(|key| async move { (key, deals(tenants, key).await) })).await;
    let mut good = 0;
    for (key, answer) in answers {
        match answer {
            Ok(deals) => {
                good += 1;
                println!("{key}: {deals} deals");
            }
            Err(error) => match error.code() {
                "TOKENS_MISSING" | "NOT_INSTALLED" => println!("{key}: not installed there (any more)"),
                "PAYMENT_REQUIRED" => println!("{key}: not paid for; once more tomorrow"),
                "invalid_grant" => println!("{key}: has to be installed or opened once more: {error}"),
                _ => println!("{key}: {error}"),
            },
        }
    }
    good
}

async fn deals(tenants: &Tenants<B24>, key: &TokenKey) -> Result<usize, Error> {
    // Asked for with each piece of work, and not kept: it costs a look into a map.
    let b24 = tenants.get(key).await?;
    Ok(b24.v2().list::<Value>("crm.deal.list").select(["ID"]).collect().await?.len())
}

// ---- The portals' part.

async fn fake() -> Result<(), Box<dyn StdError>> {
    // Portals of one seed know the same application.
    let first = Portal::builder().member_id("first").rows(10).start().await?;
    let second = Portal::builder().member_id("second").rows(20).start().await?;
    let third = Portal::builder().member_id("third").rows(30).start().await?;
    let portals = [&first, &second, &third];

    let folder = tempfile::tempdir()?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&first, client.clone())?
        .with_trusted_server(second.auth_url().parse()?)
        .with_trusted_server(third.auth_url().parse()?);
    let tenants = B24::tenants(app, FileStore::folder(folder.path()), client);

    // The events of all portals. `events_install` has a web server in front of it.
    let installer = Installer::new(tenants.clone(), ADDRESS);
    let (service, worker) = installer.events().build()?;
    let work = tokio::spawn(worker.run());

    let installations = portals.map(|portal| {
        portal.deliver_to(service.clone());
        portal.application_handler(ADDRESS);
        portal.install(1)
    });
    settled(&portals, &service).await;
    // An hour later.
    portals.iter().for_each(|portal| portal.expire_access_tokens());
    let keys = portals.iter().map(|portal| TokenKey::new(portal.member_id())).collect::<Result<Vec<_>, _>>()?;
    let before = count_deals(&tenants, &keys).await;

    // One is removed. Somebody else, who does not know the application token, says the same of another one.
    second.uninstall();
    let known = third.application().application_token();
    let forged = installations[2].uninstall_form(true).replace(known, "guessed");
    let forged = Request::post(ADDRESS).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(forged)?;
    service.clone().oneshot(forged).await?;
    settled(&portals, &service).await;
    let stats = service.stats();
    println!("{stats:?}");
    let after = count_deals(&tenants, &keys).await;

    work.abort();
    tenants.settled().await;
    let exchanges = portals.map(Portal::token_exchanges);
    if (before, after, stats.handled, stats.forged, exchanges) != (3, 2, 4, 1, [1, 1, 1]) {
        return Err("each portal should have been served for as long as it lets us in".into());
    }
    Ok(())
}

const ADDRESS: &str = "http://app.test/events";

/// Waits until everything is told, and dealt with.
async fn settled(portals: &[&Portal], service: &EventService) {
    for portal in portals {
        portal.deliveries_done().await;
    }
    service.settled().await;
}
