//! Several processes and one pair of tokens: it is renewed once, and no death at any point leaves half of one.
//!
//! The facts about PostgreSQL need a server: `cargo xtask test --services` starts one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so, and one of chance what it saw")]

#[path = "support/process.rs"]
mod process;

use std::time::{Duration, SystemTime};

use b24::{
    OAuthParams,
    oauth::{FileStore, PostgresStore, StoreErrorKind, TokenKey, TokenRecord, TokenStore},
};
use b24_portal::{Limits, Portal};
use process::Process;
use serde_json::{Value, json};
use tokio::process::Command;

const PROCESSES: usize = 8;
const ROUNDS: u64 = 200;
const KILLS: u64 = 200;

/// Where the tokens are, as a worker is told.
#[derive(Clone)]
struct Place {
    told: Value,
    store: std::sync::Arc<dyn TokenStore>,
}

impl Place {
    fn folder(folder: &tempfile::TempDir) -> Self {
        let path = folder.path().to_str().unwrap();
        Self { told: json!({ "folder": path }), store: std::sync::Arc::new(FileStore::folder(path)) }
    }

    /// `None` where there is no server.
    async fn postgres(table: &str) -> Option<Self> {
        let Ok(url) = std::env::var("B24_TEST_POSTGRES") else {
            eprintln!("skipped: no PostgreSQL server; `cargo xtask test --services` starts one");
            return None;
        };
        let table = format!("{table}_{}", std::process::id());
        let store = PostgresStore::new(&url).unwrap().with_table(&table).unwrap();
        store.create_table().await.unwrap();
        Some(Self { told: json!({ "postgres": [url, table] }), store: std::sync::Arc::new(store) })
    }
}

/// Starts a worker, which stops at this point where one is named.
async fn start(portal: &Portal, place: &Place, stop_at: Option<&str>) -> Process {
    let mut told = place.told.clone();
    told["client_id"] = portal.application().client_id().into();
    told["client_secret"] = portal.application().client_secret().into();
    told["server"] = portal.auth_url().into();
    told["member_id"] = portal.member_id().into();
    told["stop_at"] = stop_at.into();
    let mut command = Command::new(env!("CARGO_BIN_EXE_token-worker"));
    command.env("TOKEN_WORKER", told.to_string());
    let mut worker = Process::start(command);
    assert_eq!(worker.answer().await, "ready");
    worker
}

async fn portal() -> Portal {
    Portal::builder().limits(Limits::default().with_rate(1_000_000, 1_000_000)).start().await.unwrap()
}

fn key(portal: &Portal) -> TokenKey {
    TokenKey::new(portal.member_id()).unwrap()
}

/// A user opens the application: a new pair, in place of the one that is stored.
async fn install(portal: &Portal, place: &Place) {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    let now = SystemTime::now();
    let params = OAuthParams::from_install_event(portal.install(1).event_form().as_bytes(), now).unwrap();
    let old = place.store.load(&key(portal)).await.unwrap();
    let record = old.as_ref().map_or_else(|| TokenRecord::new(params.clone()), |old| old.next(params.clone()));
    place.store.save(&key(portal), &record, old.map(|old| old.generation())).await.unwrap();
}

async fn stored(portal: &Portal, place: &Place) -> TokenRecord {
    place.store.load(&key(portal)).await.unwrap().unwrap()
}

/// However often tokens expire, and however many processes find out at the same time: one exchange each time.
async fn processes_renew_once(place: &Place) {
    let portal = portal().await;
    install(&portal, place).await;
    let first = stored(&portal, place).await.generation();
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        workers.push(start(&portal, place, None).await);
    }
    for round in 1..=ROUNDS {
        portal.expire_access_tokens();
        for worker in &mut workers {
            worker.order("call").await;
        }
        for worker in &mut workers {
            assert_eq!(worker.answer().await, "ok", "round {round}");
        }
        assert_eq!(portal.token_exchanges(), round);
    }
    assert_eq!(stored(&portal, place).await.generation(), first + ROUNDS);
}

#[tokio::test]
async fn eight_processes_on_one_folder_renew_once_each_of_two_hundred_times() {
    let folder = tempfile::tempdir().unwrap();
    processes_renew_once(&Place::folder(&folder)).await;
}

#[tokio::test]
async fn eight_processes_on_one_database_renew_once_each_of_two_hundred_times() {
    if let Some(place) = Place::postgres("processes").await {
        processes_renew_once(&place).await;
    }
}

