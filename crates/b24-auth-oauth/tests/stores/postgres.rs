//! Tokens in PostgreSQL. `B24_TEST_POSTGRES` has the URL of a database; `cargo xtask test --services` starts one.

use std::{env, future::Future, time::Duration};

use b24_auth_oauth::{StoreErrorKind, TokenKey, TokenStore, store::PostgresStore};
use tokio::{sync::watch, time::timeout};
use tokio_postgres::{NoTls, Row};

use crate::{
    child,
    contract::{self, Bench, contract, is_locked, soon},
    sample::{key, named, record},
};

/// A table of its own, removed at the end.
struct Server {
    url: String,
    table: String,
    store: PostgresStore,
}

impl Bench for Server {
    type Store = PostgresStore;

    fn store(&self) -> PostgresStore {
        self.store.clone()
    }

    /// With a connection of its own, as in another process.
    fn other(&self) -> PostgresStore {
        PostgresStore::new(&self.url).unwrap().with_table(&self.table).unwrap()
    }
}

async fn server() -> Option<Server> {
    let Ok(url) = env::var("B24_TEST_POSTGRES") else {
        println!("skipped: B24_TEST_POSTGRES is not set (`cargo xtask test --services` starts a server)");
        return None;
    };
    // Tests run at the same time, in one process or in many.
    let table = format!("b24_test_{:x}", uuid::Uuid::new_v4().as_u128());
    let store = PostgresStore::new(&url).unwrap().with_table(&table).unwrap();
    store.create_table().await.unwrap();
    Some(Server { url, table, store })
}

impl Server {
    /// Runs a statement as somebody else.
    async fn run(&self, statement: &str) -> Vec<Row> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let rows = client.query(statement, &[]).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        rows
    }

    /// Ends the connections of the stores of this test, those that are named like its table, and waits until they are gone:
    /// the server is told to end them, and does so when it comes to it.
    async fn terminate(&self) {
        let ended = format!(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
            self.table
        );
        let ended: Vec<String> = self.run(&ended).await.iter().map(|row| row.get::<_, i32>(0).to_string()).collect();
        assert!(!ended.is_empty());
        let left = format!("SELECT pid FROM pg_stat_activity WHERE pid IN ({})", ended.join(", "));
        while !self.run(&left).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A store whose connection the server can tell from those of other tests.
    fn named(&self) -> PostgresStore {
        let sign = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{sign}application_name={}", self.url, self.table);
        PostgresStore::new(&url).unwrap().with_table(&self.table).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (url, statement) = (self.url.clone(), format!("DROP TABLE IF EXISTS {}", self.table));
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(&statement).await.unwrap();
            });
        })
        .join();
    }
}

