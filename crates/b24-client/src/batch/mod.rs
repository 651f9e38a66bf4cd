//! Several commands in one request.

mod handle;
mod reply;

use std::sync::atomic::{AtomicU64, Ordering};

use b24_core::{
    ApiVersion, CallOptions, Error,
    batch::{Command, Plan, Prepared},
};

pub use handle::Handle;
pub use reply::BatchReply;

use crate::{Client, exchange::Exchange};

/// A batch that has not been sent yet: up to 50 commands, run by the portal one after another.
///
/// Two ways of use: [`add`](Self::add) gives a [`Handle`], by which the typed result is taken out of the reply;
/// [`commands`](Self::commands) takes any number, and the reply gives the rows in order.
///
/// ```no_run
/// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
/// use serde::Deserialize;
/// use serde_json::json;
///
/// #[derive(Deserialize)]
/// struct Deal {
///     #[serde(rename = "TITLE")]
///     title: String,
/// }
///
/// #[derive(Deserialize)]
/// struct Company {
///     #[serde(rename = "TITLE")]
///     title: String,
/// }
///
/// let mut batch = b24.v2().batch();
/// let deal = batch.add::<Deal>(("crm.deal.get", json!({ "id": 5 })));
/// let company = batch.add::<Company>(("crm.company.get", json!({ "id": deal.field("COMPANY_ID") })));
/// let mut reply = batch.send().await?;
/// println!("{} of {}", reply.take(deal)?.title, reply.take(company)?.title);
/// # Ok(())
/// # }
/// ```
///
/// A v2 batch is one request for the rate, and its commands each spend the operating time of their own method. On v3 the
/// first error is the answer to the whole batch, and undoes nothing:
/// [`Error::commands_that_may_have_run`] names the others.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>
#[derive(Debug)]
#[must_use = "a batch does nothing until it is sent"]
pub struct Batch {
    /// Tells its handles from those of other batches.
    id: u64,
    exchange: Exchange,
    version: ApiVersion,
    commands: Vec<Command>,
    halt: bool,
    references_in_text: bool,
}

impl Batch {
    pub(crate) fn new(client: &Client, version: ApiVersion) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self {
            id: LAST.fetch_add(1, Ordering::Relaxed),
            exchange: Exchange::new(client),
            version,
            commands: Vec::new(),
            halt: true,
            references_in_text: false,
        }
    }

    /// Adds a command whose result is a `T`. The handle takes it out of the reply, and refers to it in later commands.
    pub fn add<T>(&mut self, command: impl Into<Command>) -> Handle<T> {
        let command = command.into();
        let handle = Handle::new(self.id, self.commands.len(), command.given_label());
        self.commands.push(command);
        handle
    }

    /// Adds a command.
    pub fn command(mut self, command: impl Into<Command>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// Adds commands: pairs of a method and its parameters, names of methods, or [`Command`]s.
    pub fn commands<C: Into<Command>>(mut self, commands: impl IntoIterator<Item = C>) -> Self {
        self.commands.extend(commands.into_iter().map(Into::into));
        self
    }

    /// v2: whether the portal stops at the first command that fails. Default: yes. v3 always does.
    pub fn halt_on_error(mut self, halt: bool) -> Self {
        self.halt = halt;
        self
    }

    /// v2: whether text that is a reference as a whole (`"$result[deal][ID]"`) means one, for commands that come from a
    /// file. Default: no; text that the portal would take for a reference is refused, and a
    /// [`Reference`](b24_core::batch::Reference) is how one is written.
    pub fn references_in_text(mut self, meant: bool) -> Self {
        self.references_in_text = meant;
        self
    }

    /// The options of the one call: request id, timeout, deadline, retries.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.exchange.set_options(options);
        self
    }

    /// Sends the batch. Commands that failed are in the reply; an error is one of the whole batch.
    ///
    /// # Errors
    /// Before sending: no command or more than 50, labels on some commands only or given twice, parameters that a command
    /// cannot carry, references that lead nowhere. After: see [`Error`]; the batch is sent again by itself only if all of
    /// its commands read, or it certainly did not run.
    ///
    /// # Cancel safety
    /// Dropping the future gives the batch up. If it had been sent, the portal may have run any of its commands.
    pub async fn send(self) -> Result<BatchReply, Error> {
        let Self { id, mut exchange, version, commands, halt, references_in_text } = self;
        exchange.begin();
        let prepare = |(place, command)| {
            Prepared::new(command, version, references_in_text).map_err(|error| error.into_error(place))
        };
        let prepared = commands.into_iter().enumerate().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let plan = Plan::new(version, &prepared, halt)?;
        let request = plan.request(exchange.options().clone());
        let response = exchange.send(request.clone()).await?;
        let rows = plan.read(&request, &response)?;
        Ok(BatchReply::new(id, &request, &response, rows))
    }
}
