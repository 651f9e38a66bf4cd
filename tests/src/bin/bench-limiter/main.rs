//! One side of `cargo xtask bench limiter`: what a call costs that the limiter lets through, at once or after a wait.
//!
//! `bench-limiter MODE ..` prints one JSON line. The modes: `allocations CALLS` counts those of passes through the layers;
//! `wait WAITING CALLS` measures the CPU time of calls that wait, so many at a time, on a clock that jumps from alarm to
//! alarm; `memory WAITING` measures what the waiting hold. Times of passes are measured by `benches/limiter.rs`: counting
//! allocations would slow them down.
#![allow(clippy::print_stdout, reason = "the line is the result")]

mod allocations;
mod clock;
mod memory;
mod stack;
mod tasks;
mod wait;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let line = match arguments.as_slice() {
        ["allocations", calls] => allocations::run(calls.parse()?)?,
        ["wait", waiting, calls] => wait::run(waiting.parse()?, calls.parse()?)?,
        ["memory", waiting] => memory::run(waiting.parse()?)?,
        _ => return Err("usage: bench-limiter allocations CALLS | wait WAITING CALLS | memory WAITING".into()),
    };
    println!("{line}");
    Ok(())
}
