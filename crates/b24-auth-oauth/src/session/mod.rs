//! The tokens of one portal at work: a source of credentials that renews itself.
//!
//! What happens when, and why:
//!
//! * A grant is handed out at once while its token is good. 60 s before its end, and when the portal refuses it, it is
//!   renewed; all who need the new one wait for the same renewal, whichever clone or generation of the API they use.
//! * A renewal runs in a task of its own. Refresh tokens rotate, so it must not end half way because a caller gave up.
//! * It looks at the [store](crate::store) before it asks, under the store's lock: another process may have been first.
//! * The new pair is stored before it is used. Where it cannot be stored it is kept and tried again until it is, and no
//!   call uses it.
//! * A refusal of the authorisation server is not asked for again for 30 s; its code comes out with every call, and the
//!   store is looked at meanwhile: somebody may have installed the application anew. Where a renewal fails for a passing
//!   reason twice and more, the pauses grow.
//! * Where it is the early renewal that fails for a passing reason, calls go on with the old token.
//! * Where the portal refuses a renewed token at once, renewing is no help, and is left for 30 s.

mod builder;
pub(crate) mod failure;
mod future;
mod hooks;
mod keeping;
mod landing;
mod live;
mod renewal;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use b24_core::{Authenticator, Error, Grant, PortalAddress};
use futures_util::FutureExt;
use tokio::{runtime::Handle, sync::oneshot};

pub use builder::OAuthBuilder;
pub use future::GrantFuture;

use self::{
    failure::Failed, future::Flight, hooks::Hooks, keeping::Unsaved, landing::Landing, live::Live, renewal::Reason,
};
use crate::{AppInfo, OAuthApp, OAuthParams, TokenKey, TokenRecord, TokenStore, store::replace};

/// The tokens of an application on one portal: an [`Authenticator`] for the stack. Clones share everything.
///
/// Making one does no I/O and needs no runtime; renewals need tokio's.
#[derive(Clone)]
pub struct OAuth {
    inner: Arc<Inner>,
}

struct Inner {
    app: OAuthApp,
    store: Arc<dyn TokenStore>,
    key: TokenKey,
    hooks: Hooks,
    runtime: Option<Handle>,
    state: Mutex<State>,
}

/// What changes.
struct State {
    live: Live,
    /// How often other tokens have been taken into use.
    epoch: u64,
    /// The renewal that is under way.
    flight: Option<Flight>,
    /// The failure that is not asked for again yet.
    failed: Option<Failed>,
    /// The generation that was exchanged here last, and when.
    exchanged: Option<(u64, SystemTime)>,
    /// The generation that the portal refused although it had just been exchanged, and when.
    futile: Option<(u64, SystemTime)>,
    /// A new pair that is not stored yet. The old one is worth nothing any more. Boxed: it is seldom there, and there may be
    /// thousands of sessions.
    unsaved: Option<Box<Unsaved>>,
    /// Somebody sees to it that it is stored in the end.
    has_keeper: bool,
}

impl OAuth {
    /// Tokens in memory: for tests, and for programs that hear of new ones by
    /// [`on_renewal`](OAuthBuilder::on_renewal).
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth), [`SdkCode::UntrustedServer`](b24_core::SdkCode::UntrustedServer), when
    /// the application would tell its secret to a server it does not know.
    pub fn new(app: OAuthApp, params: OAuthParams) -> Result<Self, Error> {
        Self::builder(app).start(params)
    }

    /// Where the tokens are kept, who hears of new ones, how they are renewed.
    pub fn builder(app: OAuthApp) -> OAuthBuilder {
        OAuthBuilder::new(app)
    }

    /// The portal that calls go to. It can change with a renewal, when the portal is renamed.
    #[must_use]
    pub fn portal(&self) -> PortalAddress {
        self.inner.state().live.grant().portal().clone()
    }

    /// What the tokens are stored under.
    #[must_use]
    pub fn key(&self) -> &TokenKey {
        &self.inner.key
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &OAuthApp {
        &self.inner.app
    }

    /// The tokens and all that is stored with them, as they are stored now.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth) when the store fails, or has none.
    pub async fn params(&self) -> Result<OAuthParams, Error> {
        match self.inner.store.load(&self.inner.key).await {
            Ok(Some(record)) => Ok(record.into_params()),
            Ok(None) => Err(failure::no_tokens()),
            Err(error) => Err(failure::of_the_store(error)),
        }
    }

    /// Replaces the tokens by those of a new installation, in the store and here.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth) when the store fails: then nothing is replaced. Kind
    /// [`Usage`](b24_core::ErrorKind::Usage) when they are those of another portal or user.
    pub async fn install(&self, params: OAuthParams) -> Result<(), Error> {
        self.inner.app.admit(&params)?;
        let above = self.inner.state().live.grant().generation();
        let record = replace(&*self.inner.store, &self.inner.key, params, above).await?;
        self.inner.state().take_if_newer(&self.inner.app, &record);
        Ok(())
    }

    /// What the authorisation server says of the access token.
    ///
    /// # Errors
    /// As [`OAuthApp::app_info`], and as a call that needs a renewal.
    pub async fn app_info(&self) -> Result<AppInfo, Error> {
        self.authorize().await?;
        self.inner.app.app_info(&self.params().await?).await
    }

    /// Waits until no renewal is under way, and tries once more to store a pair that could not be stored. Do so before a
    /// program ends: a renewal that is cut off between the authorisation server and the store loses the pair.
    pub async fn settled(&self) {
        loop {
            let flight = self.inner.state().flight.clone();
            match flight {
                Some(flight) => drop(flight.await),
                None => break,
            }
        }
        if self.inner.has_unsaved() {
            let _ = self.inner.join_now(Reason::Due).await;
        }
    }

    /// Whether nothing would be lost with it.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.inner.state();
        state.flight.is_none() && state.unsaved.is_none()
    }
}

