//! Many portals in one process.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use b24_core::Error;
use tokio::time::Instant;

use crate::{OAuth, OAuthApp, OAuthParams, TokenKey, TokenStore, session::failure};

/// The portals of an application that is installed on many of them: a client for each, made when it is asked for and
/// forgotten when nobody has asked for a while. Clones share them.
///
/// `T` is the client; `connect` makes one of an [`OAuth`]. With the facade crate it is a `B24`, and all of them share one
/// pool of connections:
///
/// ```
/// # use b24_auth_oauth::{MemoryStore, OAuth, OAuthApp, Tenants, TokenKey};
/// # async fn example(app: OAuthApp, member_id: &str) -> Result<(), b24_core::Error> {
/// let tenants = Tenants::new(app, MemoryStore::new(), |oauth: OAuth| oauth /* B24::builder().oauth(&oauth) */);
/// let client = tenants.get(&TokenKey::new(member_id)?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tenants<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    app: OAuthApp,
    store: Arc<dyn TokenStore>,
    connect: Box<dyn Fn(OAuth) -> T + Send + Sync>,
    idle: Duration,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    tenants: HashMap<TokenKey, Tenant<T>>,
    swept: Instant,
}

struct Tenant<T> {
    oauth: OAuth,
    client: T,
    asked: Instant,
}

impl<T: Clone + Send + 'static> Tenants<T> {
    /// The portals whose tokens are in `store`.
    pub fn new(app: OAuthApp, store: impl TokenStore, connect: impl Fn(OAuth) -> T + Send + Sync + 'static) -> Self {
        let known = Known { tenants: HashMap::new(), swept: Instant::now() };
        let (store, connect) = (Arc::new(store), Box::new(connect));
        Self { inner: Arc::new(Inner { app, store, connect, idle: IDLE, known: Mutex::new(known) }) }
    }

    /// After how long a client that nobody has asked for is forgotten. Default: ten minutes, the window over which a portal
    /// counts operating time. Does nothing to clones that exist already.
    #[must_use]
    pub fn with_idle_time(mut self, idle: Duration) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.idle = idle;
        }
        self
    }

    /// The client of a portal: the one that is there, else a new one with the tokens in the store.
    ///
    /// Keep it for a piece of work and not for ever: a client that is held goes on working when it is forgotten here, and
    /// shares tokens and limits with the next one, but renews on its own.
    ///
    /// # Errors
    /// As [`OAuthBuilder::open`](crate::OAuthBuilder::open): `TOKENS_MISSING` where the application is not installed.
    pub async fn get(&self, key: &TokenKey) -> Result<T, Error> {
        if let Some(client) = self.inner.known(key) {
            return Ok(client);
        }
        let oauth = self.inner.open(key).await?;
        Ok(self.inner.remember(key, oauth))
    }

    /// Stores the tokens of a new installation, in place of any that are there, and gives the portal's client. One that is
    /// in use goes on with the new tokens.
    ///
    /// # Errors
    /// As [`OAuthBuilder::install`](crate::OAuthBuilder::install).
    pub async fn install(&self, key: &TokenKey, params: OAuthParams) -> Result<T, Error> {
        if let Some(oauth) = self.inner.session(key) {
            oauth.install(params).await?;
            return self.get(key).await;
        }
        let builder = OAuth::builder(self.inner.app.clone()).shared_store(Arc::clone(&self.inner.store));
        let oauth = builder.install(key.clone(), params).await?;
        Ok(self.inner.remember(key, oauth))
    }

    /// Forgets a portal and deletes its tokens; `false` when there were none. For when the application is removed there.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth) when the store fails.
    pub async fn remove(&self, key: &TokenKey) -> Result<bool, Error> {
        let deleted = self.inner.store.delete(key).await.map_err(failure::of_the_store);
        self.inner.lock().tenants.remove(key);
        deleted
    }

    /// Forgets the clients that nobody has asked for within the idle time, and says how many. [`get`](Self::get) does so
    /// now and then; a program that has long pauses calls it by a timer.
    pub fn forget_idle(&self) -> usize {
        let now = Instant::now();
        let mut known = self.inner.lock();
        let before = known.tenants.len();
        self.inner.sweep(&mut known, now);
        before - known.tenants.len()
    }

    /// How many clients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.lock().tenants.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until no renewal of a client that is here is under way: before a program ends.
    pub fn settled(&self) -> impl Future<Output = ()> + Send + use<T> {
        let sessions: Vec<_> = self.inner.lock().tenants.values().map(|tenant| tenant.oauth.clone()).collect();
        async move {
            for oauth in sessions {
                oauth.settled().await;
            }
        }
    }
}

impl<T: Clone> Inner<T> {
    fn known(&self, key: &TokenKey) -> Option<T> {
        let now = Instant::now();
        let mut known = self.lock();
        let client = known.tenants.get_mut(key).map(|tenant| {
            tenant.asked = now;
            tenant.client.clone()
        });
        // A look at all of them, once in a while.
        if now.duration_since(known.swept) >= self.idle {
            self.sweep(&mut known, now);
        }
        client
    }

    fn session(&self, key: &TokenKey) -> Option<OAuth> {
        self.lock().tenants.get(key).map(|tenant| tenant.oauth.clone())
    }

    async fn open(&self, key: &TokenKey) -> Result<OAuth, Error> {
        OAuth::builder(self.app.clone()).shared_store(Arc::clone(&self.store)).open(key.clone()).await
    }

    /// Another may have made one meanwhile: then that is it.
    fn remember(&self, key: &TokenKey, oauth: OAuth) -> T {
        let made = (self.connect)(oauth.clone());
        let now = Instant::now();
        let mut known = self.lock();
        let tenant = known.tenants.entry(key.clone()).or_insert(Tenant { oauth, client: made, asked: now });
        tenant.asked = now;
        tenant.client.clone()
    }

    fn sweep(&self, known: &mut Known<T>, now: Instant) {
        known.swept = now;
        known.tenants.retain(|_, tenant| now.duration_since(tenant.asked) < self.idle);
        let spare = known.tenants.capacity() / 4;
        if known.tenants.len() < spare {
            known.tenants.shrink_to_fit();
        }
    }
}

impl<T> Inner<T> {
    /// Nothing under the lock panics but a clone of `T`, which leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Tenants<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants").field("len", &self.inner.lock().tenants.len()).finish_non_exhaustive()
    }
}

const IDLE: Duration = Duration::from_secs(600);
