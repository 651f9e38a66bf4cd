//! How often a pass through the layers allocates.

use serde_json::{Value, json};

use crate::{
    Outcome,
    stack::{self, Answers, Rest},
};

/// Of each stack the number of allocations in so many passes.
pub(crate) fn run(calls: u32) -> Outcome<Value> {
    let (answers, webhook) = (Answers::new()?, stack::webhook()?);
    let limiter = stack::unthrottled()?;
    let limited = || limiter.clone();
    let counts = json!({
        "calls": calls,
        "alone": count(answers.clone(), calls)?,
        "auth": count(stack::with_auth(answers.clone(), webhook.clone()), calls)?,
        "restriction": count(stack::with_restriction(answers.clone(), webhook.clone(), limited()), calls)?,
        "retry": count(stack::with_retry(answers, webhook, limited()), calls)?,
    });
    match limiter.stats().waits.count {
        0 => Ok(counts),
        waits => Err(format!("{waits} calls had to wait: this is no unthrottled pass").into()),
    }
}

/// The first pass is not counted: it makes what all others find.
fn count(mut service: impl Rest, calls: u32) -> Outcome<u64> {
    let request = stack::request()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let mut passes = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                stack::pass(&mut service, request.clone()).await?;
            }
            Ok::<_, b24::Error>(())
        })
    };
    passes(1)?;
    let mut outcome = Ok(());
    let counted = allocation_counter::measure(|| outcome = passes(calls));
    outcome?;
    Ok(counted.count_total)
}
