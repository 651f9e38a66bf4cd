//! One of several processes that share a store of tokens, for `tests/processes.rs`.
//!
//! What it needs to know is JSON in the environment variable `TOKEN_WORKER`. It does what lines on standard input say, and
//! answers each with a line: `call` makes a call, `renew` exchanges the tokens without being asked to by the portal. With
//! `stop_at` it stands still at one point of a renewal, says so, and waits to be killed.
#![allow(clippy::print_stdout, reason = "the lines are the answers")]

use std::{error::Error, io::BufRead, sync::Arc};

use b24::{
    Authenticator, B24, HttpClient, OAuth, OAuthApp, OAuthSecret, Restrictions,
    oauth::{FileStore, PostgresStore, RenewalLock, TokenKey, TokenRecord, TokenStore, store::StoreFuture},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Told {
    client_id: String,
    client_secret: String,
    server: String,
    member_id: String,
    /// A folder, or a URL of PostgreSQL with a table.
    folder: Option<String>,
    postgres: Option<(String, String)>,
    stop_at: Option<StopAt>,
}

/// A point of a renewal.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum StopAt {
    /// Nothing is written yet, and nobody asked.
    BeforeTheMark,
    /// The mark is there; the authorisation server is not asked.
    AfterTheMark,
    /// The authorisation server has answered; the new pair is not stored.
    BeforeTheSave,
    /// The new pair is stored and not used.
    AfterTheSave,
}

fn main() -> Result<(), Box<dyn Error>> {
    let told: Told = serde_json::from_str(&std::env::var("TOKEN_WORKER")?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (oauth, b24) = runtime.block_on(open(&told))?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let outcome = runtime.block_on(async {
            match line.as_deref() {
                Ok("call") => b24.v2().call("profile").send::<Value>().await.map(drop),
                _ => renew(&oauth).await,
            }
        });
        match outcome {
            Ok(()) => println!("ok"),
            Err(error) => println!("{} {}", error.code(), error.message()),
        }
    }
    Ok(())
}

async fn renew(oauth: &OAuth) -> Result<(), b24::Error> {
    let grant = oauth.authorize().await?;
    oauth.renew(&grant).await.map(drop)
}

async fn open(told: &Told) -> Result<(OAuth, B24), Box<dyn Error>> {
    let client = HttpClient::builder().without_proxy().build();
    let secret = OAuthSecret::new(&told.client_id, told.client_secret.as_str())?;
    let app = OAuthApp::new(secret, client.clone()).with_trusted_server(told.server.parse()?);
    let store: Arc<dyn TokenStore> = match (&told.folder, &told.postgres) {
        (Some(folder), _) => Arc::new(FileStore::folder(folder)),
        (None, Some((url, table))) => Arc::new(PostgresStore::new(url)?.with_table(table)?),
        (None, None) => return Err("no store".into()),
    };
    let store = Stopping { inner: store, at: told.stop_at };
    let oauth = OAuth::builder(app).store(store).open(TokenKey::new(&told.member_id)?).await?;
    let mut restrictions = Restrictions::default();
    restrictions.rate = None;
    let b24 = B24::builder().http_client(client).restrictions(restrictions)?.oauth(&oauth);
    Ok((oauth, b24))
}

/// Stands still at one point.
#[derive(Debug)]
struct Stopping {
    inner: Arc<dyn TokenStore>,
    at: Option<StopAt>,
}

impl Stopping {
    async fn stop(&self, point: StopAt) {
        if self.at == Some(point) {
            println!("stopped");
            std::future::pending::<()>().await;
        }
    }
}

impl TokenStore for Stopping {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        let mark = expected == Some(record.generation());
        let (before, after) = match mark {
            true => (StopAt::BeforeTheMark, StopAt::AfterTheMark),
            false => (StopAt::BeforeTheSave, StopAt::AfterTheSave),
        };
        Box::pin(async move {
            self.stop(before).await;
            self.inner.save(key, record, expected).await?;
            self.stop(after).await;
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        self.inner.delete(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        self.inner.lock(key)
    }
}
