//! `--oauth FILE`: an application with the tokens in a file.

use std::path::Path;

use b24::{
    Error, HttpClient, OAuth, OAuthApp,
    oauth::{FileStore, TokenKey, TokenRecord},
};

use super::file::{application, read};
use crate::{failure::Failure, output::explain};

/// The tokens of the file, and the application they belong to.
///
/// The authorisation server that the file names is told the client secret: the file is the operator's own word.
pub(super) async fn open(path: &Path, client: HttpClient) -> Result<OAuth, Failure> {
    let refuse = |error: Error| unusable(path, &error);
    let text = read(path)?;
    let app = application(&text).map_err(refuse)?;
    let record = TokenRecord::from_json(text.expose().as_bytes()).map_err(|error| {
        // The error of the field that is wrong is the one that helps.
        let found = std::error::Error::source(&error).map(ToString::to_string);
        let text = found.unwrap_or_else(|| format!("INVALID_OAUTH_PARAMS: {error}"));
        Failure::unusable(format!("{}: {text}", path.display()))
    })?;
    let key = TokenKey::new(record.params().member_id()).map_err(refuse)?;
    let app = OAuthApp::new(app, client).with_trusted_server(record.params().server().clone());
    OAuth::builder(app).store(FileStore::single(path)).open(key).await.map_err(refuse)
}

fn unusable(path: &Path, error: &Error) -> Failure {
    Failure::unusable(format!("{}: {}", path.display(), explain(error)))
}
