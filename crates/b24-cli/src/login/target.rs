//! The file a login leaves its tokens in.

use std::{
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use b24::{
    Error, OAuth, OAuthApp, OAuthParams, OAuthSecret, PortalAddress,
    oauth::{FileStore, TokenKey, TokenRecord, TokenStore},
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
    /// They go into a file that has those of the same application and portal, or none yet; what else is in it stays.
    Known(PathBuf),
    /// They make a new file. Its draft is there already: that the folder can be written to is known.
    Fresh { draft: NamedTempFile, path: PathBuf, replace: bool },
}

impl Target {
    /// Finds out what there is, and refuses what must not be overwritten.
    pub(super) async fn choose(args: &LoginArgs, secret: &OAuthSecret) -> Result<Self, Failure> {
        // A link stays, and what it leads to is replaced.
        let path = match std::fs::canonicalize(&args.out) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound => return fresh(&args.out, false),
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
        Ok(Self::Known(path))
    }

    /// Writes the tokens. They are in the file as a whole, or not at all.
    pub(super) async fn keep(self, app: &OAuthApp, params: OAuthParams) -> Result<(), Failure> {
        match self {
            Self::Known(path) => {
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Mode 0600 from the start.
    let draft = tempfile::Builder::new().prefix(".b24-login-").tempfile_in(folder);
    let draft = draft.map_err(|error| failed(path, &error))?;
    Ok(Target::Fresh { draft, path: path.to_owned(), replace })
}

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

/// The store refuses files that others may read: better before the login than after it.
async fn check(path: &Path) -> Result<(), Failure> {
    let text = read(path)?;
    let Ok(record) = TokenRecord::from_json(text.expose().as_bytes()) else { return Ok(()) };
    let key = TokenKey::new(record.params().member_id()).map_err(|error| refused(path, &error))?;
    FileStore::single(path).load(&key).await.map(drop).map_err(|error| failed(path, &io::Error::other(error)))
}

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
    draft.as_file().sync_all()?;
    let written = if replace { draft.persist(path) } else { draft.persist_noclobber(path) };
    written.map(drop).map_err(|error| error.error)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::unusable(format!("cannot write {}: {error}", path.display()))
}

fn refused(path: &Path, error: &Error) -> Failure {
    Failure::unusable(format!("{}: {}", path.display(), explain(error)))
}
