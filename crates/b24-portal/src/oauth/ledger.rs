//! Who holds which code and which token, and since when no more.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Application;
use crate::config::{Config, Token};
use crate::rng::{self, Secret};

/// How long a code waits to be exchanged: <https://apidocs.bitrix24.com/settings/oauth/index.html>
const CODE_LIFE: Duration = Duration::from_secs(30);
/// <https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html>
const REFRESH_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

/// Everything that was issued.
pub(crate) struct Ledger {
    seed: u64,
    access_life: Duration,
    /// Makes every secret differ from the ones before it.
    issued: u64,
    apps: Vec<Registered>,
    codes: HashMap<String, Grant>,
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    exchanges: u64,
    pub(crate) payment_required: bool,
}

/// An application and whether it is there.
struct Registered {
    app: Application,
    /// Those of the application, shared by all its tokens: an event brings one each time.
    scopes: Arc<[String]>,
    presence: Presence,
    /// Counts the times it was removed: what was issued before belongs to an installation that is gone.
    removals: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Installed,
    /// Its page has not said yet that it is done.
    Unfinished,
    Absent,
}

/// For whom something was issued.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) client: String,
    pub(crate) user: i64,
    pub(crate) scopes: Arc<[String]>,
    /// How many events led to it, one through the other: calls with it may only lead to so many more.
    pub(crate) hops: u32,
}

#[derive(Clone)]
struct Grant {
    holder: Holder,
    until: Duration,
    removals: u32,
}

/// Two tokens that were issued together.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) holder: Holder,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) lives: Duration,
    /// When the access token ends, since the Unix epoch.
    pub(crate) expires: Duration,
}

/// What is known of the application behind a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: i64,
    pub(crate) status: &'static str,
    pub(crate) installed: bool,
    pub(crate) unpaid: bool,
}

/// Why a code or a token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Unknown,
    Expired,
    NotInstalled,
    Unpaid,
}

impl Ledger {
    pub(crate) fn new(config: &Config) -> Self {
        let registered = |app: &Application| Registered {
            app: app.clone(),
            scopes: app.scopes.clone().into(),
            presence: Presence::Installed,
            removals: 0,
        };
        Self {
            seed: config.seed,
            access_life: config.access_life,
            issued: 0,
            apps: config.applications.iter().map(registered).collect(),
            codes: HashMap::new(),
            access: handed_in(&config.tokens, config.started),
            refresh: HashMap::new(),
            exchanges: 0,
            payment_required: false,
        }
    }

    /// Issues a pair for an application that a user installs.
    pub(crate) fn install(&mut self, now: Duration, client: &str, scopes: &[String], user: i64) -> Pair {
        if let Some(entry) = self.apps.iter_mut().find(|entry| entry.app.client_id == client) {
            entry.presence = if entry.app.has_page { Presence::Unfinished } else { Presence::Installed };
        }
        self.issue(now, Holder { client: client.to_owned(), user, scopes: scopes.into(), hops: 0 }, true)
    }

    /// Issues a pair for a user who opens an application, which is there already.
    pub(crate) fn open(&mut self, now: Duration, client: &str, user: i64) -> Result<Pair, Denied> {
        self.may_have_tokens(client)?;
        let scopes = self.entry(client).map(|entry| Arc::clone(&entry.scopes)).unwrap_or_default();
        Ok(self.issue(now, Holder { client: client.to_owned(), user, scopes, hops: 0 }, true))
    }

    /// Issues tokens for a letter to an application, with a refresh token or without.
    pub(crate) fn lend(
        &mut self,
        now: Duration,
        client: &str,
        user: i64,
        hops: u32,
        refresh: bool,
    ) -> Result<Pair, Denied> {
        self.may_have_tokens(client)?;
        let scopes = self.entry(client).map(|entry| Arc::clone(&entry.scopes)).unwrap_or_default();
        Ok(self.issue(now, Holder { client: client.to_owned(), user, scopes, hops }, refresh))
    }

    /// The application's page is done with what it had to set up; true where it had not been.
    pub(crate) fn finish(&mut self, client: &str) -> bool {
        let entry = self.apps.iter_mut().find(|entry| entry.app.client_id == client);
        let unfinished = entry.filter(|entry| entry.presence == Presence::Unfinished);
        unfinished.map(|entry| entry.presence = Presence::Installed).is_some()
    }

    /// The application has something to set up, once more.
    pub(crate) fn unfinish(&mut self, client: &str) {
        if let Some(entry) = self.apps.iter_mut().find(|entry| entry.app.client_id == client) {
            if entry.presence == Presence::Installed {
                entry.presence = Presence::Unfinished;
            }
        }
    }

    /// Removes an application, and with it all that was issued to it.
    pub(crate) fn uninstall(&mut self, client: &str) {
        if let Some(entry) = self.apps.iter_mut().find(|entry| entry.app.client_id == client) {
            entry.presence = Presence::Absent;
            entry.removals += 1;
            self.codes.retain(|_, grant| grant.holder.client != client);
            self.refresh.retain(|_, grant| grant.holder.client != client);
        }
    }

