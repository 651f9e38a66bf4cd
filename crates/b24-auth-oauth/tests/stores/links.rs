//! Links in folders that many share.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use b24_auth_oauth::{FileStore, TokenStore};

use crate::sample::{key, record};

#[tokio::test]
async fn a_stranger_s_link_in_a_shared_folder_gets_no_tokens() {
    let base = tempfile::tempdir().unwrap();
    let (shared, theirs) = (base.path().join("shared"), base.path().join("theirs"));
    std::fs::create_dir(&shared).unwrap();
    std::fs::create_dir(&theirs).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o1777)).unwrap();
    let link = shared.join("oauth.json");
    symlink(theirs.join("mine.json"), &link).unwrap();
    // Nobody but root can make a link of somebody else's.
    if std::fs::metadata(&shared).unwrap().uid() != 0 || std::os::unix::fs::lchown(&link, Some(65534), None).is_err() {
        println!("skipped: it takes root to play a stranger");
        return;
    }
    let saved = FileStore::single(&link).save(&key(), &record("t"), None).await;
    assert!(saved.is_err());
    assert!(!theirs.join("mine.json").exists());
}
