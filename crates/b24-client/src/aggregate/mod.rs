//! Sums, averages and counts that the portal reckons itself.

mod buckets;
mod select;

use std::time::Duration;

use b24_core::{ApiVersion, CallOptions, Error, Params, Priority, Reply, RestError, SdkCode, filter::v3};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use self::{
    buckets::Buckets,
    select::{Function, Select},
};
use crate::{Call, Client};

/// An aggregate of v3 that has not been sent yet: which functions of which fields, over which rows.
///
/// What is wrong with it comes out when it is sent, before anything goes over the wire. The body is
/// `{"select": {function: [fields]}, "filter": [..]}`, and nothing else.
///
/// A function whose fields have no aliases goes as a list of fields. As soon as one of them has an alias, all go as an
/// object of fields and aliases, in which a field without one is its own: `{"amount": "total", "tax": "tax"}`.
///
/// # Examples
/// ```
/// use b24_core::filter::v3::{Filter, gt};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Totals {
///     sum: Amount,
/// }
///
/// #[derive(Deserialize)]
/// struct Amount {
///     /// `null` where no row counts.
///     amount: Option<f64>,
/// }
///
/// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
/// let totals = b24.v3().aggregate("vendor.deal.aggregate").sum("amount").filter(Filter::new([gt("id", 5)])?);
/// println!("{:?}", totals.send::<Totals>().await?.result.sum.amount);
/// # Ok(())
/// # }
/// ```
///
/// Portals have the action; no method with it is documented yet. Source:
/// <https://bitrix24.github.io/b24jssdk/docs/working-with-the-rest-api/filtering>, checked 2026-11.
#[derive(Debug)]
#[must_use = "an aggregate does nothing until it is sent"]
pub struct Aggregate {
    call: Call,
    select: Select,
    raw_select: Option<Result<Box<RawValue>, Error>>,
    filter: Option<Result<Box<RawValue>, Error>>,
}

impl Aggregate {
    pub(crate) fn new(client: &Client, method: &str) -> Self {
        let call = Call::new(client, ApiVersion::V3, method);
        Self { call, select: Select::default(), raw_select: None, filter: None }
    }

    /// The sum of `field`.
    pub fn sum(self, field: &str) -> Self {
        self.of(Function::Sum, field, None)
    }

    /// The sum of `field`, under the name `alias`.
    pub fn sum_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::Sum, field, Some(alias))
    }

    /// The mean of `field`.
    pub fn avg(self, field: &str) -> Self {
        self.of(Function::Avg, field, None)
    }

    /// The mean of `field`, under the name `alias`.
    pub fn avg_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::Avg, field, Some(alias))
    }

    /// The least value of `field`.
    pub fn min(self, field: &str) -> Self {
        self.of(Function::Min, field, None)
    }

    /// The least value of `field`, under the name `alias`.
    pub fn min_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::Min, field, Some(alias))
    }

    /// The greatest value of `field`.
    pub fn max(self, field: &str) -> Self {
        self.of(Function::Max, field, None)
    }

    /// The greatest value of `field`, under the name `alias`.
    pub fn max_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::Max, field, Some(alias))
    }

    /// How many rows have a `field`.
    pub fn count(self, field: &str) -> Self {
        self.of(Function::Count, field, None)
    }

    /// How many rows have a `field`, under the name `alias`.
    pub fn count_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::Count, field, Some(alias))
    }

    /// How many different values `field` has.
    pub fn count_distinct(self, field: &str) -> Self {
        self.of(Function::CountDistinct, field, None)
    }

    /// How many different values `field` has, under the name `alias`.
    pub fn count_distinct_as(self, field: &str, alias: &str) -> Self {
        self.of(Function::CountDistinct, field, Some(alias))
    }

    /// A whole selection, for one that comes as JSON: `{function: [fields]}` or `{function: {field: alias}}`. It is
    /// checked as the others are, goes over the wire as it is, and stands alone: no other method may select as well.
    pub fn select<T: Serialize>(mut self, select: T) -> Self {
        self.raw_select = Some(to_raw_value(&select).map_err(|source| {
            Error::usage(SdkCode::InvalidAggregate, "select: it cannot be written as JSON").with_source(source)
        }));
        self
    }

    /// Which rows count: a [`Filter`](v3::Filter), or anything that becomes the JSON of one. Default, and with `null`:
    /// all rows.
    pub fn filter<T: Serialize>(mut self, filter: T) -> Self {
        self.filter = Some(to_raw_value(&filter).map_err(|source| {
            Error::usage(SdkCode::InvalidFilter, "filter: it cannot be written as JSON").with_source(source)
        }));
        self
    }

    /// See [`Call::request_id`].
    pub fn request_id(mut self, id: &str) -> Self {
        self.call = self.call.request_id(id);
        self
    }

    /// See [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call = self.call.timeout(timeout);
        self
    }

    /// See [`Call::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call = self.call.deadline(deadline);
        self
    }

    /// See [`Call::idempotent`]. A method whose name ends in `aggregate` is known to read.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.call = self.call.idempotent(idempotent);
        self
    }

    /// See [`Call::max_retries`].
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.call = self.call.max_retries(max_retries);
        self
    }

    /// See [`Call::priority`].
    pub fn priority(mut self, priority: Priority) -> Self {
        self.call = self.call.priority(priority);
        self
    }

    /// See [`Call::options`].
    pub fn options(mut self, options: CallOptions) -> Self {
        self.call = self.call.options(options);
        self
    }

    /// Sends it and reads the buckets into `T`: an object of functions, each an object of fields or aliases.
    ///
    /// The buckets are at `result.result`, or at `result` where a portal answers so; where there are none, `T` is read
    /// from an empty object.
    ///
    /// # Errors
    /// [`SdkCode::InvalidAggregate`] when nothing is selected, a function is given that does not exist, a name is empty,
    /// a field stands twice in a function or two fields have one alias; [`SdkCode::InvalidFilter`] with the place. Both
    /// before anything is sent. Else as [`Call::send`].
    ///
    /// # Cancel safety
    /// As [`Call::send`]; it only reads.
    pub async fn send<T: DeserializeOwned>(self) -> Result<Reply<T>, Error> {
        let reply = self.into_call()?.send::<Buckets<T>>().await?;
        Ok(reply.map(Buckets::into_inner))
    }

    /// Like [`send`](Self::send), but a soft error of the portal, such as a field that does not exist, is an outcome and
    /// not a failure.
    ///
    /// # Errors
    /// As [`send`](Self::send), without the soft ones.
    pub async fn outcome<T: DeserializeOwned>(self) -> Result<Result<Reply<T>, RestError>, Error> {
        let outcome = self.into_call()?.outcome::<Buckets<T>>().await?;
        Ok(outcome.map(|reply| reply.map(Buckets::into_inner)))
    }

    fn of(mut self, function: Function, field: &str, alias: Option<&str>) -> Self {
        self.select.add(function, field, alias);
        self
    }

    fn into_call(self) -> Result<Call, Error> {
        let Self { call, select, raw_select, filter } = self;
        let select = match raw_select {
            Some(raw) if select.is_empty() => raw?,
            Some(_) => return Err(select::refuse("select", "a whole selection was given, and single fields besides")),
            None => select.into_json()?,
        };
        select::check(&select)?;
        let filter = filter.transpose()?.filter(|filter| filter.get() != "null");
        if let Some(filter) = &filter {
            v3::check(filter)?;
        }
        Ok(call.raw_params(Params::object(&Body { select: &select, filter: filter.as_deref() })?))
    }
}

#[derive(Serialize)]
struct Body<'a> {
    select: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a RawValue>,
}
