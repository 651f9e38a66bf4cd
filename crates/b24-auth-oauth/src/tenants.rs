//! Many portals in one process.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use b24_core::{Error, PortalAddress, SdkCode};
use tokio::time::Instant;

use crate::{OAuth, OAuthApp, OAuthParams, TokenKey, TokenRecord, TokenStore, app::is_refusal, session::failure};

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
    known: Mutex<Known<T>>,
}

struct Known<T> {
    tenants: HashMap<TokenKey, Tenant<T>>,
    /// One at a time opens, installs or removes a portal: who asks for one that is being opened waits for it.
    gates: HashMap<TokenKey, Arc<tokio::sync::Mutex<()>>>,
    idle: Duration,
    swept: Instant,
}

struct Tenant<T> {
    oauth: OAuth,
    /// Shared, so that no code of the program's runs under the lock.
    client: Arc<T>,
    /// Where the client was made for.
    portal: PortalAddress,
    asked: Instant,
}

impl<T: Clone + Send + Sync + 'static> Tenants<T> {
    /// The portals whose tokens are in `store`.
    pub fn new(app: OAuthApp, store: impl TokenStore, connect: impl Fn(OAuth) -> T + Send + Sync + 'static) -> Self {
        let known = Known { tenants: HashMap::new(), gates: HashMap::new(), idle: IDLE, swept: Instant::now() };
        let (store, connect) = (Arc::new(store), Box::new(connect));
        Self { inner: Arc::new(Inner { app, store, connect, known: Mutex::new(known) }) }
    }

    /// After how long a client that nobody has asked for is forgotten, for all clones. Default: ten minutes, the window over
    /// which a portal counts operating time.
    #[must_use]
    pub fn with_idle_time(self, idle: Duration) -> Self {
        self.inner.lock().idle = idle;
        self
    }

    /// The client of a portal: the one that is there, else a new one with the tokens in the store.
    ///
    /// Keep it for a piece of work and not for ever: a client that is held goes on working when it is forgotten here, and
    /// shares tokens and limits with the next one, but renews on its own. A portal that was renamed gets a new one, with
    /// the new address.
    ///
    /// # Errors
    /// As [`OAuthBuilder::open`](crate::OAuthBuilder::open): `TOKENS_MISSING` where the application is not installed.
    pub async fn get(&self, key: &TokenKey) -> Result<T, Error> {
        if let Some(client) = self.inner.known(key) {
            return Ok(T::clone(&client));
        }
        let gate = self.inner.gate(key);
        let _turn = gate.pass().await;
        if let Some(client) = self.inner.known(key) {
            return Ok(T::clone(&client));
        }
        let session = self.inner.session(key);
        let oauth = match session {
            // It is there, under another address than its client was made for.
            Some(oauth) => oauth,
            None => self.inner.builder().open(key.clone()).await?,
        };
        Ok(self.inner.remember(key, oauth))
    }

    /// Stores the tokens of a new installation, in place of any that are there, and gives the portal's client. One that is
    /// in use goes on with the new tokens.
    ///
    /// # Errors
    /// As [`OAuthBuilder::install`](crate::OAuthBuilder::install).
    pub async fn install(&self, key: &TokenKey, params: OAuthParams) -> Result<T, Error> {
        let gate = self.inner.gate(key);
        let _turn = gate.pass().await;
        let session = self.inner.session(key);
        let oauth = match session {
            Some(oauth) => {
                oauth.install(params).await?;
                oauth
            }
            None => self.inner.builder().install(key.clone(), params).await?,
        };
        Ok(self.inner.remember(key, oauth))
    }

    /// Forgets a portal and deletes its tokens; `false` when there were none. For when the application is removed there. A
    /// renewal that is under way comes to its end first.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth) when the store fails.
    pub async fn remove(&self, key: &TokenKey) -> Result<bool, Error> {
        let gate = self.inner.gate(key);
        let _turn = gate.pass().await;
        let session = self.inner.session(key);
        if let Some(oauth) = session {
            oauth.settled().await;
        }
        let deleted = self.inner.store.delete(key).await.map_err(failure::of_the_store);
        let removed = self.inner.lock().tenants.remove(key);
        drop(removed);
        deleted
    }

    /// Forgets the clients that nobody has asked for within the idle time, and says how many. [`get`](Self::get) does so
    /// now and then; a program that has long pauses calls it by a timer. One that is renewing stays.
    pub fn forget_idle(&self) -> usize {
        let forgotten = self.inner.lock().sweep(Instant::now());
        forgotten.len()
    }

    /// The tokens of a portal as they are stored; `None` where it is not known. Compare an event's with them before it is
    /// believed: [`OAuthParams::is_same_installation`].
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth) when the store fails.
    pub async fn stored(&self, key: &TokenKey) -> Result<Option<OAuthParams>, Error> {
        let stored = self.inner.store.load(key).await.map_err(failure::of_the_store)?;
        Ok(stored.map(TokenRecord::into_params))
    }

    /// Whether the stored tokens of a portal still belong to an installation: `false` where there are none, or where the
    /// authorisation server or the portal takes them no more. Renews them if need be.
    ///
    /// An installation that names a portal with living tokens, and does not bring their `application_token`, is somebody
    /// else's word; one that names a portal with dead tokens follows a removal that was not heard of.
    ///
    /// # Errors
    /// As a call that needs a renewal, where nobody can tell: no answer came, or it has to be paid for.
    pub async fn is_installed(&self, key: &TokenKey) -> Result<bool, Error> {
        let gate = self.inner.gate(key);
        let turn = gate.pass().await;
        let session = self.inner.session(key);
        let opened = match session {
            Some(oauth) => Ok(oauth),
            None => self.inner.builder().open(key.clone()).await,
        };
        drop(turn);
        let asked = match opened {
            Ok(oauth) => oauth.app_info().await,
            Err(error) if error.code() == SdkCode::TokensMissing.as_str() => return Ok(false),
            Err(error) => Err(error),
        };
        match asked {
            Ok(_) => Ok(true),
            Err(error) if is_refusal(&error) && !ALIVE_ALL_THE_SAME.contains(&error.code()) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The application that is installed.
    #[must_use]
    pub fn app(&self) -> &OAuthApp {
        &self.inner.app
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

    /// Waits until no renewal of any portal here is under way: before a program ends.
    pub fn settled(&self) -> impl Future<Output = ()> + Send + use<T> {
        let sessions: Vec<_> = self.inner.lock().tenants.values().map(|tenant| tenant.oauth.clone()).collect();
        async move {
            for oauth in sessions {
                oauth.settled().await;
            }
        }
    }
}

impl<T> Inner<T> {
    fn builder(&self) -> crate::OAuthBuilder<Arc<dyn TokenStore>> {
        OAuth::builder(self.app.clone()).shared_store(Arc::clone(&self.store))
    }

    fn known(&self, key: &TokenKey) -> Option<Arc<T>> {
        let now = Instant::now();
        let (client, forgotten) = {
            let mut known = self.lock();
            let client = known.tenants.get_mut(key).and_then(|tenant| {
                tenant.asked = now;
                (tenant.portal == tenant.oauth.portal()).then(|| Arc::clone(&tenant.client))
            });
            // A look at all of them, once in a while.
            let is_time = now.duration_since(known.swept) >= known.idle;
            (client, if is_time { known.sweep(now) } else { Vec::new() })
        };
        drop(forgotten);
        client
    }

    fn session(&self, key: &TokenKey) -> Option<OAuth> {
        self.lock().tenants.get(key).map(|tenant| tenant.oauth.clone())
    }

    fn gate<'a>(&'a self, key: &'a TokenKey) -> Gate<'a, T> {
        let mutex = Arc::clone(self.lock().gates.entry(key.clone()).or_default());
        Gate { inner: self, key, mutex }
    }
}

/// A turn at a portal, or the wait for one. The last one to go takes the gate with it.
struct Gate<'a, T> {
    inner: &'a Inner<T>,
    key: &'a TokenKey,
    mutex: Arc<tokio::sync::Mutex<()>>,
}

impl<T> Gate<'_, T> {
    async fn pass(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.mutex.lock().await
    }
}

