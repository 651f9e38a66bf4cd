//! The v3 pipeline: alias, lookup, caller, scope, limiter, controller.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Response};

use super::address::{Address, Transport};
use super::auth::{AuthFailure, Caller};
use super::budget::Failure;
use super::error::Trouble;
use super::idempotency::{self, Slot};
use super::v2::Bill;
use super::{Engine, clockwork, reply};
use crate::config::Dialect;
use crate::method::{self, Call, Method3, Run3};
use crate::php::form;
use crate::value::{self, Array, Value, map};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

impl Engine {
    /// Answers a call; also gives the work that it was.
    pub(super) fn answer_v3(
        &mut self,
        now: Duration,
        address: &Address,
        parts: &Parts,
        body: &Bytes,
    ) -> (Response<Bytes>, Duration) {
        match self.serve_v3(now, address, parts, body) {
            Ok(answer) => answer,
            Err(Failure::Refused(trouble)) => {
                (reply::rest(trouble.status, &trouble.to_value(), Transport::Json), Duration::ZERO)
            }
            Err(Failure::Exhausted) => (reply::out_of_memory(), Duration::ZERO),
        }
    }

    fn serve_v3(
        &mut self,
        now: Duration,
        address: &Address,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<(Response<Bytes>, Duration), Failure<Trouble>> {
        let method = self.find_v3(&address.method, 404)?;
        // The body is read before authentication, as the token may be in it, but complained about only after.
        let params = read_body(parts, body);
        let caller = self.caller_v3(now, address, parts, params.as_ref().ok())?;
        if !caller.has_scope(method.scope) {
            return Err(Trouble::insufficient_scope().into());
        }
        if !self.may_work(now, &caller.owner, method.name) {
            return Err(Trouble::rate_limit().into());
        }
        let mut params = params?;
        params.take("auth");

        let slot = match parts.headers.get(&KEY) {
            // On reads the header is ignored without a warning.
            Some(key) if method.writes => Some(Slot::new(&caller, method.name, idempotency::check(key.as_bytes())?)),
            _ => None,
        };
        if let Some(slot) = &slot {
            if let Some(mut response) = self.replays.find(now, slot, body)? {
                reply::set(&mut response, REPLAYED, "true");
                return Ok((response, Duration::ZERO));
            }
        }
        let (mut response, work) = self.run_v3(now, method, &params, &caller)?;
        if let (Some(slot), Some(key)) = (slot, parts.headers.get(&KEY)) {
            response.headers_mut().insert(KEY, key.clone());
            self.replays.keep(now, slot, body.clone(), response.clone());
        }
        Ok((response, work))
    }

    fn run_v3(
        &mut self,
        now: Duration,
        method: &'static Method3,
        params: &Array,
        caller: &Caller,
    ) -> Result<(Response<Bytes>, Duration), Failure<Trouble>> {
        let (body, cost) = match method.run {
            Run3::Bare(make) => (make(&self.world), self.cost(method.name, 0)),
            Run3::Batch => {
                let (result, cost) = self.run_batch3(now, params, caller)?;
                (self.envelope_v3(now, method, caller, result, cost), cost)
            }
            Run3::Plain(_) => {
                let (result, cost) = self.run_item(now, method, params, caller)?;
                (self.envelope_v3(now, method, caller, result, cost), cost)
            }
        };
        let mut response = reply::rest(200, &body, Transport::Json);
        self.sign(&mut response, caller, now, cost);
        Ok((response, cost))
    }

    /// Runs one method without counting it: of a batch only the whole is counted.
    pub(super) fn run_item(
        &mut self,
        now: Duration,
        method: &Method3,
        params: &Array,
        caller: &Caller,
    ) -> Result<(Value, Duration), Trouble> {
        let Run3::Plain(handler) = method.run else {
            return Err(Trouble::method_not_found(method.name, 400));
        };
        let call = Call::new(params, None, caller, now);
        let value = handler(&mut self.world, &call)?;
        Ok((value, self.cost(method.name, call.counted())))
    }

    /// Finds a method; the documentation says 400 where a server, outside a batch, says 404.
    pub(super) fn find_v3(&self, name: &str, php_status: u16) -> Result<&'static Method3, Trouble> {
        let status = match self.config.dialect {
            Dialect::Docs => 400,
            Dialect::Php => php_status,
        };
        method::find_v3(name).ok_or_else(|| Trouble::method_not_found(name, status))
    }

    fn caller_v3(
        &self,
        now: Duration,
        address: &Address,
        parts: &Parts,
        body: Option<&Array>,
    ) -> Result<Caller, Trouble> {
        let query = form::parse(parts.uri.query().unwrap_or_default());
        let token =
            body.and_then(|body| body.get("auth")).or_else(|| query.get("auth").or_else(|| query.get("access_token")));
        let token = token.and_then(Value::as_str);
        let hook = address.hook.as_ref();
        Caller::recognise(&self.config.hooks, &self.ledger, now, hook, &parts.headers, token).map_err(|failure| {
            match failure {
                // Every failure of authentication looks the same, an expired token included.
                AuthFailure::Nothing | AuthFailure::BadHook | AuthFailure::Token(_) => Trouble::access_denied(401),
            }
        })
    }

    /// Counts what was done, and wraps its result.
    fn envelope_v3(
        &mut self,
        now: Duration,
        method: &Method3,
        caller: &Caller,
        result: Value,
        cost: Duration,
    ) -> Value {
        let bill = Bill { owner: caller.owner.clone(), began: now };
        let reading = self.meter(bill, method.name, cost, cost);
        map! { "result" => result, "time" => clockwork::describe(now, cost, reading, self.config.time_format) }.into()
    }
}

/// v3 takes JSON in a body and nothing else; the query string is not read for parameters.
fn read_body(parts: &Parts, body: &Bytes) -> Result<Array, Trouble> {
    if body.is_empty() || parts.method == http::Method::GET {
        return Ok(Array::new());
    }
    match value::from_slice(body) {
        Some(Value::Array(array)) => Ok(array),
        _ => Err(Trouble::invalid_json()),
    }
}
