//! What reading the pages of a list costs over `serde_json` alone: `cargo xtask bench list` runs it and reads the medians.
//!
//! `cargo bench -p b24-tests --bench list` runs it alone. Whole lists out of a portal are measured by `bench-list`.
//!
//! * `serde`: an answer read by `serde_json` alone, envelope and all.
//! * `envelope`: the envelope alone, as the stack reads it.
//! * `ready`: the first page of a list, whose envelope has been read. `empty`: the same without a row. What lies between
//!   the two is the reading of the rows.
//! * `list`: a page of a whole list, from the making of its request to its rows; the making of the list and the request
//!   that finds its end are part of it.
#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

mod portal;
mod rows;

use std::{future::Future, hint::black_box, time::Duration};

use b24::{Client, core::RestResponse};
use bytes::Bytes;
use cpu_time::ThreadTime;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use futures_util::TryStreamExt;
use http::StatusCode;
use portal::{Answer, Answers};
use rows::{Deal, Whole};

/// Rows of a page: as many as v2 gives, as many as v3 gives at most.
const SIZES: [u64; 2] = [50, 1000];
/// Pages of a list that is read from its beginning to its end.
const PAGES: u64 = 20;

fn page(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page");
    for size in SIZES {
        let id = |name: &str| BenchmarkId::new(name, size);
        // All of them go over the same pages, which no cache next to the processor holds at once.
        let pages: Vec<_> = (0..PAGES).map(|page| rows::page(1 + page * size, size)).collect();
        let mut page = pages.iter().cycle();
        let mut next = || black_box(page.next().unwrap());
        group.bench_function(id("serde"), |b| b.iter_custom(|times| time(times, || whole(next()))));
        group.bench_function(id("envelope"), |b| b.iter_custom(|times| time(times, || read(next()))));
        let nothing = rows::page(1, 0);
        for (name, answers) in [("ready", &pages[..]), ("empty", std::slice::from_ref(&nothing))] {
            let client = portal::client(Answers::new(answers.iter().map(|bytes| Answer::Ready(Box::new(read(bytes))))));
            group.bench_function(id(name), |b| b.iter_custom(|times| time(times, || wait(first_page(&client, size)))));
        }
        let answers = pages.iter().chain([&nothing]).map(|bytes| Answer::Read(bytes.clone()));
        let client = portal::client(Answers::new(answers));
        group.bench_function(id("list"), |b| {
            b.iter_custom(|times| time(times, || wait(all_pages(&client, size))) / u32::try_from(PAGES).unwrap());
        });
    }
    group.finish();
}

/// What `serde_json` alone does with an answer.
fn whole(bytes: &Bytes) -> Whole {
    serde_json::from_slice(bytes).unwrap()
}

fn read(bytes: &Bytes) -> RestResponse {
    RestResponse::read(StatusCode::OK, bytes.clone()).unwrap()
}

/// The first page of a list.
async fn first_page(client: &Client, size: u64) -> b24::client::list::Page<Deal> {
    list(client, size).pages().try_next().await.unwrap().unwrap()
}

/// All pages, the last of which is empty.
async fn all_pages(client: &Client, size: u64) {
    let mut pages = list(client, size).pages();
    let mut rows = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        rows += u64::try_from(black_box(page).rows.len()).unwrap();
    }
    assert_eq!(rows, PAGES * size);
}

fn list(client: &Client, size: u64) -> b24::client::List<Deal> {
    let list = client.v3().list("crm.item.list").items_key("items").id_key("id");
    list.page_size(u16::try_from(size).unwrap()).select(rows::FIELDS)
}

/// Nothing here ever waits.
fn wait<F: Future>(future: F) -> F::Output {
    futures_util::FutureExt::now_or_never(future).unwrap()
}

/// The CPU time of doing it so often.
fn time<T>(times: u64, mut what: impl FnMut() -> T) -> Duration {
    let begin = ThreadTime::now();
    for _ in 0..times {
        black_box(what());
    }
    begin.elapsed()
}

criterion_group! {
    name = pages;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = page
}
criterion_main!(pages);
