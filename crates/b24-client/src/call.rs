//! One call, from its name to its typed reply.

use std::time::Duration;

use b24_core::{
    ApiVersion, CallOptions, Error, ErrorKind, Method, Params, Priority, Reply, RestError, RestRequest, RestResponse,
    Safety, keys,
};
use serde::{Serialize, de::DeserializeOwned};
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::{Client, exchange::with_request_id};

/// A call that has not been sent yet.
///
/// What is wrong with its method or its parameters comes out when it is sent, before anything goes over the wire.
#[derive(Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    stack: BoxCloneSyncService<RestRequest, RestResponse, Error>,
    version: ApiVersion,
    method: Result<Method, Error>,
    params: Result<Params, Error>,
    options: CallOptions,
}

impl Call {
    pub(crate) fn new(client: &Client, version: ApiVersion, method: &str) -> Self {
        Self {
            stack: client.stack(),
            version,
            method: Method::new(method),
            params: Ok(Params::empty()),
            options: CallOptions::default(),
        }
    }

    /// The parameters: anything that becomes a JSON object. They are serialised here, once; a call that is sent again
    /// repeats the same bytes.
    pub fn params<T: Serialize>(mut self, params: T) -> Self {
        self.params = Params::object(&params);
        self
    }

    /// Parameters that are serialised already.
    pub fn raw_params(mut self, params: Params) -> Self {
        self.params = Ok(params);
        self
    }

    /// The id by which the call is known in the portal's log and ours. Default: a new UUID.
    pub fn request_id(mut self, id: &str) -> Self {
        self.options = self.options.with_request_id(id);
        self
    }

    /// How long one send may take. Default: the transport's, 75 s. The cloud cuts a request at 60 s; a shorter time
    /// gives up on calls that then take effect all the same.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.with_timeout(timeout);
        self
    }

    /// How long the whole call may take, waits and re-sends included. Default: no limit.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options = self.options.with_deadline(deadline);
        self
    }

    /// Says whether running the call twice does no harm, so that it may be sent again after a lost answer. Default:
    /// told by the method's name (`get`, `list`, `fields`, … read).
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.options = self.options.with_safety(if idempotent { Safety::Idempotent } else { Safety::NotIdempotent });
        self
    }

    /// How often this call may be sent again; 0 sends it once. Default: the stack's.
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.options = self.options.with_max_retries(max_retries);
        self
    }

    /// Whether the call passes others where calls have to wait for the portal's limits. Default: interactive, before bulk
    /// calls.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.options = self.options.with_priority(priority);
        self
    }

    /// The key under which the portal runs a v3 write once only, for 24 hours, however often it is sent. Sent with v3
    /// writes alone.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.options = self.options.with_idempotency_key(key);
        self
    }

    /// Replaces all options.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Sends the call and reads the payload into `T`. Every error of the portal is an `Err`, so that `?` works.
    ///
    /// # Errors
    /// [`Error`]: ask [`kind`](Error::kind) who refused, [`may_have_run`](Error::may_have_run) whether the portal may
    /// have executed the call.
    ///
    /// # Cancel safety
    /// Dropping the future gives the call up. If it had been sent, the portal may have executed it.
    pub async fn send<T: DeserializeOwned>(self) -> Result<Reply<T>, Error> {
        let (request, stack) = self.into_request()?;
        let sent = request.clone();
        let reply = match stack.oneshot(request).await {
            Ok(response) => response.decode(),
            Err(error) => Err(error),
        };
        match reply {
            Ok(mut reply) => {
                reply.request_id = sent.options().shared_request_id();
                Ok(reply)
            }
            Err(error) => {
                let error = error.with_request(&sent);
                if error.kind() == ErrorKind::Decode {
                    // The span closed with the answer; that nobody could read it shows only here.
                    tracing::debug!(
                        target: keys::TARGET_CLIENT,
                        { { keys::METHOD } = sent.method().as_str(), { keys::ERROR_TYPE } = error.code() },
                        "the answer could not be read"
                    );
                }
                Err(error)
            }
        }
    }

    /// Like [`send`](Self::send), but a soft error of the portal (a record that is not there, a field that does not
    /// exist) is an outcome and not a failure.
    ///
    /// ```
    /// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
    /// let call = b24.v3().call("tasks.task.get").params([("id", 5)].into_iter().collect::<std::collections::BTreeMap<_, _>>());
    /// match call.outcome::<serde_json::Value>().await? {
    ///     Ok(reply) => println!("{}", reply.result),
    ///     Err(refusal) => println!("not there: {}", refusal.message()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every error that is not soft; see [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn outcome<T: DeserializeOwned>(self) -> Result<Result<Reply<T>, RestError>, Error> {
        match self.send().await {
            Ok(reply) => Ok(Ok(reply)),
            Err(error) => error.into_soft().map(Err),
        }
    }

    fn into_request(self) -> Result<(RestRequest, BoxCloneSyncService<RestRequest, RestResponse, Error>), Error> {
        let Self { stack, version, method, params, options } = self;
        Ok((RestRequest::new(version, method?, params?).with_options(with_request_id(options)), stack))
    }
}
