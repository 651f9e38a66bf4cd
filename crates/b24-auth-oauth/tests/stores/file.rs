//! Tokens in files.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use b24_auth_oauth::{FileStore, StoreErrorKind, TokenKey, TokenStore};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    child,
    contract::{self, Bench, contract, is_locked, soon},
    sample::{key, named, record},
};

struct Folder(TempDir);

impl Bench for Folder {
    type Store = FileStore;

    fn store(&self) -> FileStore {
        // One that is not there yet, in one that is not there either.
        FileStore::folder(self.0.path().join("app/tokens"))
    }
}

struct Single(TempDir);

impl Single {
    fn path(&self) -> PathBuf {
        self.0.path().join("b24.json")
    }
}

impl Bench for Single {
    type Store = FileStore;

    fn store(&self) -> FileStore {
        FileStore::single(self.path())
    }
}

fn folder() -> std::future::Ready<Option<Folder>> {
    std::future::ready(Some(Folder(TempDir::new().unwrap())))
}

fn single() -> std::future::Ready<Option<Single>> {
    std::future::ready(Some(Single(TempDir::new().unwrap())))
}

contract!(
    in_a_folder,
    super::folder(),
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
        many_keys_are_locked_at_once,
    ]
);

contract!(
    in_one_file,
    super::single(),
    [
        what_was_saved_is_loaded,
        a_mark_is_kept_until_the_next_pair,
        a_save_that_expects_another_generation_changes_nothing,
        what_was_deleted_is_gone_and_can_be_saved_anew,
        long_and_foreign_text_comes_back_as_it_was,
        no_increment_of_eight_threads_is_lost,
        a_lock_keeps_others_out_until_it_is_dropped,
        who_gives_up_waiting_keeps_nobody_out,
        one_at_a_time_is_in_the_lock,
    ]
);

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn a_store_is_made_and_read_without_a_trace() {
    let home = TempDir::new().unwrap();
    let store = FileStore::folder(home.path().join("tokens"));
    assert!(store.load(&key()).await.unwrap().is_none());
    assert!(!store.delete(&key()).await.unwrap());
    assert!(names(home.path()).is_empty());
    assert!(!format!("{store:?}").is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone_and_nothing_with_tokens_stays_beside() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("tokens");
    let store = FileStore::folder(&folder);
    store.save(&key(), &record("one"), None).await.unwrap();
    drop(store.lock(&key()).await.unwrap());
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(names(&folder), [".m1.json.lock", ".m1.json.renewal", "m1.json"]);
    for name in names(&folder) {
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
        assert_eq!(fs::metadata(folder.join(&name)).unwrap().len() > 0, name == "m1.json");
    }
    assert!(store.delete(&key()).await.unwrap());
    assert_eq!(names(&folder), [".m1.json.lock", ".m1.json.renewal"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_root_saves_for_a_service_stays_the_services() {
    use std::os::unix::fs::{MetadataExt, chown};

    const SERVICE: u32 = 65_534;
    let home = TempDir::new().unwrap();
    if chown(home.path(), Some(SERVICE), Some(SERVICE)).is_err() {
        println!("skipped: this is not root");
        return;
    }
    let store = FileStore::folder(home.path());
    store.save(&key(), &record("one"), None).await.unwrap();
    let next = record("one").next(record("two").into_params());
    store.save(&key(), &next, Some(1)).await.unwrap();
    drop(store.lock(&key()).await.unwrap());
    for name in names(home.path()) {
        assert_eq!(fs::metadata(home.path().join(&name)).unwrap().uid(), SERVICE, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_may_touch_is_refused_and_left() {
    let Single(home) = single().await.unwrap();
    let path = home.path().join("b24.json");
    let store = FileStore::single(&path);
    write(&path, &named("one").to_string());
    for bad in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666] {
        set_mode(&path, bad);
        let found = [
            store.load(&key()).await.map(drop).unwrap_err().kind(),
            store.save(&key(), &record("two"), Some(1)).await.unwrap_err().kind(),
            store.delete(&key()).await.map(drop).unwrap_err().kind(),
        ];
        assert_eq!(found, [StoreErrorKind::Permissions; 3], "{bad:o}");
        assert_eq!((mode(&path), read(&path)), (bad, named("one")));
    }
    set_mode(&path, 0o400);
    assert!(store.load(&key()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_record_is_refused_and_left() {
    let home = single().await.unwrap();
    let (path, store) = (home.path(), home.store());
    let cut = named("S3CR3T").to_string();
    for text in ["", "S3CR3T", "[]", &cut[..cut.len() - 5], r#"{"params": {"accessToken": "S3CR3T"}}"#] {
        write(&path, text);
        for error in [
            store.load(&key()).await.map(drop).unwrap_err(),
            store.save(&key(), &record("S3CR3T"), None).await.unwrap_err(),
            store.delete(&key()).await.map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{text}");
            assert!(!format!("{error:?} {error}").contains("S3CR3T"), "{error:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(store.load(&key()).await.map(drop).unwrap_err().kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn tokens_of_another_portal_or_user_are_refused_and_left() {
    let home = single().await.unwrap();
    let store = home.store();
    let mut text = named("one");
    text["params"]["userId"] = 7.into();
    write(&home.path(), &text.to_string());
    let mut theirs = named("two");
    theirs["params"]["memberId"] = "m2".into();
    let theirs = b24_auth_oauth::TokenRecord::from_json(theirs.to_string().as_bytes()).unwrap();
    let stranger = TokenKey::new("m2").unwrap();
    for error in [
        store.load(&stranger).await.map(drop).unwrap_err(),
        store.load(&key().with_user(8)).await.map(drop).unwrap_err(),
        store.save(&stranger, &theirs, Some(1)).await.unwrap_err(),
        store.save(&stranger, &theirs, None).await.unwrap_err(),
        store.save(&key(), &theirs, Some(1)).await.unwrap_err(),
        store.delete(&stranger).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Foreign);
    }
    assert_eq!(read(&home.path()), text);
    assert!(store.load(&key()).await.unwrap().is_some());
    assert!(store.load(&key().with_user(7)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_else_is_in_the_file_stays() {
    let home = single().await.unwrap();
    let (path, store) = (home.path(), home.store());
    let app = json!({"clientId": "local.1", "clientSecret": "s", "note": {"a": [1, null]}});
    write(&path, &app.to_string());
    // The application first, its tokens when it is installed.
    assert!(store.load(&key()).await.unwrap().is_none());
    store.save(&key(), &record("one"), None).await.unwrap();
    let mut text = read(&path);
    text["params"]["mine"] = json!({"b": true});
    write(&path, &text.to_string());
    let next = record("one").next(record("two").into_params());
    store.save(&key(), &next, Some(1)).await.unwrap();
    let text = read(&path);
    assert_eq!(text["params"]["mine"], json!({"b": true}));
    assert_eq!((&text["params"]["accessToken"], &text["generation"]), (&json!("two"), &json!(2)));
    for (name, value) in app.as_object().unwrap() {
        assert_eq!(&text[name], value);
    }
    assert!(store.delete(&key()).await.unwrap());
    assert_eq!(read(&path), app);
}

#[tokio::test]
async fn a_file_of_tokens_alone_goes_with_them() {
    let home = single().await.unwrap();
    home.store().save(&key(), &record("one"), None).await.unwrap();
    assert!(home.store().delete(&key()).await.unwrap());
    assert!(!home.path().exists());
}

#[tokio::test]
async fn a_record_written_by_hand_has_generation_0() {
    let home = single().await.unwrap();
    let mut text = named("one");
    text.as_object_mut().unwrap().remove("generation");
    write(&home.path(), &text.to_string());
    let found = home.store().load(&key()).await.unwrap().unwrap();
    assert_eq!(found.generation(), 0);
    home.store().save(&key(), &found.next(record("two").into_params()), Some(0)).await.unwrap();
    assert_eq!(read(&home.path())["generation"], 1);
}

#[tokio::test]
async fn what_a_killed_process_was_writing_is_removed() {
    let home = single().await.unwrap();
    let draft = home.0.path().join(".b24.json.tmp");
    home.store().save(&key(), &record("one"), None).await.unwrap();
    fs::write(&draft, "half a rec").unwrap();
    assert!(home.store().load(&key()).await.unwrap().is_some());
    let next = record("one").next(record("two").into_params());
    home.store().save(&key(), &next, Some(1)).await.unwrap();
    assert!(!draft.exists());
    fs::write(&draft, "half a rec").unwrap();
    assert!(home.store().delete(&key()).await.unwrap());
    assert!(!draft.exists());
}

#[tokio::test]
async fn a_save_that_fails_leaves_no_tokens_beside() {
    let home = single().await.unwrap();
    home.store().save(&key(), &record("one"), None).await.unwrap();
    // A folder stands where the new record would be written first.
    fs::create_dir(home.0.path().join(".b24.json.tmp")).unwrap();
    let next = record("one").next(record("two").into_params());
    let error = home.store().save(&key(), &next, Some(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Failed);
    assert_eq!(read(&home.path())["params"]["accessToken"], "one");
    // A single file's folder is not made.
    let lost = FileStore::single(home.0.path().join("no/such/b24.json"));
    assert_eq!(lost.save(&key(), &record("one"), None).await.unwrap_err().kind(), StoreErrorKind::Failed);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_followed_and_stays() {
    let home = TempDir::new().unwrap();
    let (real, link) = (home.path().join("real"), home.path().join("b24.json"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink("real/tokens.json", &link).unwrap();
    let (store, direct) = (FileStore::single(&link), FileStore::single(real.join("tokens.json")));
    // Nothing is where it leads to, yet.
    store.save(&key(), &record("one"), None).await.unwrap();
    let next = record("one").next(record("two").into_params());
    store.save(&key(), &next, Some(1)).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&real.join("tokens.json"))["params"]["accessToken"], "two");
    assert_eq!(names(home.path()), ["b24.json", "real"]);
    // Who comes by the link and who does not share one lock.
    let lock = store.lock(&key()).await.unwrap();
    assert!(is_locked(direct.lock(&key())).await);
    drop(lock);
    std::os::unix::fs::symlink("loop", home.path().join("loop")).unwrap();
    assert!(FileStore::single(home.path().join("loop")).load(&key()).await.is_err());
}

#[tokio::test]
async fn the_lock_of_a_killed_process_is_free() {
    let home = TempDir::new().unwrap();
    let store = FileStore::folder(home.path());
    let child = child::with_lock(&format!("file:{}", home.path().display()));
    assert!(is_locked(store.lock(&key())).await);
    // Others can read and save meanwhile.
    store.save(&key(), &record("one"), None).await.unwrap();
    child::kill(child);
    drop(soon(store.lock(&key())).await);
}

#[tokio::test]
async fn a_process_killed_while_it_saves_leaves_a_whole_record() {
    let home = TempDir::new().unwrap();
    let store = FileStore::folder(home.path());
    child::killed_in_saves(&store, &format!("file:{}", home.path().display()), 40).await;
    assert_eq!(names(home.path()), [".m1.json.lock", ".m1.json.renewal", "m1.json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_finds_a_part_of_a_record() {
    const SAVES: u64 = 2_000;
    let home = folder().await.unwrap();
    let store = home.store();
    let mut stored = record(&"a".repeat(2_000));
    store.save(&key(), &stored, None).await.unwrap();
    let reader = tokio::spawn({
        let store = home.other();
        async move {
            let (mut reads, mut generation) = (0, 1);
            while generation <= SAVES {
                let found = store.load(&key()).await.unwrap().unwrap();
                assert!(found.generation() >= generation, "the past came back");
                let token = found.params().access_token().expose();
                assert!(token.len() == 2_000 && token.bytes().all(|byte| byte == token.as_bytes()[0]));
                (reads, generation) = (reads + 1, found.generation());
            }
            reads
        }
    });
    for index in 0..SAVES {
        let token = if index % 2 == 0 { "b" } else { "a" }.repeat(2_000);
        let next = stored.next(record(&token).into_params());
        store.save(&key(), &next, Some(stored.generation())).await.unwrap();
        stored = next;
    }
    let reads = tokio::time::timeout(Duration::from_secs(10), reader).await.unwrap().unwrap();
    println!("{reads} reads during {SAVES} saves");
}