impl<T> Drop for Gate<'_, T> {
    fn drop(&mut self) {
        let mut known = self.inner.lock();
        // The map's and ours; others come by it under the lock alone.
        if Arc::strong_count(&self.mutex) == 2 {
            known.gates.remove(self.key);
        }
    }
}

impl<T: Clone> Inner<T> {
    fn remember(&self, key: &TokenKey, oauth: OAuth) -> T {
        let portal = oauth.portal();
        let client = Arc::new((self.connect)(oauth.clone()));
        let tenant = Tenant { oauth, client: Arc::clone(&client), portal, asked: Instant::now() };
        let replaced = self.lock().tenants.insert(key.clone(), tenant);
        drop(replaced);
        T::clone(&client)
    }
}

impl<T> Known<T> {
    /// Takes out the idle ones, to be dropped when the lock is released.
    fn sweep(&mut self, now: Instant) -> Vec<Tenant<T>> {
        self.swept = now;
        let is_idle = |tenant: &Tenant<T>| now.duration_since(tenant.asked) >= self.idle && tenant.oauth.is_settled();
        let idle: Vec<_> =
            self.tenants.iter().filter(|(_, tenant)| is_idle(tenant)).map(|(key, _)| key.clone()).collect();
        let forgotten = idle.iter().filter_map(|key| self.tenants.remove(key)).collect();
        if self.tenants.len() < self.tenants.capacity() / 4 {
            self.tenants.shrink_to_fit();
        }
        forgotten
    }
}

impl<T> Inner<T> {
    /// Nothing that is done under the lock panics.
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
/// Refusals that say nothing of whether the application is installed.
const ALIVE_ALL_THE_SAME: [&str; 4] = ["PAYMENT_REQUIRED", "expired_token", "invalid_client", "wrong_client"];