/// The table in the documentation of `store`, row by row: (point, is the stored pair the old one, marked, usable).
async fn each_death_leaves_what_is_written_down(place: &Place) {
    for (stop_at, old, marked, lost) in [
        ("before_the_mark", true, false, false),
        ("after_the_mark", true, true, false),
        ("before_the_save", true, true, true),
        ("after_the_save", false, false, false),
    ] {
        let portal = portal().await;
        install(&portal, place).await;
        let before = stored(&portal, place).await;
        let mut worker = start(&portal, place, Some(stop_at)).await;
        worker.order("renew").await;
        assert_eq!(worker.answer().await, "stopped", "{stop_at}");
        worker.kill().await;

        let left = stored(&portal, place).await;
        assert_eq!(left.generation() == before.generation(), old, "{stop_at}");
        assert_eq!(left.renewing_since().is_some(), marked, "{stop_at}");

        // Whoever comes next: the lock is free, and the pair is good or said to be lost.
        let mut next = start(&portal, place, None).await;
        next.order("call").await;
        assert_eq!(next.answer().await, "ok", "{stop_at}: the access token goes on");
        next.order("renew").await;
        let answer = next.answer().await;
        if lost {
            assert!(answer.starts_with("invalid_grant") && answer.contains("was cut off"), "{stop_at}: {answer}");
        } else {
            assert_eq!(answer, "ok", "{stop_at}");
        }
        place.store.delete(&key(&portal)).await.unwrap();
    }
}

#[tokio::test]
async fn each_death_leaves_in_a_folder_what_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    each_death_leaves_what_is_written_down(&Place::folder(&folder)).await;
}

#[tokio::test]
async fn each_death_leaves_in_a_database_what_is_written_down() {
    if let Some(place) = Place::postgres("deaths").await {
        each_death_leaves_what_is_written_down(&place).await;
    }
}

/// A process that does nothing but renew is killed at any moment, again and again.
#[tokio::test]
async fn two_hundred_kills_at_random_leave_a_store_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::folder(&folder);
    let portal = portal().await;
    install(&portal, &place).await;
    let seed = 20_261_123;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut lost, mut renewed, mut waited) = (0, 0, 0);
    for kill in 0..KILLS {
        let before = stored(&portal, &place).await.generation();
        let mut worker = start(&portal, &place, None).await;
        for _ in 0..50 {
            worker.order("renew").await;
        }
        // Some renewals are done, and then any moment of the next one: the machine may be slow.
        let done = random.u64(0..3);
        for _ in 0..done {
            assert_eq!(worker.answer().await, "ok", "kill {kill}");
        }
        waited += done;
        tokio::time::sleep(Duration::from_micros(random.u64(0..5_000))).await;
        worker.kill().await;

        // Always readable, and never half of a pair.
        let left = place.store.load(&key(&portal)).await;
        let left = left.unwrap_or_else(|error| panic!("kill {kill}: {error:?}")).unwrap();
        renewed += left.generation() - before;
        // Nothing with tokens in it stays beside the record, once somebody has saved again.
        let mut next = start(&portal, &place, None).await;
        next.order("renew").await;
        match next.answer().await.as_str() {
            "ok" => {}
            // The server had rotated, and nobody was left to store it: detected, with its reason, and healed by a user.
            answer => {
                assert!(answer.starts_with("invalid_grant") && answer.contains("was cut off"), "kill {kill}: {answer}");
                assert!(left.renewing_since().is_some(), "kill {kill}");
                lost += 1;
                install(&portal, &place).await;
            }
        }
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let drafts = names.filter(|name| name.to_str().unwrap().ends_with(".tmp")).count();
        assert_eq!(drafts, 0, "kill {kill}");
    }
    eprintln!("{KILLS} kills (seed {seed}): {renewed} renewals stored, {lost} pairs lost and named");
    assert!(renewed >= waited, "{renewed} of {waited}");
}

#[tokio::test]
async fn a_corrupt_file_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::folder(&folder);
    let portal = portal().await;
    install(&portal, &place).await;
    let mut worker = start(&portal, &place, None).await;
    let path = folder.path().join(format!("{}.json", portal.member_id()));
    std::fs::write(&path, r#"{"params": {"accessT"#).unwrap();
    worker.order("renew").await;
    assert!(worker.answer().await.starts_with("TOKEN_STORE_FAILED"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"params": {"accessT"#);
    assert_eq!(place.store.load(&key(&portal)).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(portal.token_exchanges(), 0);
}
