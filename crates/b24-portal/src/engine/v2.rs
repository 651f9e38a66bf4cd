//! The v2 pipeline: lookup, caller, scope, limiter, method, envelope.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::address::{Address, Transport};
use super::auth::{AuthFailure, Caller};
use super::budget::Failure;
use super::error::Refusal;
use super::input::Input;
use super::{Engine, clockwork, reply};
use crate::config::Dialect;
use crate::limit::operating::{Owner, Reading, Work};
use crate::method::{self, Call, Method, Run};
use crate::oauth::Denied;
use crate::php::number;
use crate::value::{Array, Value, map};

/// What a method that ran leaves for its envelope.
pub(crate) struct Done {
    pub(crate) result: Value,
    pub(crate) next: Option<i64>,
    pub(crate) total: Option<i64>,
    pub(crate) cost: Duration,
    pub(crate) reading: Option<Reading>,
}

/// Whose counter a method's work goes on, and when that begins.
pub(super) struct Bill {
    pub(super) owner: Owner,
    pub(super) began: Duration,
}

impl Engine {
    /// Answers a call; also gives the work that it was.
    pub(super) fn answer_v2(
        &mut self,
        now: Duration,
        address: &Address,
        parts: &Parts,
        body: &Bytes,
    ) -> (Response<Bytes>, Duration) {
        match self.serve_v2(now, address, parts, body) {
            Ok(answer) => answer,
            Err(Failure::Refused(refusal)) => (refuse(&refusal, address.transport), Duration::ZERO),
            Err(Failure::Exhausted) => (reply::out_of_memory(), Duration::ZERO),
        }
    }

