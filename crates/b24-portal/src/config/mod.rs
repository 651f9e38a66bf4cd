//! What can be chosen about a portal.

mod limits;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use crate::oauth::{Application, Origins};
use crate::rng::{self, Secret};
use crate::{event, frame};
pub use limits::{BatchBilling, Limits, Overrun, Plan};

/// Which of two sources decides where they name different HTTP statuses for one error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// The statuses of the [documentation](https://apidocs.bitrix24.com/error-codes.html): 403 for a bad webhook or a
    /// missing scope.
    Docs,
    /// The statuses a live server answers: 401 for both.
    #[default]
    Php,
}

/// How the numbers of `time` are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeFormat {
    /// Fractions of a second, as in most of the documentation.
    #[default]
    Float,
    /// `start` and `processing` in whole seconds, `duration` too large by what was cut off: current servers.
    WholeSeconds,
}

/// An inbound webhook.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) user: i64,
    pub(crate) secret: String,
    pub(crate) scopes: Vec<String>,
}

/// An OAuth access token.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) user: i64,
    pub(crate) client: String,
    pub(crate) lives: Duration,
    pub(crate) scopes: Vec<String>,
}

/// Everything the engine needs to know.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) seed: u64,
    pub(crate) rows: u32,
    pub(crate) id_gap: Option<u32>,
    pub(crate) smart_types: Vec<i64>,
    pub(crate) limits: Limits,
    pub(crate) dialect: Dialect,
    pub(crate) time_format: TimeFormat,
    pub(crate) latency: Duration,
    pub(crate) work_takes_time: bool,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) applications: Vec<Application>,
    /// Who is signed in when the portal is asked to authorise an application.
    pub(crate) signed_in: i64,
    /// Made from the seed where none is given.
    pub(crate) member_id: Option<String>,
    pub(crate) access_life: Duration,
    /// As long as the portal's where none is given.
    pub(crate) auth_latency: Option<Duration>,
    pub(crate) origins: Origins,
    pub(crate) frame: frame::Setting,
    pub(crate) event: event::Setting,
    pub(crate) method_cost: Duration,
    pub(crate) method_costs: HashMap<String, Duration>,
    pub(crate) count_cost: Duration,
    pub(crate) keep_requests: usize,
    pub(crate) max_body: usize,
    pub(crate) started: Duration,
}

/// The scopes a webhook has when none are named: all that the portal knows.
pub(crate) fn all_scopes() -> Vec<String> {
    let scopes = [
        "crm",
        "task",
        "tasks",
        "user",
        "main",
        "lists",
        "disk",
        "catalog",
        "booking",
        "documentgenerator",
        "department",
        "userfieldconfig",
        "bizproc",
    ];
    scopes.map(str::to_owned).to_vec()
}

impl Config {
    /// The portal's id, which does not change with its domain.
    pub(crate) fn member_id(&self) -> String {
        self.member_id.clone().unwrap_or_else(|| rng::hex(self.seed, Secret::MemberId, 0, 32))
    }

    pub(crate) fn auth_latency(&self) -> Duration {
        self.auth_latency.unwrap_or(self.latency)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 24,
            rows: 120,
            id_gap: None,
            smart_types: vec![128],
            limits: Limits::default(),
            dialect: Dialect::default(),
            time_format: TimeFormat::default(),
            latency: Duration::ZERO,
            work_takes_time: false,
            hooks: Vec::new(),
            tokens: BTreeMap::new(),
            applications: Vec::new(),
            signed_in: 1,
            member_id: None,
            // https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html
            access_life: Duration::from_secs(3600),
            auth_latency: None,
            origins: Origins::default(),
            frame: frame::Setting::default(),
            event: event::Setting::default(),
            method_cost: Duration::from_millis(20),
            method_costs: HashMap::new(),
            // 2.39 million rows took 49.9 s to count: https://apidocs.bitrix24.com/settings/performance/huge-data.html
            count_cost: Duration::from_micros(20),
            keep_requests: 10_000,
            max_body: 64 << 20,
            started: Duration::ZERO,
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("user", &self.user).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("user", &self.user).field("client", &self.client).finish_non_exhaustive()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys of `tokens` are the tokens themselves.
        f.debug_struct("Config")
            .field("seed", &self.seed)
            .field("rows", &self.rows)
            .field("limits", &self.limits)
            .field("dialect", &self.dialect)
            .field("hooks", &self.hooks)
            .field("applications", &self.applications)
            .finish_non_exhaustive()
    }
}
