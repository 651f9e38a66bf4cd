//! The life of an application on its portals: installed, updated, removed.

mod hook;
mod proof;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use b24_auth_oauth::{OAuthParams, Tenants, TokenKey};
use b24_core::{BoxError, Error};
use b24_events::{
    Event, EventAuth, EventService, EventServiceBuilder, Verified,
    binding::{self, Binding},
};
use hook::Hook;
use tokio::sync::Semaphore;

use crate::B24;

/// What an application of many portals needs of their events, in one piece: who is believed, whose tokens are stored and
/// when they are removed, and which events are bound.
///
/// | event | what happens |
/// |---|---|
/// | `ONAPPINSTALL` | the authorisation server vouches for its tokens; they are stored; the [bindings](Self::bind) are made; [`on_installed`](Self::on_installed) is called |
/// | `ONAPPUPDATE` | the tokens are replaced; the bindings are made; [`on_updated`](Self::on_updated) is called |
/// | `ONAPPUNINSTALL` | [`on_uninstalled`](Self::on_uninstalled) is called; the tokens are removed. Of a portal that is not known, there is nothing left to do |
/// | any other | it is let through with the stored `application_token` of its portal |
///
/// Each of them may come twice, late, or forged. A pair of tokens that has been renewed since is not replaced by the one of
/// a late event, nor is it removed by a late removal. An installation that does not bring the stored `application_token` is
/// believed when the authorisation server vouches for its tokens, and either they are those of the user who installed the
/// application before, or the stored ones are dead: then its removal was not heard of. The authorisation server is asked
/// about eight of them at a time; what comes in between is tried again later, as what has failed.
///
/// An `Installer` is cheap to clone; clones share the portals.
///
/// ```
/// use b24::{B24, HttpClient, Installer, OAuthApp, events::SqliteInbox, oauth::FileStore};
///
/// # fn example(app: OAuthApp, client: HttpClient) -> Result<(), Box<dyn std::error::Error>> {
/// let tenants = B24::tenants(app, FileStore::folder("tokens"), client);
/// let installer = Installer::new(tenants, "https://app.example/events")
///     .on_installed(|b24, _event| async move {
///         println!("installed on {}", b24.portal());
///         Ok(())
///     })
///     .on("ONCRMDEALADD", |b24, event| async move {
///         println!("deal {} is new on {}", event.raw_data()["FIELDS"]["ID"], b24.portal());
///         Ok(())
///     });
/// let (service, worker) = installer.events().inbox(SqliteInbox::open("events.db")?).build()?;
/// # let _ = (service, worker);
/// # Ok(())
/// # }
/// ```
///
/// Sources: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-install.html>,
/// <https://apidocs.bitrix24.com/api-reference/common/events/on-app-uninstall.html>
#[derive(Clone)]
pub struct Installer {
    tenants: Tenants<B24>,
    address: String,
    bindings: Vec<Binding>,
    handlers: Vec<(String, OnPortal)>,
    installed: OnPortal,
    updated: OnPortal,
    uninstalled: Hook<Verified<Event>>,
    /// Places for those about whom the authorisation server has to be asked.
    strangers: Arc<Semaphore>,
}

/// A function that is told of an event, with the handle on its portal.
type OnPortal = Hook<(B24, Verified<Event>)>;

impl Installer {
    /// Keeps these portals up to date. They post to `address`, which has to be one that they can reach.
    ///
    /// `ONAPPUPDATE` and `ONAPPUNINSTALL` are bound there on each portal: of an installation portals tell without being
    /// asked, and of these two only where they are bound.
    #[must_use]
    pub fn new(tenants: Tenants<B24>, address: impl Into<String>) -> Self {
        let address = address.into();
        let bindings = ["ONAPPUPDATE", "ONAPPUNINSTALL"].map(|event| Binding::online(event, address.clone())).into();
        Self {
            tenants,
            address,
            bindings,
            handlers: Vec::new(),
            installed: Hook::default(),
            updated: Hook::default(),
            uninstalled: Hook::default(),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
        }
    }