    fn serve_v2(
        &mut self,
        now: Duration,
        address: &Address,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<(Response<Bytes>, Duration), Failure<Refusal>> {
        // The lookup comes before authentication: a wrong method beats a wrong token.
        let method = method::find_v2(&address.method).ok_or_else(|| unknown(&address.method))?;
        let has_body = parts.method != http::Method::GET && parts.method != http::Method::HEAD;
        let input = Input::read(parts.uri.query().unwrap_or_default(), &parts.headers, body, has_body);
        if input.signed_link {
            return Err(Refusal::link_check_failed().into());
        }
        let hook = address.hook.as_ref();
        let mut caller =
            Caller::recognise(&self.config.hooks, &self.ledger, now, hook, &parts.headers, input.token.as_deref())
                .map_err(|failure| auth_refusal(failure, self.config.dialect))?;
        if caller.client().is_some() && !input.connector.is_empty() {
            if !self.world.events.extended {
                return Err(Refusal::wrong_license("auth_connector").into());
            }
            caller.connector = input.connector;
        }
        if !caller.has_scope(method.scope) {
            return Err(Refusal::insufficient_scope(self.config.dialect).into());
        }
        let done = match method.run {
            Run::Plain(_) | Run::List(_) => {
                let bill = Some(Bill { owner: caller.owner.clone(), began: now });
                self.run_v2(now, method, &input.params, input.start, &caller, bill)?
            }
            Run::Batch => self.run_batch2(now, &input.params, &caller)?,
        };
        let cost = done.cost;
        let mut response = reply::rest(200, &self.envelope(now, done), address.transport);
        self.sign(&mut response, &caller, now, cost);
        Ok((response, cost))
    }

    /// Runs one method; a subcommand of a batch comes here as well. Without a bill it is neither checked nor counted.
    pub(super) fn run_v2(
        &mut self,
        now: Duration,
        method: &Method,
        params: &Array,
        start: Option<i64>,
        caller: &Caller,
        bill: Option<Bill>,
    ) -> Result<Done, Refusal> {
        if matches!(method.run, Run::Batch) {
            return Err(Refusal::method_not_found());
        }
        if bill.as_ref().is_some_and(|bill| !self.may_work(bill.began, &bill.owner, method.name)) {
            return Err(Refusal::operation_time_limit());
        }
        let call = Call::new(params, start, caller, now);
        // A method that fails is never counted: its time is free.
        let value = method.run(&mut self.world, &call)?;
        let cost = self.cost(method.name, call.counted());
        let reading = bill.and_then(|bill| self.meter(bill, method.name, cost, cost));
        if let Some(refusal) = value.as_array().and_then(Refusal::inside) {
            return Err(refusal);
        }
        let (result, next, total) = lift(value);
        Ok(Done { result, next, total, cost, reading })
    }

    pub(super) fn may_work(&self, now: Duration, owner: &Owner, method: &str) -> bool {
        let limits = &self.config.limits;
        limits.operating.is_none_or(|limit| self.meters.allows(now, owner, method, limit, limits.overrun))
    }

    /// Counts `counted` for work that succeeded and was `cost`, and gives what `time` tells about it.
    pub(super) fn meter(&mut self, bill: Bill, method: &str, cost: Duration, counted: Duration) -> Option<Reading> {
        let work = Work { began: bill.began, ended: self.after(bill.began, cost), counted };
        let limits = &self.config.limits;
        let reading = self.meters.record(bill.owner, method, work, limits.operating?, limits.overrun);
        limits.report_operating.then_some(reading)
    }

    pub(super) fn cost(&self, method: &str, counted: usize) -> Duration {
        let own =
            self.config.method_costs.get(&method.to_ascii_lowercase()).copied().unwrap_or(self.config.method_cost);
        own.saturating_add(self.config.count_cost.saturating_mul(u32::try_from(counted).unwrap_or(u32::MAX)))
    }

    fn envelope(&self, now: Duration, done: Done) -> Value {
        let mut envelope = map! { "result" => done.result };
        if let Some(next) = done.next {
            envelope.set("next", next);
        }
        if let Some(total) = done.total {
            envelope.set("total", total);
        }
        envelope.set("time", clockwork::describe(now, done.cost, done.reading, self.config.time_format));
        envelope.into()
    }
}

/// Writes a refusal.
pub(super) fn refuse(refusal: &Refusal, transport: Transport) -> Response<Bytes> {
    reply::rest(refusal.status, &refusal.to_array().into(), transport)
}

/// A name that is no method: a known one behind it makes the rest of it a transport.
fn unknown(name: &str) -> Refusal {
    match name.rsplit_once('.') {
        Some((method, _)) if method::find_v2(method).is_some() => Refusal::wrong_transport(),
        _ => Refusal::method_not_found(),
    }
}

/// Takes `next` and `total` out of a result that is an array, as the server does with every method's.
///
/// That is how lists report them, and why a method whose own data has such a key loses it.
fn lift(value: Value) -> (Value, Option<i64>, Option<i64>) {
    let Value::Array(mut array) = value else {
        return (value, None, None);
    };
    // A `next` of null is not set to PHP, and stays where it is.
    let next = array.filled("next").map(number::int);
    if next.is_some() {
        array.take("next");
    }
    // `total` is lifted even when it is null, and is 0 then.
    let total = array.take("total").map(|total| number::int(&total));
    (array.into(), next, total)
}

pub(super) fn auth_refusal(failure: AuthFailure, dialect: Dialect) -> Refusal {
    match failure {
        AuthFailure::Nothing => Refusal::no_auth(),
        AuthFailure::BadHook => Refusal::invalid_credentials(dialect),
        AuthFailure::Token(Denied::Unknown) => Refusal::invalid_token(),
        AuthFailure::Token(Denied::Expired) => Refusal::expired_token(),
        AuthFailure::Token(Denied::NotInstalled) => Refusal::not_installed(),
        AuthFailure::Token(Denied::Unpaid) => Refusal::payment_required(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_and_total_are_lifted_out_of_any_array_result() {
        let (result, next, total) = lift(map! { "a" => 1_i64, "next" => "50", "total" => Value::Null }.into());
        assert_eq!(result, map! { "a" => 1_i64 }.into());
        assert_eq!((next, total), (Some(50), Some(0)));
    }

    #[test]
    fn a_next_of_null_stays_in_the_result() {
        let result = Value::from(map! { "next" => Value::Null });
        assert_eq!(lift(result.clone()), (result, None, None));
    }

    #[test]
    fn a_list_stays_a_list_when_its_totals_are_lifted() {
        let mut rows: Array = ["x", "y"].into_iter().collect();
        rows.set("total", 2_i64);
        let (result, _, _) = lift(rows.into());
        assert!(result.as_array().is_some_and(Array::is_list));
    }
}
