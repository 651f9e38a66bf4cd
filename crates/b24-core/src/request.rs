//! A call on its way through the stack.

use std::fmt;

use crate::{ApiVersion, CallOptions, Grant, Method, Params, Safety};

/// One REST call as it passes through the stack; a clone copies a few pointers.
#[derive(Clone, Debug)]
pub struct RestRequest {
    version: ApiVersion,
    method: Method,
    params: Params,
    options: CallOptions,
    grant: Option<Grant>,
}

impl RestRequest {
    /// A call with default options and no credentials yet.
    #[must_use]
    pub fn new(version: ApiVersion, method: Method, params: Params) -> Self {
        Self { version, method, params, options: CallOptions::default(), grant: None }
    }

    /// Replaces the options.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.options = options;
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
        self.version
    }

    /// The method it calls.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &CallOptions {
        &self.options
    }

    /// The credentials, once the auth layer has attached them.
    #[must_use]
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// The idempotency key to send it with: only v3 writes that are no batch carry one. Inside of a batch the items would
    /// share it.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        let write = !self.method.is_read() && !self.method.as_str().eq_ignore_ascii_case("batch");
        self.options.idempotency_key().filter(|_| write && self.version == ApiVersion::V3)
    }

    /// Whether it may be sent again after a lost answer: the caller's word, else told by the method's name and by an
    /// idempotency key.
    #[must_use]
    pub fn safety(&self) -> Safety {
        let safe = self.method.is_read() || self.idempotency_key().is_some();
        let inferred = if safe { Safety::Idempotent } else { Safety::NotIdempotent };
        self.options.safety().unwrap_or(inferred)
    }

    /// What an error may keep of this call: no credentials.
    #[must_use]
    pub fn info(&self) -> RequestInfo {
        RequestInfo {
            version: self.version,
            method: self.method.clone(),
            params: self.params.clone(),
            request_id: self.options.request_id().map(Into::into),
        }
    }
}

/// What an [`Error`](crate::Error) tells about the call that failed. Parameters are shown redacted.
#[derive(Clone)]
pub struct RequestInfo {
    version: ApiVersion,
    method: Method,
    params: Params,
    request_id: Option<Box<str>>,
}

impl RequestInfo {
    /// The generation of the API it went to.
    #[must_use]
    pub fn version(&self) -> ApiVersion {
        self.version
    }

    /// The method it called.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The id the call is known by in the portal's log and ours.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The parameters as JSON text in which values with secret names read `***`.
    #[must_use]
    pub fn redacted_params(&self) -> String {
        crate::redact::json(self.params.as_bytes())
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestInfo")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("request_id", &self.request_id)
            .field("params", &self.params)
            .finish()
    }
}
