//! Our side of `cargo xtask bench oauth`: what an idle portal of many costs, and what calls wait for when a token ends.
//!
//! `bench-oauth tenants COUNT` makes so many clients and counts the memory they hold; `bench-oauth expiry` makes a
//! thousand calls at once, before a token ends and when it has ended. Each prints one JSON line.
#![allow(clippy::print_stdout, reason = "the line is the result")]

mod expiry;
mod tenants;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let line = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tenants", count] => tenants::measure(count.parse()?)?,
        ["expiry"] => expiry::measure()?,
        _ => return Err("usage: bench-oauth tenants COUNT | expiry".into()),
    };
    println!("{line}");
    Ok(())
}
