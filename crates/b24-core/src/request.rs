//! A call on its way through the stack.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use crate::{ApiVersion, CallOptions, Grant, Method, Params, Safety, batch::CommandInfo};

/// One REST call as it passes through the stack; a clone copies two pointers.
#[derive(Clone)]
pub struct RestRequest {
    call: Arc<Call>,
    grant: Option<Grant>,
}

/// What stays the same however often the call is sent.
#[derive(Clone)]
struct Call {
    version: ApiVersion,
    method: Method,
    params: Params,
    options: CallOptions,
    commands: Arc<[CommandInfo]>,
}

impl RestRequest {
    /// A call with default options and no credentials yet.
    #[must_use]
    pub fn new(version: ApiVersion, method: Method, params: Params) -> Self {
        let call = Call { version, method, params, options: CallOptions::default(), commands: no_commands() };
        Self { call: Arc::new(call), grant: None }
    }

    /// Replaces the options.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        Arc::make_mut(&mut self.call).options = options;
        self
    }

    /// Names the commands of a batch, so that no layer has to read them from its parameters.
    #[must_use]
    pub fn with_commands(mut self, commands: Arc<[CommandInfo]>) -> Self {
        Arc::make_mut(&mut self.call).commands = commands;
        self
    }

    /// Attaches the credentials to send it with; done by the auth layer.
    #[must_use]
    pub fn with_grant(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// The generation of the API it goes to.
    #[must_use]
    pub fn version(&self) -> ApiVersion {
        self.call.version
    }

    /// The method it calls.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.call.method
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.call.params
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &CallOptions {
        &self.call.options
    }

    /// The commands of a batch; empty for all other calls.
    #[must_use]
    pub fn commands(&self) -> &[CommandInfo] {
        &self.call.commands
    }

    /// The credentials, once the auth layer has attached them.
    #[must_use]
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// The idempotency key to send it with: only methods of v3 that add, update or delete keep keys. Inside of a batch the
    /// items would share it.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        let keeps_keys = self.version() == ApiVersion::V3 && self.method().is_write();
        self.options().idempotency_key().filter(|_| keeps_keys)
    }

    /// Whether it may be sent again after a lost answer: the caller's word, else told by the method's name and by an
    /// idempotency key. A batch is as safe as the least safe of its commands.
    #[must_use]
    pub fn safety(&self) -> Safety {
        let reads = |commands: &[CommandInfo]| commands.iter().all(|command| command.method().is_read());
        let safe = || match self.commands() {
            [] => self.method().is_read() || self.idempotency_key().is_some(),
            commands => reads(commands),
        };
        let inferred = || if safe() { Safety::Idempotent } else { Safety::NotIdempotent };
        self.options().safety().unwrap_or_else(inferred)
    }

    /// What an error may keep of this call: no credentials.
    #[must_use]
    pub fn info(&self) -> RequestInfo {
        RequestInfo(Arc::clone(&self.call))
    }
}

/// One list for all calls that carry none.
fn no_commands() -> Arc<[CommandInfo]> {
    static NONE: LazyLock<Arc<[CommandInfo]>> = LazyLock::new(|| Arc::new([]));
    Arc::clone(&NONE)
}

impl fmt::Debug for RestRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestRequest")
            .field("version", &self.call.version)
            .field("method", &self.call.method)
            .field("params", &self.call.params)
            .field("options", &self.call.options)
            .field("grant", &self.grant)
            .finish()
    }
}

/// What an [`Error`](crate::Error) tells about the call that failed. Parameters are shown redacted.
#[derive(Clone)]
pub struct RequestInfo(Arc<Call>);

impl RequestInfo {
    /// The generation of the API it went to.
    #[must_use]
    pub fn version(&self) -> ApiVersion {
        self.0.version
    }

    /// The method it called.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The commands of a batch; empty for all other calls.
    #[must_use]
    pub fn commands(&self) -> &[CommandInfo] {
        &self.0.commands
    }

    /// The id the call is known by in the portal's log and ours.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.options.request_id()
    }

    /// The parameters as JSON text in which values with secret names read `***`.
    #[must_use]
    pub fn redacted_params(&self) -> String {
        crate::redact::json(self.0.params.as_bytes())
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestInfo")
            .field("version", &self.version())
            .field("method", self.method())
            .field("request_id", &self.request_id())
            .field("params", &self.0.params)
            .finish()
    }
}