    /// Issues a code for a user who has authorised the application; nothing where it is not installed.
    pub(crate) fn authorize(&mut self, now: Duration, client: &str, user: i64) -> Option<(String, &Application)> {
        let code = self.secret(Secret::Code);
        let entry = self.apps.iter().find(|entry| entry.app.client_id == client)?;
        if entry.presence == Presence::Absent {
            return None;
        }
        let holder = Holder { client: client.to_owned(), user, scopes: Arc::clone(&entry.scopes), hops: 0 };
        let grant = Grant { holder, until: now.saturating_add(CODE_LIFE), removals: entry.removals };
        self.codes.insert(code.clone(), grant);
        Some((code, &entry.app))
    }

    /// Exchanges a code of this application for a pair. A code is worth one attempt, whatever comes of it.
    pub(crate) fn redeem(&mut self, now: Duration, client: &str, code: &str) -> Result<Pair, Denied> {
        let grant = self.codes.remove(code).filter(|grant| grant.holder.client == client).ok_or(Denied::Unknown)?;
        if now >= grant.until {
            return Err(Denied::Expired);
        }
        Ok(self.issue(now, grant.holder, true))
    }

    /// The code was named in a request that came to nothing.
    pub(crate) fn spoil(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// Exchanges a refresh token of this application for a new pair; the token is worth nothing from then on.
    ///
    /// The access token that came with it stays good until it expires.
    pub(crate) fn renew(&mut self, now: Duration, client: &str, token: &str) -> Result<Pair, Denied> {
        let grant = self.refresh.get(token).filter(|grant| grant.holder.client == client).ok_or(Denied::Unknown)?;
        if now >= grant.until {
            return Err(Denied::Expired);
        }
        let holder = grant.holder.clone();
        self.refresh.remove(token);
        self.exchanges += 1;
        Ok(self.issue(now, holder, true))
    }

    /// Looks an access token up: who holds it, and until when.
    ///
    /// The portal looks at the plan and at the application before it looks at the token's age.
    pub(crate) fn look_up(&self, now: Duration, token: &str) -> Result<(&Holder, Duration), Denied> {
        let grant = self.access.get(token).ok_or(Denied::Unknown)?;
        // A token handed in by the builder may belong to an application that is not registered.
        if let Some(entry) = self.entry(&grant.holder.client) {
            self.admits(entry)?;
            if entry.removals != grant.removals {
                return Err(Denied::Unknown);
            }
        }
        if now >= grant.until { Err(Denied::Expired) } else { Ok((&grant.holder, grant.until)) }
    }

    /// Whether the application may have tokens at all.
    pub(crate) fn may_have_tokens(&self, client: &str) -> Result<(), Denied> {
        self.admits(self.entry(client).ok_or(Denied::Unknown)?)
    }

    fn admits(&self, entry: &Registered) -> Result<(), Denied> {
        if entry.presence == Presence::Absent {
            return Err(Denied::NotInstalled);
        }
        if self.payment_required { Err(Denied::Unpaid) } else { Ok(()) }
    }

    pub(crate) fn application(&self, client: &str) -> Option<&Application> {
        self.entry(client).map(|entry| &entry.app)
    }

    /// What the portal tells of an application. One that is not registered is a free one, and there.
    pub(crate) fn standing(&self, client: &str) -> Standing {
        let place = self.apps.iter().position(|entry| entry.app.client_id == client);
        let entry = place.map(|place| &self.apps[place]);
        Standing {
            id: place.map_or(1, |place| i64::try_from(place).unwrap_or_default().saturating_add(1)),
            status: entry.map_or("L", |entry| entry.app.status()),
            installed: entry.is_none_or(|entry| entry.presence == Presence::Installed),
            unpaid: self.payment_required,
        }
    }

    /// Ends all access tokens of today.
    pub(crate) fn expire_access(&mut self) {
        for grant in self.access.values_mut() {
            grant.until = Duration::ZERO;
        }
    }

    /// How many refresh tokens were exchanged.
    pub(crate) fn exchanges(&self) -> u64 {
        self.exchanges
    }

    fn issue(&mut self, now: Duration, holder: Holder, refreshable: bool) -> Pair {
        let removals = self.entry(&holder.client).map_or(0, |entry| entry.removals);
        let (access, refresh) = (self.secret(Secret::Access), self.secret(Secret::Refresh));
        let expires = now.saturating_add(self.access_life);
        let grant = |until| Grant { holder: holder.clone(), until, removals };
        self.access.insert(access.clone(), grant(expires));
        if refreshable {
            self.refresh.insert(refresh.clone(), grant(now.saturating_add(REFRESH_LIFE)));
        }
        Pair { holder, access, refresh, lives: self.access_life, expires }
    }

    fn secret(&mut self, kind: Secret) -> String {
        self.issued += 1;
        rng::letters(self.seed, kind, self.issued, 32)
    }

    fn entry(&self, client: &str) -> Option<&Registered> {
        self.apps.iter().find(|entry| entry.app.client_id == client)
    }
}

/// The tokens that were there when the portal started.
fn handed_in(tokens: &BTreeMap<String, Token>, started: Duration) -> HashMap<String, Grant> {
    let grant = |token: &Token| Grant {
        holder: Holder { client: token.client.clone(), user: token.user, scopes: token.scopes.clone().into(), hops: 0 },
        until: started.saturating_add(token.lives),
        removals: 0,
    };
    tokens.iter().map(|(text, token)| (text.clone(), grant(token))).collect()
}

/// The keys of the tables are the secrets themselves.
impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("issued", &self.issued)
            .field("exchanges", &self.exchanges)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("holder", &self.holder).field("expires", &self.expires).finish_non_exhaustive()
    }
}