    /// Binds an event on each portal, and handles it there: `handler` gets the handle on the portal that has sent it, with
    /// the tokens that are stored, and the event. What is said of [`EventServiceBuilder::on`] holds here too.
    #[must_use]
    pub fn on<F>(mut self, event: &str, handler: impl Fn(B24, Verified<Event>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.handlers.push((event.to_owned(), Hook::new(move |(b24, event)| handler(b24, event))));
        let binding = Binding::online(event, self.address.clone());
        self.bind(binding)
    }

    /// Binds something else on each portal when the application is installed or updated there: an event that is kept for
    /// [`OfflineEvents`](b24_events::OfflineEvents), or one with options. One that is bound already is as good.
    #[must_use]
    pub fn bind(mut self, binding: Binding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Calls `hook` when the application was installed: the tokens are stored, the events bound. After an error all of it is
    /// tried again, as with [handlers](EventServiceBuilder::on).
    #[must_use]
    pub fn on_installed<F>(mut self, hook: impl Fn(B24, Verified<Event>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.installed = Hook::new(move |(b24, event)| hook(b24, event));
        self
    }

    /// Calls `hook` when the application was updated.
    #[must_use]
    pub fn on_updated<F>(mut self, hook: impl Fn(B24, Verified<Event>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.updated = Hook::new(move |(b24, event)| hook(b24, event));
        self
    }

    /// Calls `hook` when the application was removed, before its tokens are. They do not work any more. After an error it is
    /// called again, with the tokens still there.
    #[must_use]
    pub fn on_uninstalled<F>(mut self, hook: impl Fn(Verified<Event>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.uninstalled = Hook::new(hook);
        self
    }

    /// An event service that believes the portals of this application, and handles its installations and the events of
    /// [`on`](Self::on). Robots, an inbox and limits are yours to add.
    pub fn events(&self) -> EventServiceBuilder {
        let (install, update, uninstall) = (self.clone(), self.clone(), self.clone());
        let life = EventService::builder(self.clone())
            .on("ONAPPINSTALL", move |event| install.clone().install(event, install.installed.clone()))
            .on("ONAPPUPDATE", move |event| update.clone().install(event, update.updated.clone()))
            .on("ONAPPUNINSTALL", move |event| uninstall.clone().uninstall(event));
        self.handlers.iter().fold(life, |builder, (name, hook)| {
            let (portals, hook) = (self.clone(), hook.clone());
            builder.on(name.as_str(), move |event| portals.clone().handle(event, hook.clone()))
        })
    }

    /// The handle on the portal that has sent something.
    ///
    /// # Errors
    /// As [`Tenants::get`].
    pub async fn portal_of(&self, auth: &EventAuth) -> Result<B24, Error> {
        self.tenants.get(&TokenKey::new(auth.member_id().unwrap_or_default())?).await
    }

    /// The portals.
    #[must_use]
    pub fn tenants(&self) -> &Tenants<B24> {
        &self.tenants
    }

    async fn handle(self, event: Verified<Event>, hook: OnPortal) -> Result<(), BoxError> {
        let b24 = self.portal_of(event.auth()).await?;
        hook.call((b24, event)).await
    }

    async fn install(self, event: Verified<Event>, hook: OnPortal) -> Result<(), BoxError> {
        let b24 = self.take_over(&event).await?;
        if !self.bindings.is_empty() {
            binding::ensure(b24.clone(), &self.bindings).await?;
        }
        hook.call((b24, event)).await
    }

    /// Stores the tokens of an event, unless those that are stored are as good.
    async fn take_over(&self, event: &Event) -> Result<B24, Error> {
        let params = self.params_of(event.auth(), |_| true)?;
        let key = params.key();
        match self.tenants.stored(&key).await? {
            // It proves itself. Come late, it would put a pair back that was renewed since, and is worth nothing.
            Some(known) if params.is_same_installation(&known) => {
                let same = known.refresh_token().matches(params.refresh_token().expose());
                if same || is_older(event, &known, SKEW) && self.tenants.is_installed(&key).await? {
                    self.tenants.get(&key).await
                } else if params.portal() == known.portal() && params.server() == known.server() {
                    self.tenants.install(&key, params).await
                } else {
                    // It proves which portal it is, and not where that lives: calls must not go wherever it says.
                    self.take_over_verified(&key, params).await
                }
            }
            _ => self.take_over_verified(&key, params).await,
        }
    }

    /// The tokens of an event, read from those of its fields that `wanted` names.
    fn params_of(&self, auth: &EventAuth, wanted: impl Fn(&str) -> bool) -> Result<OAuthParams, Error> {
        let field = |name: &str| auth.field(name).filter(|_| wanted(name)).map(|text| text.expose().to_owned());
        OAuthParams::from_fields(field, self.tenants.app().now())
    }

    async fn take_over_verified(&self, key: &TokenKey, params: OAuthParams) -> Result<B24, Error> {
        let params = self.tenants.app().verify(params).await?;
        self.tenants.install(key, params).await
    }

    async fn uninstall(self, event: Verified<Event>) -> Result<(), BoxError> {
        let key = TokenKey::new(event.auth().member_id().unwrap_or_default())?;
        let known = self.tenants.stored(&key).await?;
        // Of a removal that comes late, or is tried again later, the next installation must not suffer.
        if known.is_some_and(|known| is_older(&event, &known, Duration::ZERO))
            && self.tenants.is_installed(&key).await?
        {
            return Ok(());
        }
        // First the program: when this is cut off, the tokens are there to prove the event once more.
        self.uninstalled.call(event).await?;
        self.tenants.remove(&key).await?;
        Ok(())
    }
}

/// Whether the stored pair was made after the event, when the clocks may differ so much.
fn is_older(event: &Event, known: &OAuthParams, skew: Duration) -> bool {
    let made = known.expires().zip(known.expires_in()).and_then(|(end, life)| end.checked_sub(life));
    // Both are what somebody has said: no sum of them may end the handler.
    matches!((event.sent(), made), (Some(sent), Some(made)) if made.checked_add(skew).is_none_or(|made| sent < made))
}

/// About how many strangers the authorisation server is asked at a time: half of the handlers that run together by default.
/// Anybody can post an installation, and the answer to it is waited for.
const STRANGERS: usize = 8;
/// How far the portal's clock may be from ours. To keep a living pair for a minute longer than need be does no harm.
const SKEW: Duration = Duration::from_secs(60);

impl fmt::Debug for Installer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installer")
            .field("tenants", &self.tenants)
            .field("bindings", &self.bindings)
            .finish_non_exhaustive()
    }
}