impl Authenticator for OAuth {
    type Future = GrantFuture;

    fn authorize(&self) -> GrantFuture {
        let now = self.inner.app.now();
        let state = self.inner.state();
        if state.live.is_due(now) {
            self.inner.join(state, Reason::Due, now)
        } else {
            state.live.grant().clone().into()
        }
    }

    fn renew(&self, rejected: &Grant) -> GrantFuture {
        let now = self.inner.app.now();
        let state = self.inner.state();
        let (live, refused) = (state.live.grant(), rejected.generation());
        // A refusal that comes in late: what was refused has been replaced meanwhile. Or one that no renewal heals.
        if live.generation() != refused || is_recent(state.futile, refused, now) {
            return live.clone().into();
        }
        self.inner.join(state, Reason::Refused(refused), now)
    }

    fn refused_again(&self, renewed: &Grant) {
        let now = self.inner.app.now();
        let mut state = self.inner.state();
        // A pair that another process has exchanged at some time says nothing: ours may be an older one.
        if is_recent(state.exchanged, renewed.generation(), now) {
            state.futile = Some((renewed.generation(), now));
        }
    }
}

impl State {
    /// Calls go out with the tokens of `record` from now on.
    fn take(&mut self, app: &OAuthApp, record: &TokenRecord) -> Grant {
        self.live = Live::new(app, record);
        self.epoch += 1;
        self.failed = None;
        self.live.grant().clone()
    }

    /// The same, unless newer ones are in use already: of two who have stored a pair, the one who stored first may come
    /// here last.
    fn take_if_newer(&mut self, app: &OAuthApp, record: &TokenRecord) -> Grant {
        let in_use = self.live.grant();
        if in_use.generation() > record.generation() { in_use.clone() } else { self.take(app, record) }
    }
}

/// Whether something is known of this generation, from not long ago.
fn is_recent(known: Option<(u64, SystemTime)>, generation: u64, now: SystemTime) -> bool {
    known.is_some_and(|(of, at)| of == generation && now.duration_since(at).is_ok_and(|since| since < FUTILE))
}

impl Inner {
    fn new(
        app: OAuthApp,
        store: Arc<dyn TokenStore>,
        key: TokenKey,
        hooks: Hooks,
        runtime: Option<Handle>,
        record: &TokenRecord,
    ) -> Result<Self, Error> {
        app.admit(record.params())?;
        key.check(record.params())?;
        let live = Live::new(&app, record);
        let state = State {
            live,
            epoch: 0,
            flight: None,
            failed: None,
            exchanged: None,
            futile: None,
            unsaved: None,
            has_keeper: false,
        };
        Ok(Self { app, store, key, hooks, runtime, state: Mutex::new(state) })
    }

    /// No panic can leave it half changed: nothing under the lock panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_unsaved(&self) -> bool {
        self.state().unsaved.is_some()
    }

    fn join_now(self: &Arc<Self>, reason: Reason) -> GrantFuture {
        let now = self.app.now();
        self.join(self.state(), reason, now)
    }

    /// Waits for the renewal that is under way, or begins one.
    fn join(self: &Arc<Self>, mut state: MutexGuard<'_, State>, reason: Reason, now: SystemTime) -> GrantFuture {
        if let Some(flight) = &state.flight {
            return GrantFuture::waiting(flight.clone(), self, reason);
        }
        let State { live, failed, unsaved, .. } = &mut *state;
        if let (Some(failed), None) = (failed, unsaved) {
            if let Some(failure) = failed.without_a_look(live, now) {
                return failure.to_error().into();
            }
        }
        let Some(runtime) = self.runtime.clone().or_else(|| Handle::try_current().ok()) else {
            return failure::no_runtime().into();
        };
        let (sender, receiver) = oneshot::channel();
        let flight: Flight = receiver.map(landing::landed).boxed().shared();
        state.flight = Some(flight.clone());
        drop(state);
        runtime.spawn(landing::fly(Landing::new(Arc::clone(self), sender), reason));
        GrantFuture::waiting(flight, self, reason)
    }

    /// What a renewal finds in the store is used, unless other tokens were taken into use since it looked: those of an
    /// installation, which it cannot have seen.
    fn publish(&self, record: &TokenRecord, epoch: &mut u64) -> Grant {
        let mut state = self.state();
        if state.epoch != *epoch {
            return state.live.grant().clone();
        }
        let grant = state.take(&self.app, record);
        *epoch = state.epoch;
        grant
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("key", &self.inner.key).field("portal", &self.portal()).finish_non_exhaustive()
    }
}

/// For how long nothing is renewed that renewing has not helped, and how soon it has to be refused to count as such.
const FUTILE: Duration = Duration::from_secs(30);
