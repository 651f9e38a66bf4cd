//! The file a login leaves its tokens in.

use std::{
    io::{self, ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
};

use b24::{
    OAuth, OAuthApp, OAuthParams, OAuthSecret, PortalAddress,
    oauth::{FileStore, StoreErrorKind, TokenKey, TokenRecord, TokenStore},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::{
    args::LoginArgs,
    connect::file::{application, read},
    failure::Failure,
    output::explain,
};

/// What is done with the tokens.
pub(super) enum Target {
    /// They go into a file that has those of the same application and portal, or none yet; what else is in it stays. A
    /// draft beside it keeps the room for the new text.
    Known { room: NamedTempFile, path: PathBuf },
    /// They make a new file. Its draft is there already: that the folder can be written to, and has room, is known.
    Fresh { draft: NamedTempFile, path: PathBuf, replace: bool },
}

impl Target {
    /// Finds out what there is, and refuses what must not be overwritten.
    pub(super) async fn choose(args: &LoginArgs, secret: &OAuthSecret) -> Result<Self, Failure> {
        // A link stays, and what it leads to is replaced.
        let path = match std::fs::canonicalize(&args.out) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound => return fresh(&follow(&args.out), false),
            Err(error) => return Err(failed(&args.out, &error)),
        };
        if path.is_dir() {
            return Err(failed(&args.out, &io::Error::from(ErrorKind::IsADirectory)));
        }
        if args.force {
            return fresh(&path, true);
        }
        if let Err(why) = belongs(&path, secret, &args.portal) {
            let file = args.out.display();
            let text = format!("{file} is there, and {why}; --force replaces it, --out FILE names another");
            return Err(Failure::unusable(text));
        }
        check(&path).await?;
        let room = std::fs::metadata(&path).and_then(|found| draft(&path, found.len().saturating_add(LENGTH)));
        Ok(Self::Known { room: room.map_err(|error| failed(&path, &error))?, path })
    }

    /// Writes the tokens. They are in the file as a whole, or not at all.
    pub(super) async fn keep(self, app: &OAuthApp, params: OAuthParams) -> Result<(), Failure> {
        match self {
            Self::Known { room, path } => {
                // The store makes a draft of its own.
                drop(room);
                let key = TokenKey::new(params.member_id()).map_err(|error| Failure::refused(&error))?;
                let installed = OAuth::builder(app.clone()).store(FileStore::single(&path)).install(key, params).await;
                installed.map(drop).map_err(|error| refused(&path, &error))
            }
            Self::Fresh { draft, path, replace } => {
                write(draft, &path, replace, &text(app, params)).map_err(|error| failed(&path, &error))
            }
        }
    }
}

fn fresh(path: &Path, replace: bool) -> Result<Target, Failure> {
    // `new/` and `new/.` would make a draft in the folder of `new`, and then no file.
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    if name.is_empty() || !path.as_os_str().as_encoded_bytes().ends_with(name) {
        return Err(failed(path, &io::Error::from(ErrorKind::IsADirectory)));
    }
    let draft = draft(path, LENGTH).map_err(|error| failed(path, &error))?;
    Ok(Target::Fresh { draft, path: path.to_owned(), replace })
}

/// What a link leads to, also where nothing is yet. The store does the same when it renews the tokens.
fn follow(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        let Ok(to) = std::fs::read_link(&path) else { break };
        // A path that is absolute replaces the folder.
        path = folder_of(&path).join(to);
    }
    path
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file in the folder of `path` that takes up the room of a text: a full disk or a quota is found out with it.
fn draft(path: &Path, length: u64) -> io::Result<NamedTempFile> {
    // Mode 0600 from the start.
    let mut draft = tempfile::Builder::new().prefix(".b24-login-").tempfile_in(folder_of(path))?;
    io::copy(&mut io::repeat(b' ').take(length), &mut draft)?;
    // Some file systems look for the room only now.
    draft.as_file().sync_all()?;
    draft.rewind()?;
    Ok(draft)
}

/// More than a file of tokens alone has.
const LENGTH: u64 = 4096;

/// Whether a file is that of this application, with tokens of this portal or with none.
fn belongs(path: &Path, secret: &OAuthSecret, portal: &PortalAddress) -> Result<(), &'static str> {
    #[derive(Deserialize)]
    struct Shape {
        params: Option<Value>,
    }

    let nothing_of_ours = "is no file of tokens";
    let text = read(path).map_err(|_| nothing_of_ours)?;
    let known = application(&text).map_err(|_| nothing_of_ours)?;
    if known.client_id() != secret.client_id() {
        return Err("belongs to another application");
    }
    if !known.client_secret().matches(secret.client_secret().expose()) {
        return Err("has another client secret");
    }
    let shape: Shape = serde_json::from_str(text.expose()).map_err(|_| nothing_of_ours)?;
    if shape.params.is_none() {
        return Ok(());
    }
    let record = TokenRecord::from_json(text.expose().as_bytes()).map_err(|_| nothing_of_ours)?;
    if record.params().portal() == portal { Ok(()) } else { Err("has the tokens of another portal") }
}

/// Finds out what the store would refuse: better before the login than after it. It takes no file that others may read, and
/// its lock stands beside the file.
async fn check(path: &Path) -> Result<(), Failure> {
    let text = read(path)?;
    let record = TokenRecord::from_json(text.expose().as_bytes())
        // There are no tokens yet.
        .or_else(|_| TokenRecord::from_json(NOBODYS.as_bytes()))
        .map_err(|error| refused(path, &error))?;
    let key = TokenKey::new(record.params().member_id()).map_err(|error| refused(path, &error))?;
    // No record has this generation, so that nothing is ever written: the store comes as far as comparing them.
    match FileStore::single(path).save(&key, &record, Some(u64::MAX)).await {
        Err(error) if error.kind() != StoreErrorKind::Conflict => Err(refused(path, &error)),
        _ => Ok(()),
    }
}

/// A record of nobody's tokens.
const NOBODYS: &str = r#"{"params": {"memberId": "nobody", "accessToken": "none", "refreshToken": "none",
    "clientEndpoint": "https://portal.invalid/rest/", "serverEndpoint": "https://oauth.bitrix.info/rest/"}}"#;

/// All that `--oauth` needs.
fn text(app: &OAuthApp, params: OAuthParams) -> String {
    let record = TokenRecord::new(params).to_json();
    // It was made a moment ago.
    let mut file: Map<String, Value> = serde_json::from_str(record.expose()).unwrap_or_default();
    file.insert("clientId".to_owned(), app.secret().client_id().into());
    file.insert("clientSecret".to_owned(), app.secret().client_secret().expose().into());
    format!("{:#}\n", Value::from(file))
}

fn write(mut draft: NamedTempFile, path: &Path, replace: bool, text: &str) -> io::Result<()> {
    draft.write_all(text.as_bytes())?;
    draft.as_file().set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    draft.as_file().sync_all()?;
    let written = if replace { draft.persist(path) } else { draft.persist_noclobber(path) };
    written.map(drop).map_err(|error| error.error)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::unusable(format!("cannot write {}: {error}", path.display()))
}

fn refused(path: &Path, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::unusable(format!("cannot use {}: {}", path.display(), explain(error)))
}