contract!(
    in_postgres,
    super::server(),
    [
        what_was_saved_is_loaded,
        a_mark_is_kept_until_the_next_pair,
        a_save_that_expects_another_generation_changes_nothing,
        what_was_deleted_is_gone_and_can_be_saved_anew,
        users_and_portals_are_kept_apart,
        long_and_foreign_text_comes_back_as_it_was,
        no_increment_of_eight_threads_is_lost,
        a_lock_keeps_others_out_until_it_is_dropped,
        users_have_locks_of_their_own,
        who_gives_up_waiting_keeps_nobody_out,
        one_at_a_time_is_in_the_lock,
    ]
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_keys_are_locked_over_two_connections() {
    let Some(server) = server().await else { return };
    // A handle for each task would be a connection for each.
    struct Two(PostgresStore, PostgresStore);
    impl Bench for Two {
        type Store = PostgresStore;
        fn store(&self) -> PostgresStore {
            self.0.clone()
        }
        fn other(&self) -> PostgresStore {
            self.1.clone()
        }
    }
    contract::many_keys_are_locked_at_once(&Two(server.store(), server.other())).await;
}

#[tokio::test]
async fn a_store_is_made_without_a_server_and_says_so_when_it_is_used() {
    let store = PostgresStore::new("postgres://user:S3CR3T@127.0.0.1:1/db").unwrap();
    let error = store.load(&key()).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    assert!(!format!("{error:?} {store:?}").contains("S3CR3T"), "{error:?} {store:?}");
    assert!(store.lock(&key()).await.is_err());
    // One that takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let store = PostgresStore::new(&format!("postgres://user:S3CR3T@{address}/db?connect_timeout=1")).unwrap();
    let error = timeout(Duration::from_secs(5), store.load(&key())).await.expect("a limit").map(drop).unwrap_err();
    assert!(!format!("{error:?}").contains("S3CR3T"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated() {
    let Some(server) = server().await else { return };
    let (before, after) = server.url.split_once('@').unwrap();
    let (user, _) = before.rsplit_once(':').unwrap();
    let store = PostgresStore::new(&format!("{user}:S3CR3T@{after}")).unwrap();
    let error = store.load(&key()).await.map(drop).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("28P01") && !text.contains("S3CR3T"), "{text}");
}

#[tokio::test]
async fn names_of_tables_cannot_be_statements() {
    let store = PostgresStore::new("postgres://u@h/d").unwrap();
    for bad in ["", "x; DROP TABLE y", "\"x\"", "x y", "X", "a.b.c", "x--", "x'", "ü", "1x", &"x".repeat(64)] {
        assert!(store.clone().with_table(bad).is_err(), "{bad:?}");
    }
    let Some(server) = server().await else { return };
    // A word of the language is a name like any other.
    let store = server.store().with_table("public.select").unwrap();
    store.create_table().await.unwrap();
    store.create_table().await.unwrap();
    assert!(store.load(&key()).await.unwrap().is_none());
    server.run("DROP TABLE public.\"select\"").await;
    let error = store.load(&key()).await.map(drop).unwrap_err();
    assert!(format!("{error:?}").contains("42P01"), "{error:?}");
    assert!(store.lock(&key()).await.is_err());
}

#[tokio::test]
async fn applications_in_one_table_are_kept_apart() {
    let Some(server) = server().await else { return };
    let hostile = "local.1'; DROP TABLE b24_tokens; --";
    let (one, two) = (server.store().with_application(hostile), server.other().with_application("local.2"));
    one.save(&key(), &record("one"), None).await.unwrap();
    two.save(&key(), &record("two"), None).await.unwrap();
    assert_eq!(one.load(&key()).await.unwrap().unwrap().params().access_token().expose(), "one");
    assert!(two.delete(&key()).await.unwrap());
    assert!(one.load(&key()).await.unwrap().is_some());
    let _lock = one.lock(&key()).await.unwrap();
    drop(soon(two.lock(&key())).await);
    assert!(server.store().load(&key()).await.unwrap().is_none());
}

#[tokio::test]
async fn one_table_under_two_names_has_one_lock() {
    let Some(server) = server().await else { return };
    let other = server.other().with_table(&format!("public.{}", server.table)).unwrap();
    let _lock = server.store.lock(&key()).await.unwrap();
    assert!(is_locked(other.lock(&key())).await);
}

#[tokio::test]
async fn many_may_make_the_table_at_once() {
    let Some(server) = server().await else { return };
    server.run(&format!("DROP TABLE {}", server.table)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = server.other();
        tasks.spawn(async move { store.create_table().await.unwrap() });
    }
    tasks.join_all().await;
    assert!(server.store().load(&key()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_row_that_is_no_record_or_somebody_elses_is_refused() {
    let Some(server) = server().await else { return };
    let store = server.store();
    let other = named("S3CR3T").to_string().replace("m1", "m2");
    for (generation, text, want) in [
        (1, r#"{"params": {"accessToken": "S3CR3T"}}"#, StoreErrorKind::Corrupt),
        (2, &named("S3CR3T").to_string(), StoreErrorKind::Corrupt),
        (1, &other, StoreErrorKind::Foreign),
    ] {
        store.delete(&key()).await.unwrap();
        server
            .run(&format!(
                "INSERT INTO {} (application, key, generation, record) VALUES ('', 'm1', {generation}, '{text}')",
                server.table
            ))
            .await;
        let error = store.load(&key()).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), want);
        assert!(!format!("{error:?}").contains("S3CR3T"));
    }
    let stranger = TokenKey::new("m2").unwrap();
    assert_eq!(store.save(&stranger, &record("x"), None).await.unwrap_err().kind(), StoreErrorKind::Foreign);
}

#[tokio::test]
async fn errors_about_data_repeat_none_of_it() {
    let Some(server) = server().await else { return };
    server.run(&format!("ALTER TABLE {} ADD CHECK (generation < 1)", server.table)).await;
    let error = server.store().save(&key(), &record("S3CR3T"), None).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("23514") && !text.contains("S3CR3T"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_whose_connection_was_ended_works_again_and_its_lock_is_free() {
    let Some(server) = server().await else { return };
    let (store, other) = (server.named(), server.other());
    store.save(&key(), &record("one"), None).await.unwrap();
    let lock = store.lock(&key()).await.unwrap();
    server.terminate().await;
    // Others can renew, though a guard is still held here.
    drop(soon(other.lock(&key())).await);
    let found = store.load(&key()).await.unwrap().unwrap();
    store.save(&key(), &found.next(record("two").into_params()), Some(1)).await.unwrap();
    // In this process the guard still counts, until it is dropped.
    assert!(is_locked(store.lock(&key())).await);
    drop(lock);
    let lock = soon(store.lock(&key())).await;
    assert!(is_locked(other.lock(&key())).await);
    drop(lock);
    drop(soon(other.lock(&key())).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_go_on_while_connections_are_ended() {
    let Some(server) = server().await else { return };
    let store = server.named();
    let mut stored = record("one");
    store.save(&key(), &stored, None).await.unwrap();
    let (generation, mut saved) = watch::channel(stored.generation());
    let saves = tokio::spawn(async move {
        // Until nobody looks any more.
        while !generation.is_closed() {
            let next = stored.next(record("more").into_params());
            // Each save is told to be done when it was written, whichever try wrote it.
            store.save(&key(), &next, Some(stored.generation())).await?;
            generation.send_replace(next.generation());
            stored = next;
        }
        Ok::<_, b24_auth_oauth::StoreError>(stored.generation())
    });
    for _ in 0..5 {
        server.terminate().await;
        // A save is tried twice and no more: the one that has met this end is over before there is another one. It may be the
        // one that begins next, where the one under way had its answer already.
        let before = *saved.borrow();
        if saved.wait_for(|generation| *generation >= before + 2).await.is_err() {
            break;
        }
    }
    drop(saved);
    let last = saves.await.unwrap().unwrap();
    assert_eq!(server.store().load(&key()).await.unwrap().unwrap().generation(), last);
}

#[tokio::test]
#[ignore = "waits out the ten seconds of a statement: `cargo xtask test --full --services`"]
async fn a_waiting_statement_is_ended_by_the_server() {
    let Some(server) = server().await else { return };
    let (mut client, connection) = tokio_postgres::connect(&server.url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute(&format!("LOCK TABLE {}", server.table)).await.unwrap();
    let error = timeout(Duration::from_secs(14), server.store().load(&key())).await.unwrap().map(drop).unwrap_err();
    assert!(format!("{error:?}").contains("57014"), "{error:?}");
    transaction.rollback().await.unwrap();
    assert!(server.store().load(&key()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_process_killed_while_it_saves_leaves_a_whole_record() {
    let Some(server) = server().await else { return };
    child::killed_in_saves(&server.store, &format!("postgres:{}", server.table), 10).await;
}

#[tokio::test]
async fn the_lock_of_a_killed_process_is_free() {
    let Some(server) = server().await else { return };
    let child = child::with_lock(&format!("postgres:{}", server.table));
    assert!(is_locked(server.store.lock(&key())).await);
    child::kill(child);
    drop(soon(server.store.lock(&key())).await);
}

#[test]
fn a_store_outlives_the_runtime_it_was_used_in() {
    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }
    let Some(server) = run(server()) else { return };
    run(async { server.store.save(&key(), &record("one"), None).await.unwrap() });
    let lock = run(async { server.store.lock(&key()).await.unwrap() });
    drop(lock);
    run(async { drop(soon(server.store.lock(&key())).await) });
    assert!(run(async { server.store.load(&key()).await.unwrap() }).is_some());
}

#[tokio::test]
async fn sslmode_of_the_url_is_kept() {
    let Some(server) = server().await else { return };
    let sign = if server.url.contains('?') { '&' } else { '?' };
    let store = |mode: &str| {
        let store = PostgresStore::new(&format!("{}{sign}sslmode={mode}", server.url)).unwrap();
        store.with_table(&server.table).unwrap()
    };
    for mode in ["disable", "prefer"] {
        assert!(store(mode).load(&key()).await.unwrap().is_none(), "{mode}");
    }
    // The server of the tests has no TLS, or a certificate that nobody knows.
    for mode in ["require", "verify-full"] {
        let error = store(mode).load(&key()).await.map(drop).unwrap_err();
        assert!(format!("{error:?}").contains("TLS"), "{error:?}");
    }
}

/// The connection lives on one runtime, the renewal on another, which ends.
#[test]
fn a_lock_does_not_outlive_the_runtime_of_its_renewal() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (long, short) = (runtime(), runtime());
    let Some(server) = long.block_on(server()) else { return };
    let store = server.store();
    short.block_on(async move {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let _lock = store.lock(&key()).await.unwrap();
            sender.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        receiver.await.unwrap();
    });
    drop(short);
    let other = server.other();
    let free = long.block_on(async { timeout(Duration::from_secs(10), other.lock(&key())).await.is_ok() });
    assert!(free, "nobody has the lock, and another process cannot get it");
}

#[tokio::test]
async fn one_table_by_two_names_is_locked_once() {
    let Some(server) = server().await else { return };
    let two = server.store().with_table(&format!("public.{}", server.table)).unwrap();
    let key = key();
    let _held = server.store.lock(&key).await.unwrap();
    assert!(timeout(Duration::from_secs(1), two.lock(&key)).await.is_err(), "both have it");
}
