//! Tokens in a store of your own.
//!
//! Shows: `TokenStore` for a key-value server that several processes share, to copy from. It needs two things of the
//! server: to write a value if the version is the expected one, and a lease that ends by itself when its holder dies. The
//! server here is a map inside of this program; two "processes" find their token expired at the same moment, and the pair
//! is renewed once.
//!
//! ```text
//! cargo run -p b24-examples --bin oauth_own_store -- --fake
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use b24::{
    B24, HttpClient, OAuth, OAuthParams, Secret,
    oauth::{RenewalLock, StoreError, StoreErrorKind, TokenKey, TokenRecord, TokenStore, store::StoreFuture},
};
use b24_portal::Portal;
use futures_util::future::try_join;
use serde_json::Value;
use tokio::time::Instant;

// ---- The store.

#[derive(Clone)]
struct KeyValueStore {
    server: Server,
}

impl TokenStore for KeyValueStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(async move {
            let Some((_, text)) = self.server.get(&name(key)).await.map_err(StoreError::failed)? else {
                return Ok(None);
            };
            // What is no record is an error, and never "there is none": it would be overwritten then.
            TokenRecord::from_json(text.expose().as_bytes()).map(Some)
        })
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let version = record.generation();
            // One step on the server. To read, compare and write would let two processes write.
            let written = self.server.put(&name(key), expected, version, record.to_json()).await;
            match written.map_err(StoreError::failed)? {
                true => Ok(()),
                false => Err(StoreError::new(StoreErrorKind::Conflict)),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.server.delete(&name(key)).await.map_err(StoreError::failed) })
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        Box::pin(async move {
            // Who waits is cut off after two minutes, so there is no limit to think of here.
            loop {
                if let Some(lease) = self.server.lease(&name(key), LEASE).await.map_err(StoreError::failed)? {
                    return Ok(RenewalLock::new(lease));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }
}

/// Longer than a renewal takes. Should one take longer still, the generation keeps its pair from being overwritten.
const LEASE: Duration = Duration::from_secs(180);

/// Several applications may use one server.
fn name(key: &TokenKey) -> String {
    format!("my-app:tokens:{key}")
}

/// Nothing of what is stored may show.
impl fmt::Debug for KeyValueStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyValueStore").finish_non_exhaustive()
    }
}

// ---- The server, or what stands in for it.

#[derive(Clone, Default)]
struct Server {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    values: HashMap<String, (u64, Secret)>,
    leases: HashMap<String, (u64, Instant)>,
    last: u64,
}

type Answer<T> = Result<T, std::io::Error>;

#[allow(clippy::unused_async, reason = "a server that is one answers over a network")]
impl Server {
    async fn get(&self, name: &str) -> Answer<Option<(u64, Secret)>> {
        Ok(self.memory().values.get(name).cloned())
    }

    async fn put(&self, name: &str, expected: Option<u64>, version: u64, value: Secret) -> Answer<bool> {
        let mut memory = self.memory();
        let fits = memory.values.get(name).map(|(version, _)| *version) == expected;
        if fits {
            memory.values.insert(name.to_owned(), (version, value));
        }
        Ok(fits)
    }

    async fn delete(&self, name: &str) -> Answer<bool> {
        Ok(self.memory().values.remove(name).is_some())
    }

    /// `None` while somebody else has it.
    async fn lease(&self, name: &str, time: Duration) -> Answer<Option<Lease>> {
        let mut memory = self.memory();
        let now = Instant::now();
        if memory.leases.get(name).is_some_and(|(_, ends)| *ends > now) {
            return Ok(None);
        }
        memory.last += 1;
        let number = memory.last;
        memory.leases.insert(name.to_owned(), (number, now + time));
        Ok(Some(Lease { server: self.clone(), name: name.to_owned(), number }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Given back when it is dropped. With a real server that is a message, so `drop` spawns a task that sends it.
struct Lease {
    server: Server,
    name: String,
    number: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut memory = self.server.memory();
        // It may have run out, and be somebody else's by now.
        if memory.leases.get(&self.name).is_some_and(|(number, _)| *number == self.number) {
            memory.leases.remove(&self.name);
        }
    }
}

// ---- Two processes.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    if !b24_examples::is_fake() {
        return Err("this one is about the store and runs with --fake only".into());
    }
    let portal = Portal::builder().auth_latency(Duration::from_millis(100)).start().await?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&portal, client)?;
    let server = Server::default();
    let key = TokenKey::new(portal.member_id())?;

    // The first one gets the installation, the second one finds it.
    let params = OAuthParams::from_install_event(portal.install(1).event_form().as_bytes(), b24_examples::now())?;
    let store = KeyValueStore { server: server.clone() };
    let first = OAuth::builder(app.clone()).store(store.clone()).install(key.clone(), params).await?;
    let second = OAuth::builder(app).store(store.clone()).open(key.clone()).await?;

    let installed = store.load(&key).await?.ok_or("the tokens are gone")?.generation();

    // An hour later.
    portal.expire_access_tokens();
    let [one, two] = [&first, &second].map(|oauth| B24::builder().oauth(oauth));
    try_join(one.v2().call("profile").send::<Value>(), two.v2().call("profile").send::<Value>()).await?;

    let stored = store.load(&key).await?.ok_or("the tokens are gone")?;
    let renewed = stored.generation() - installed;
    println!("2 processes, {} exchange; {renewed} new pair is stored", portal.token_exchanges());
    println!("somebody who looks at it sees {store:?}");
    if (portal.token_exchanges(), renewed) != (1, 1) {
        return Err("the pair should have been renewed once".into());
    }
    Ok(())
}
