//! What a call costs that has to wait, beside how many others it may be.

use b24::{Limiter, Restrictions};
use cpu_time::ProcessTime;
use serde_json::{Value, json};
use tower_layer::Layer;

use crate::{
    Outcome,
    clock::VirtualClock,
    stack::{self, Answers, Rest},
    tasks::Tasks,
};

/// Lets `waiting` calls at a time wait in one limiter, again and again until there were `calls` of them.
///
/// A call is measured from its making to its end. Where they would not go in the order they came, it fails.
pub(crate) fn run(waiting: usize, calls: usize) -> Outcome<Value> {
    let clock = VirtualClock::default();
    let limiter = Limiter::builder().restrictions(Restrictions::default()).timer(clock.clone()).build()?;
    let service = stack::restriction(limiter.clone()).layer(Answers::new()?);
    let mut crowd = Crowd { service, clock, tasks: Tasks::new(waiting), waiting };

    // The bucket is empty: the first calls fill it.
    while limiter.stats().waits.count == 0 {
        crowd.pass_through()?;
    }
    let before = limiter.stats();
    crowd.tasks.polls = 0;
    let rounds = calls.div_ceil(waiting.max(1));
    let begin = ProcessTime::try_now()?;
    for _ in 0..rounds {
        crowd.pass_through()?;
    }
    let nanos = begin.try_elapsed()?.as_nanos();
    let (after, calls) = (limiter.stats(), rounds * waiting);
    let sends = (after.sends - before.sends, after.waits.count - before.waits.count);
    let all = u64::try_from(calls)?;
    if sends != (all, all) {
        return Err(format!("of {calls} calls {} were sent, {} waited", sends.0, sends.1).into());
    }
    Ok(json!({ "waiting": waiting, "calls": calls, "cpuNanos": u64::try_from(nanos)?, "polls": crowd.tasks.polls }))
}

/// The calls that wait together.
struct Crowd<S> {
    service: S,
    clock: VirtualClock,
    tasks: Tasks,
    waiting: usize,
}

impl<S: Rest> Crowd<S> {
    /// All of them ask at once; in the end all are through.
    fn pass_through(&mut self) -> Outcome<()> {
        let request = stack::granted_request()?;
        let call = |_| Some(Box::pin(self.service.call(request.clone())));
        let mut calls: Vec<_> = (0..self.waiting).map(call).collect();
        let mut through = 0;
        let mut first_polls = 0..self.waiting;
        while through < self.waiting {
            let Some(number) = first_polls.next().or_else(|| self.tasks.woken()) else {
                if self.clock.advance() {
                    continue;
                }
                return Err(format!("{} calls wait for nothing", self.waiting - through).into());
            };
            let Some(call) = calls[number].as_mut() else { continue };
            if let std::task::Poll::Ready(outcome) = self.tasks.poll(number, call.as_mut()) {
                outcome?;
                calls[number] = None;
                if number != through {
                    return Err(format!("call {number} goes in the place of {through}").into());
                }
                through += 1;
            }
        }
        Ok(())
    }
}
