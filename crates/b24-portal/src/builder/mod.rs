//! Building a portal.

mod event;
mod frame;
mod oauth;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, Dialect, Hook, Limits, Plan, TimeFormat, Token, all_scopes};
use crate::engine::Engine;
use crate::oauth::{Application, Origins};
use crate::portal::{Portal, Shared};
use crate::rng;
use crate::server::Doors;

/// Chooses what a [`Portal`] is like. Made by [`Portal::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a portal starts with `start`"]
pub struct PortalBuilder {
    config: Config,
    clock: Clock,
    doors: Doors,
}

impl PortalBuilder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sets the tariff, and with it the request rate; the other limits stay as they are.
    pub fn plan(mut self, plan: Plan) -> Self {
        let of = Limits::of(plan);
        self.config.limits = self.config.limits.with_rate(of.leak, of.burst);
        self
    }

    /// Sets all limits. By default those of [`Plan::Standard`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Sets how the numbers of `time` are written.
    pub fn time_format(mut self, format: TimeFormat) -> Self {
        self.config.time_format = format;
        self
    }

    /// Sets whose HTTP statuses are answered where the documentation and live servers differ.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.config.dialect = dialect;
        self
    }

    /// Sets how many rows every table is born with; 120 by default. A row costs nothing until it is written to.
    pub fn rows(mut self, rows: u32) -> Self {
        self.config.rows = rows;
        self
    }

    /// Leaves one id out after every `rows` of them. Dense by default.
    pub fn id_gap_after(mut self, rows: u32) -> Self {
        self.config.id_gap = Some(rows);
        self
    }

    /// Adds a smart process with this `entityTypeId`; 128 is always there.
    pub fn smart_process(mut self, entity_type_id: i64) -> Self {
        if !self.config.smart_types.contains(&entity_type_id) {
            self.config.smart_types.push(entity_type_id);
        }
        self
    }

    /// Sets where rows and secrets come from: equal seeds make equal portals.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Sets how long the portal waits before every answer.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.config.latency = latency;
        self
    }

    /// Sets the clock: [`Clock::real`], the default, or a [`VirtualClock`](crate::VirtualClock).
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Sets the TCP port on the loopback address; by default the system chooses one.
    pub fn port(mut self, port: u16) -> Self {
        self.doors.port = port;
        self
    }

    /// Serves HTTPS with a certificate for `localhost`, `127.0.0.1` and `::1` from a self-made authority.
    ///
    /// [`Portal::ca_pem`] gives the authority's certificate, which a client has to trust.
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.doors.tls = true;
        self
    }

    /// Adds an inbound webhook with all scopes. The first one is [`Portal::hook_url`]'s.
    ///
    /// Without any, user 1 (an administrator) has one with a secret made from the seed.
    pub fn webhook(mut self, user_id: u32, secret: impl Into<String>) -> Self {
        let hook = Hook { user: user_id.into(), secret: secret.into(), scopes: all_scopes() };
        self.config.hooks.push(hook);
        self
    }

    /// Sets the scopes of the webhook added last, or of the default one. All by default.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        if self.config.hooks.is_empty() {
            self.config.hooks.push(self.default_hook());
        }
        if let Some(hook) = self.config.hooks.last_mut() {
            hook.scopes = scopes.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Adds an OAuth access token of an application with all scopes, good for `lives` from the portal's start.
    ///
    /// Zero makes a token that has expired already. It belongs to an application `app.b24portal`, which is not one of
    /// [`Portal::applications`], cannot refresh it and is written no letters about events.
    pub fn access_token(mut self, token: impl Into<String>, user_id: u32, lives: Duration) -> Self {
        let held = Token { user: user_id.into(), client: "app.b24portal".into(), lives, scopes: all_scopes() };
        self.config.tokens.insert(token.into(), held);
        self
    }

    /// Sets the time one call of `method` takes in the eyes of the operating limiter.
    ///
    /// It is waited for only when [work takes time](Self::work_takes_time).
    pub fn method_cost(mut self, method: impl Into<String>, cost: Duration) -> Self {
        self.config.method_costs.insert(method.into().to_ascii_lowercase(), cost);
        self
    }

    /// Sets the time of a call of any other method; 20 ms by default.
    pub fn default_cost(mut self, cost: Duration) -> Self {
        self.config.method_cost = cost;
        self
    }

    /// Sets the time that counting one row for `total` adds; 20 µs by default, nothing with `start=-1`.
    pub fn count_cost(mut self, per_row: Duration) -> Self {
        self.config.count_cost = per_row;
        self
    }

    /// Whether an answer takes as long as its handlers cost, on top of the [latency](Self::latency). No by default.
    ///
    /// The cost is that of the method and of the rows it counted, that of a batch the sum of its commands and its own;
    /// it is waited for on the portal's clock. What is refused, or replayed for an `Idempotency-Key`, costs nothing.
    ///
    /// Everything is decided when a request arrives; what follows is only a wait. So what is written can be read at
    /// once, and the work is on the operating counters at once, while a server puts it there when it is done: of
    /// callers at the same time the portal refuses some that a server would let pass. A caller that leaves before the
    /// answer is there has paid all the same. Of a v2 batch each command is checked when its turn comes.
    ///
    /// `time` tells what the counter is at `finish`, and an `operating_reset_at` after that. Work leaves the counter ten
    /// minutes after it began, as on a server; a [ban](crate::Overrun::Ban) ends 300 s after the work that brought it.
    ///
    /// A [`VirtualClock`](crate::VirtualClock) steps forward for one answer after another. Callers at the same time
    /// need [`Clock::real`], on a paused runtime if need be.
    pub fn work_takes_time(mut self, takes: bool) -> Self {
        self.config.work_takes_time = takes;
        self
    }

    /// Sets the largest request body the portal takes; 64 MiB by default. To a larger one it answers 413.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.config.max_body = bytes;
        self
    }

    /// Sets how many requests [`Portal::requests`] remembers; the last 10,000 by default, and at most 64 MiB of them.
    pub fn keep_requests(mut self, count: usize) -> Self {
        self.config.keep_requests = count;
        self
    }

    /// Opens the portal on a loopback socket, its authorisation server on another, and an application for its frame, if
    /// there is one, on a third.
    ///
    /// # Errors
    /// When a port cannot be opened, the certificate cannot be made, the folder of the application has no `index.html`,
    /// or the options of the placement are no JSON object.
    pub async fn start(self) -> io::Result<Portal> {
        if self.config.frame.options().is_none() {
            let text = "the options of the placement are no JSON object";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let doors = self.doors.clone();
        Portal::open(self.share(), &doors).await
    }

    /// Makes a portal without any socket, to be called through [`Portal::service`].
    ///
    /// Its address is `https://portal-1.test`, which exists nowhere; the next one in this process is `portal-2.test`,
    /// so that no two of them share what a client keeps for each portal. Their authorisation servers are
    /// `https://oauth-1.test` and `https://oauth-2.test`, called through [`Portal::auth_service`].
    #[must_use]
    pub fn in_process(self) -> Portal {
        let mut origins = next_origins();
        origins.app = origins.app.filter(|_| self.doors.app.is_some());
        Portal::without_socket(self.share(), origins)
    }

    /// Makes the portal's state machine alone, without sockets and without a clock.
    ///
    /// `started` is its first moment, since the Unix epoch: rows are older, tokens live from there.
    #[must_use]
    pub fn engine(mut self, started: Duration) -> Engine {
        self.fill_in(started);
        Engine::new(self.config)
    }

    fn share(mut self) -> Shared {
        self.fill_in(self.clock.now());
        Shared::new(self.config, self.clock)
    }

    fn fill_in(&mut self, started: Duration) {
        if self.config.hooks.is_empty() {
            self.config.hooks.push(self.default_hook());
        }
        if self.config.applications.is_empty() {
            self.config.applications.push(Application::local(self.config.seed));
        }
        self.config.started = started;
    }

    fn default_hook(&self) -> Hook {
        Hook { user: 1, secret: rng::secret(self.config.seed, 0), scopes: all_scopes() }
    }
}

/// Origins that no portal of this process has had.
fn next_origins() -> Origins {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    let origin = |host: &str| format!("https://{host}-{number}.test");
    Origins { portal: origin("portal"), authority: origin("oauth"), app: Some(origin("app")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_portals_in_a_process_have_one_origin() {
        let portals = [(); 3].map(|()| Portal::builder().in_process());
        let numbers = portals.each_ref().map(|portal| {
            let number = portal.url().strip_prefix("https://portal-").and_then(|rest| rest.strip_suffix(".test"));
            number.and_then(|number| number.parse::<u64>().ok()).expect("a number")
        });
        assert!(numbers[0] < numbers[1] && numbers[1] < numbers[2], "{numbers:?}");
        assert!(portals[2].hook_url().starts_with(portals[2].url()));
    }
}
