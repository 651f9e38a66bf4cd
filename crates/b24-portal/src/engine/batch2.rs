//! `batch` of v2: up to fifty commands, one after another, in one request.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>

use std::time::Duration;

use super::auth::Caller;
use super::budget::{Budget, Failure};
use super::error::Refusal;
use super::input::take_start;
use super::refs::Gathered;
use super::v2::{Bill, Done};
use super::{Engine, clockwork};
use crate::limit::operating::{Owner, Reading};
use crate::method;
use crate::php::form;
use crate::value::{Array, Key, Value, map};

const MAX_COMMANDS: usize = 50;

impl Engine {
    pub(super) fn run_batch2(
        &mut self,
        now: Duration,
        params: &Array,
        caller: &Caller,
    ) -> Result<Done, Failure<Refusal>> {
        let weight = self.config.limits.batch_billing.weight();
        if weight.is_some() && !self.may_work(now, &caller.owner, "batch") {
            return Err(Refusal::operation_time_limit().into());
        }
        let params = params.upper();
        let halt = params.get("HALT").is_some_and(Value::is_truthy);
        let empty = Array::new();
        let commands = params.get("CMD").and_then(Value::as_array).unwrap_or(&empty);

        let mut gathered = Gathered::default();
        let mut budget = Budget::new();
        let mut spent = Duration::ZERO;
        for (place, (key, command)) in commands.iter().enumerate() {
            let outcome = if place >= MAX_COMMANDS {
                Err(Refusal::new(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded").into())
            } else {
                // What is not a text is skipped without a word, but keeps its place in the count.
                let Some(command) = command.as_str() else { continue };
                let bill = self.bill(caller, self.after(now, spent));
                self.run_command(now, command, &gathered, &mut budget, caller, bill)
            };
            match outcome {
                Ok(done) => {
                    // The clock of the methods stands still while a batch runs; the printed times go on.
                    let start = now.saturating_add(spent);
                    spent = spent.saturating_add(done.cost);
                    self.keep(&mut gathered, key, start, done);
                }
                Err(Failure::Exhausted) => return Err(Failure::Exhausted),
                Err(Failure::Refused(refusal)) => {
                    gathered.error.set(key.clone(), refusal.to_array());
                    if halt {
                        break;
                    }
                }
            }
        }

        let cost = self.cost("batch", 0).saturating_add(spent);
        let counted = weight.map_or(Duration::ZERO, |weight| share(cost, weight));
        let bill = Bill { owner: caller.owner.clone(), began: now };
        let reading = self.meter(bill, "batch", cost, counted);
        if let (false, Some(reading)) = (self.config.limits.batch_billing.bills_commands(), reading) {
            tell_all(&mut gathered.time, reading);
        }
        let result = map! {
            "result" => gathered.result,
            "result_error" => gathered.error,
            "result_total" => gathered.total,
            "result_next" => gathered.next,
            "result_time" => gathered.time,
        };
        Ok(Done { result: result.into(), next: None, total: None, cost, reading })
    }

    fn run_command(
        &mut self,
        now: Duration,
        command: &str,
        gathered: &Gathered,
        budget: &mut Budget,
        caller: &Caller,
        bill: Option<Bill>,
    ) -> Result<Done, Failure<Refusal>> {
        // parse_url: what follows a `#` is lost.
        let command = command.split('#').next().unwrap_or_default();
        let (name, query) = command.split_once('?').unwrap_or((command, ""));
        if ["batch", "download", "upload"].iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden)) {
            let text = "Method is not allowed for batch usage";
            return Err(Refusal::new(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", text).into());
        }
        let method = method::find_v2(name).ok_or_else(Refusal::method_not_found)?;
        if !caller.has_scope(method.scope) {
            // Inside a batch the code comes without its text.
            return Err(Refusal::insufficient_scope(self.config.dialect).without_description().into());
        }
        let mut params = gathered.substitute(&form::parse(query), budget)?;
        let start = take_start(&mut params);
        Ok(self.run_v2(now, method, &params, start, caller, bill)?)
    }

    /// Whose counters a command fills that began at `began`, if anybody's.
    fn bill(&self, caller: &Caller, began: Duration) -> Option<Bill> {
        let limits = &self.config.limits;
        limits.batch_billing.bills_commands().then(|| {
            let owner = match &caller.owner {
                Owner::Hook(_) if limits.shared_batch_key => Owner::AnyHook,
                owner => owner.clone(),
            };
            Bill { owner, began }
        })
    }

    fn keep(&self, gathered: &mut Gathered, key: &Key, start: Duration, done: Done) {
        let time = clockwork::describe(start, done.cost, done.reading, self.config.time_format);
        gathered.time.set(key.clone(), time);
        gathered.result.set(key.clone(), done.result);
        if let Some(total) = done.total {
            gathered.total.set(key.clone(), total);
        }
        if let Some(next) = done.next {
            gathered.next.set(key.clone(), next);
        }
    }
}

/// Makes every `time` of the batch's commands tell the counter of `batch`.
fn tell_all(times: &mut Array, reading: Reading) {
    for time in times.values_mut() {
        if let Value::Array(time) = time {
            clockwork::tell(time, reading);
        }
    }
}

/// A part of a duration; what is too long for one is the longest.
fn share(of: Duration, weight: f64) -> Duration {
    Duration::try_from_secs_f64((of.as_secs_f64() * weight).max(0.0)).unwrap_or(Duration::MAX)
}
