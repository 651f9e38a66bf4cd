//! A process that is killed at its work: this test program once more.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use b24_auth_oauth::TokenStore;

use crate::{
    contract::soon,
    sample::{key, record},
};

/// Says what the child does and where: `lock file:<folder>` or `save postgres:<table>`.
const TASK: &str = "B24_TEST_TASK_OF_CHILD";

/// What it prints when it has the lock.
const READY: &str = "the child has the lock";

/// Starts a child and waits until it has the lock of `key()`.
pub(crate) fn with_lock(place: &str) -> Child {
    start(&format!("lock {place}"))
}

/// Kills it without a chance to clean up: SIGKILL.
pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Kills processes that save one pair after another, each at another moment. The record has to be whole, and the next
/// process has to be able to go on.
pub(crate) async fn killed_in_saves(store: &impl TokenStore, place: &str, times: u64) {
    store.save(&key(), &record("one"), None).await.unwrap();
    let mut before = 1;
    for round in 0..times {
        let task = format!("save {place}");
        // A lock that was dropped is given back by the runtime, and the child waits for it: the runtime must go on.
        let child = tokio::task::spawn_blocking(move || start(&task)).await.unwrap();
        tokio::time::sleep(Duration::from_micros(2_000 + round * 173)).await;
        kill(child);
        // A server may still be at work on what the dead process asked of it. The lock is free when it is done with that.
        let _lock = soon(store.lock(&key())).await;
        let found = store.load(&key()).await.unwrap().unwrap();
        assert!(found.generation() >= before, "the past came back");
        store.save(&key(), &found.next(record("more").into_params()), Some(found.generation())).await.unwrap();
        before = found.generation() + 1;
    }
    println!("{} saves of {times} processes", before - 1 - times);
    assert!(before > 1 + times, "no child has saved anything");
}

fn start(task: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::a_child_does_what_it_is_told", "--nocapture"])
        .env(TASK, task)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(READY)));
    child
}

#[tokio::test]
async fn a_child_does_what_it_is_told() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (work, place) = task.split_once(' ').unwrap();
    let store: Box<dyn TokenStore> = match place.split_once(':') {
        #[cfg(feature = "file-store")]
        Some(("file", folder)) => Box::new(b24_auth_oauth::FileStore::folder(folder)),
        #[cfg(feature = "postgres")]
        Some(("postgres", table)) => {
            let url = std::env::var("B24_TEST_POSTGRES").unwrap();
            Box::new(b24_auth_oauth::store::PostgresStore::new(&url).unwrap().with_table(table).unwrap())
        }
        _ => panic!("no such place: {place}"),
    };
    let _lock = store.lock(&key()).await.unwrap();
    println!("{READY}");
    std::io::stdout().flush().unwrap();
    if work == "save" {
        loop {
            let found = store.load(&key()).await.unwrap().unwrap();
            let next = found.next(record(&"x".repeat(3_000)).into_params());
            store.save(&key(), &next, Some(found.generation())).await.unwrap();
        }
    }
    // Until it is killed, or the parent is gone.
    let _ = std::io::stdin().lines().count();
}
