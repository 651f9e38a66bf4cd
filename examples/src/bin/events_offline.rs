//! Offline events: a program that the portal cannot reach follows what changes there, and misses nothing when it is killed.
//!
//! Shows: batches that stay reserved until they are confirmed, under an id that is stored before the work begins, so that
//! the next run takes up what this one has left. With `--fake` the program is killed in the middle of a batch.
//!
//! ```text
//! cargo run -p b24-examples --bin events_offline -- --fake
//! b24 login --portal example.bitrix24.com --client-id … --out oauth.json     # an administrator
//! export B24_CLIENT_ID=… B24_CLIENT_SECRET=…
//! cargo run -p b24-examples --bin events_offline
//! ```
//!
//! The id is in the file `reserved`. Several programs can share a queue that way, each with a file of its own. One that has
//! the queue for itself needs no file: it says `sole_consumer()` in place of `resume(..)`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error as StdError, fs, io, path::Path};

use b24::{
    B24, HttpClient, OAuth, OAuthParams, de,
    events::{
        OfflineEvents,
        binding::{self, Binding},
        offline::OfflineEvent,
    },
    oauth::{FileStore, TokenRecord},
};
use b24_portal::Portal;
use serde::Deserialize;
use serde_json::{Value, json};

type Done<T = ()> = Result<T, Box<dyn StdError + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let client = HttpClient::new();
    let app = b24_examples::application(client.clone())?;
    let key = TokenRecord::from_json(&fs::read("oauth.json")?)?.params().key();
    let oauth = OAuth::builder(app).store(FileStore::single("oauth.json")).open(key).await?;
    let b24 = B24::builder().http_client(client).oauth(&oauth);

    let reserved = Path::new("reserved");
    let mut events = events(&b24, reserved).await?;
    let work = async {
        while one_batch(&mut events, reserved, print).await? {}
        Done::Ok(())
    };
    tokio::select! {
        ended = work => ended?,
        // What is not confirmed comes again.
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    oauth.settled().await;
    Ok(())
}

// ---- The program.

/// Events of deals; first those that an earlier run has left.
async fn events(b24: &B24, reserved: &Path) -> Done<OfflineEvents<B24>> {
    // Any number of times: what is bound already is left alone.
    binding::ensure(b24.clone(), &["ONCRMDEALADD", "ONCRMDEALUPDATE"].map(Binding::offline)).await?;
    let mut events = OfflineEvents::builder(b24.clone());
    if let Some(process_id) = load(reserved)? {
        events = events.resume(&process_id);
    }
    Ok(events.build())
}

/// Takes a batch, stores its id, does the work, and confirms. `false` when there will be no other.
async fn one_batch(
    events: &mut OfflineEvents<B24>,
    reserved: &Path,
    mut work: impl FnMut(&OfflineEvent) -> Done,
) -> Done<bool> {
    let Some(batch) = events.next().await else { return Ok(false) };
    let batch = match batch {
        Ok(batch) => batch,
        // One that passes: the next batch comes after it.
        Err(error) => {
            println!("{error}");
            return Ok(true);
        }
    };
    save(reserved, batch.process_id())?;
    batch.events().iter().try_for_each(&mut work)?;
    batch.confirm().await?;
    save(reserved, None)?;
    Ok(true)
}

fn print(event: &OfflineEvent) -> Done {
    println!("{}: deal {}", event.name, event.data::<Changed>()?.fields.id);
    Ok(())
}

fn load(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(process_id) => Ok(Some(process_id).filter(|id| !id.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The whole id or none, whenever the process is killed.
fn save(path: &Path, process_id: Option<&str>) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, process_id.unwrap_or_default())?;
    fs::rename(new, path)
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

// ---- The portal's part.

async fn fake() -> Done {
    let portal = Portal::builder().rows(10).start().await?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&portal, client.clone())?;
    let installed = portal.install(1).event_form();
    let oauth = OAuth::new(app, OAuthParams::from_install_event(installed.as_bytes(), b24_examples::now())?)?;
    let b24 = B24::builder().http_client(client).oauth(&oauth);
    let folder = tempfile::tempdir()?;
    let reserved = folder.path().join("reserved");

    let mut first_run = events(&b24, &reserved).await?;
    // A colleague changes three deals, one of them seven times.
    let colleague = B24::from_webhook_url(&portal.hook_url())?;
    for id in [1, 2, 2, 2, 2, 2, 2, 2, 3] {
        let change = json!({ "id": id, "fields": { "TITLE": "Changed" } });
        colleague.v2().call("crm.deal.update").params(change).send::<Value>().await?;
    }

    let mut seen = 0;
    let killed = one_batch(&mut first_run, &reserved, |event| {
        seen += 1;
        if seen == 2 { Err("killed".into()) } else { print(event) }
    });
    println!("{}", killed.await.err().ok_or("it should have been killed")?);
    drop(first_run);
    assert!(load(&reserved)?.is_some());

    // The next run. In between one more deal was added.
    let added = json!({ "fields": { "TITLE": "Order 17" } });
    colleague.v2().call("crm.deal.add").params(added).send::<Value>().await?;
    let mut second_run = events(&b24, &reserved).await?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let watched = |event: &OfflineEvent| {
            seen.push((event.name.clone(), event.data::<Changed>()?.fields.id));
            print(event)
        };
        one_batch(&mut second_run, &reserved, watched).await?;
    }
    let changed = [1, 2, 3].map(|id| ("ONCRMDEALUPDATE".to_owned(), id));
    assert_eq!(seen[..3], changed);
    assert_eq!(seen[3..], [("ONCRMDEALADD".to_owned(), 11)]);

    let left = OfflineEvents::builder(b24.clone()).reservations().await?;
    println!("{} reservations are left", left.len());
    assert!(left.is_empty() && load(&reserved)?.is_none());
    oauth.settled().await;
    Ok(())
}
