//! What a waiting call holds.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Waker},
};

use b24::{Limiter, Restrictions};
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Outcome,
    stack::{self, Answers},
};

/// Lets so many calls wait, and measures the layer's future and all that is allocated for the waiting: requests share what
/// they are, but each future, each place in the line and each alarm of tokio's clock counts. What a task around the future
/// takes is not the limiter's.
pub(crate) fn run(waiting: usize) -> Outcome<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let _inside = runtime.enter();
    let limiter = Limiter::new(Restrictions::default())?;
    let mut service = stack::restriction(limiter.clone()).layer(Answers::new()?);
    let request = stack::granted_request()?;
    let mut cx = Context::from_waker(Waker::noop());

    // The burst: these do not wait.
    while asks(&mut Box::pin(service.call(request.clone())), &mut cx) {}
    let mut calls = Vec::with_capacity(waiting);
    let mut through = 0;
    let held = allocation_counter::measure(|| {
        for _ in 0..waiting {
            let mut call = Box::pin(service.call(request.clone()));
            through += usize::from(asks(&mut call, &mut cx));
            calls.push(call);
        }
    });
    if through > 0 || limiter.stats().rate.is_none_or(|rate| rate.waiting != waiting) {
        return Err(format!("{through} of {waiting} calls did not wait").into());
    }
    let future = calls.first().map_or(0, |call| size_of_val(&**call));
    Ok(json!({ "waiting": waiting, "futureBytes": future, "heldBytes": held.bytes_current }))
}

/// Polls a call for the first time, by which it takes its place in the line; true when it need not wait.
fn asks<F: Future>(call: &mut Pin<Box<F>>, cx: &mut Context<'_>) -> bool {
    call.as_mut().poll(cx).is_ready()
}
