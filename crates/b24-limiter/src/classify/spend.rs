//! What a request spends.

use std::time::Duration;

use b24_core::{Method, Priority};

use crate::line::Lane;

/// What a request spends: a place in the rate, and operating time of the methods it names.
#[derive(Clone, Debug, Default)]
pub struct Spend {
    pub(crate) owner: u64,
    pub(crate) method: Option<Method>,
    pub(crate) commands: Box<[Command]>,
    pub(crate) priority: Priority,
    pub(crate) is_repeat: bool,
    pub(crate) time_left: Option<Duration>,
}

/// One command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub(crate) label: Box<str>,
    pub(crate) method: Method,
}

impl Spend {
    /// A request that names no method: it takes a place in the rate and nothing else.
    #[must_use]
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// A call of one method, `batch` included. A name that no method can have counts as none.
    #[must_use]
    pub fn call(method: &str) -> Self {
        Method::new(method).map_or_else(|_| Self::unnamed(), |method| Self::of(&method))
    }

    /// A call of a method whose name has been checked.
    pub(crate) fn of(method: &Method) -> Self {
        Self { method: Some(in_lower_case(method)), ..Self::default() }
    }

    /// Names the commands that the request carries: for a `batch`.
    #[must_use]
    pub fn with_commands(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.commands = commands.into_iter().collect();
        self
    }

    /// Says whose operating time is spent: a number for each webhook or application of the portal.
    #[must_use]
    pub fn with_owner(mut self, owner: u64) -> Self {
        self.owner = owner;
        self
    }

    /// Says whether the request passes others that wait.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Says that the portal has refused the request before: it goes before all others, which came after it.
    #[must_use]
    pub fn with_repeat(mut self, is_repeat: bool) -> Self {
        self.is_repeat = is_repeat;
        self
    }

    /// In which lane of a line it waits.
    pub(crate) fn lane(&self) -> Lane {
        match self.priority {
            _ if self.is_repeat => Lane::Repeat,
            Priority::Bulk => Lane::Bulk,
            _ => Lane::Interactive,
        }
    }

    /// Says how long the request may wait. Only a layer that [rejects](crate::RestrictionLayer::rejecting) reads it.
    #[must_use]
    pub fn with_time_left(mut self, time_left: Option<Duration>) -> Self {
        self.time_left = time_left;
        self
    }

    /// The method it calls.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_ref().map(Method::as_str)
    }

    /// The commands it carries.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }
}

impl Command {
    /// A command under its label, or its place in the list. `None` for a name that no method can have.
    #[must_use]
    pub fn new(label: impl Into<Box<str>>, method: &str) -> Option<Self> {
        let method = Method::new(method).ok()?;
        Some(Self { label: label.into(), method: in_lower_case(&method) })
    }

    /// Its label, or its place in the list.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The method it calls.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }
}

/// Portals compare names without regard to case.
pub(super) fn in_lower_case(method: &Method) -> Method {
    let name = method.as_str();
    let lower = || Method::new(&name.to_ascii_lowercase()).ok();
    let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_lower { None } else { lower() }.unwrap_or_else(|| method.clone())
}
