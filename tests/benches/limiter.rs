//! What the layers add to a call that nothing holds back: `cargo xtask bench limiter` runs it and reads the medians.
//!
//! `cargo bench -p b24-tests --bench limiter` runs it alone. Allocations and waits are measured by `bench-limiter`.
#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "../src/bin/bench-limiter/stack.rs"]
#[allow(dead_code, reason = "`bench-limiter` needs more of it")]
mod stack;

use std::{hint::black_box, time::Duration};

use cpu_time::ThreadTime;
use criterion::{Criterion, criterion_group, criterion_main};
use stack::{Answers, Rest};

fn pass(criterion: &mut Criterion) {
    let answers = Answers::new().unwrap();
    let webhook = stack::webhook().unwrap();
    let limiter = || stack::unthrottled().unwrap();
    let mut group = criterion.benchmark_group("pass");
    group.bench_function("alone", |b| b.iter_custom(|calls| time(calls, answers.clone())));
    group.bench_function("auth", |b| {
        b.iter_custom(|calls| time(calls, stack::with_auth(answers.clone(), webhook.clone())));
    });
    group.bench_function("restriction", |b| {
        b.iter_custom(|calls| time(calls, stack::with_restriction(answers.clone(), webhook.clone(), limiter())));
    });
    group.bench_function("retry", |b| {
        b.iter_custom(|calls| time(calls, stack::with_retry(answers.clone(), webhook.clone(), limiter())));
    });
    group.finish();
}

/// The CPU time of so many passes, one after the other on this thread: where nothing waits it is what they take, and other
/// programs on the machine do not count. Each sample has a limiter of its own: none gets near its rate.
fn time(calls: u64, mut service: impl Rest) -> Duration {
    let request = stack::request().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        // The first pass makes what all others find.
        stack::pass(&mut service, request.clone()).await.unwrap();
        let begin = ThreadTime::now();
        for _ in 0..calls {
            black_box(stack::pass(&mut service, black_box(request.clone())).await.unwrap());
        }
        begin.elapsed()
    })
}

criterion_group! {
    name = limiter;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = pass
}
criterion_main!(limiter);
