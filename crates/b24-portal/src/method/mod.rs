//! The methods of the portal, by name.

mod aggregate3;
mod asked;
mod bizproc;
mod catalog;
mod classic;
mod crm;
mod crm_item;
mod deal3;
mod dto;
mod event;
mod event_offline;
mod eventlog;
mod families;
mod family;
mod filter3;
mod list3;
mod multi;
mod openapi;
mod paging;
mod service;
mod task;
mod task3;
pub(crate) mod user;
mod v2;
mod v3;
mod world;

use std::cell::Cell;
use std::time::Duration;

use crate::engine::Caller;
use crate::engine::error::{Refusal, Trouble};
use crate::value::{Array, Value};

use family::Family;
pub(crate) use world::{Entity, World};

/// A method of v2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) run: Run,
}

/// What a v2 method does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Plain(fn(&mut World, &Call<'_>) -> Result<Value, Refusal>),
    /// Reads a page of a family of rows.
    List(&'static Family),
    Batch,
}

impl Method {
    /// Runs a method that is no batch.
    pub(crate) fn run(&self, world: &mut World, call: &Call<'_>) -> Result<Value, Refusal> {
        match self.run {
            Run::Plain(handler) => handler(world, call),
            Run::List(family) => family.list(world, call),
            Run::Batch => Err(Refusal::method_not_found()),
        }
    }
}

/// A method of v3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method3 {
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
    /// Whether an idempotency key means anything to it.
    pub(crate) writes: bool,
    pub(crate) run: Run3,
}

/// What a v3 method does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run3 {
    Plain(fn(&mut World, &Call<'_>) -> Result<Value, Trouble>),
    Batch,
    /// Answers its value without an envelope.
    Bare(fn(&World) -> Value),
}

/// One call, as a method sees it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) params: &'a Array,
    pub(crate) start: Option<i64>,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Duration,
    counted: Cell<usize>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(params: &'a Array, start: Option<i64>, caller: &'a Caller, now: Duration) -> Self {
        Self { params, start, caller, now, counted: Cell::new(0) }
    }

    /// Notes that rows were counted for a `total`: that is what makes deep lists expensive.
    pub(crate) fn note_counted(&self, rows: usize) {
        self.counted.set(self.counted.get() + rows);
    }

    pub(crate) fn counted(&self) -> usize {
        self.counted.get()
    }

    /// The Unix second of the call.
    pub(crate) fn second(&self) -> i64 {
        i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX)
    }
}

/// Finds a v2 method, in any case of letters.
pub(crate) fn find_v2(name: &str) -> Option<&'static Method> {
    v2::METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name))
}

/// Finds a v3 method by its name or its route alias.
pub(crate) fn find_v3(name: &str) -> Option<&'static Method3> {
    let name = match name {
        "documentation" => "rest.documentation.openapi",
        name => name,
    };
    v3::METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name))
}
