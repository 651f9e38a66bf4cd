//! The file of `--oauth`, as far as it is not the store's affair: which application it belongs to.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use b24::{Error, OAuthSecret, Secret, core::SdkCode};
use serde::Deserialize;

use crate::failure::Failure;

/// What the file says of the application.
pub(crate) fn application(text: &Secret) -> Result<OAuthSecret, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Application {
        client_id: Option<String>,
        client_secret: Option<String>,
    }

    let wrong = |text| Error::usage(SdkCode::InvalidOAuthParams, text);
    // The errors of serde name what they found: it could be a token.
    let Application { client_id, client_secret } = serde_json::from_str(text.expose())
        .map_err(|_| wrong("not a JSON object with the texts `clientId` and `clientSecret`"))?;
    let client_id = client_id.ok_or_else(|| wrong("`clientId` is missing"))?;
    OAuthSecret::new(&client_id, client_secret.ok_or_else(|| wrong("`clientSecret` is missing"))?)
}

/// The text of a file of tokens.
pub(crate) fn read(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::NotFound => SdkCode::TokensMissing,
            io::ErrorKind::InvalidData => SdkCode::InvalidOAuthParams,
            _ => SdkCode::TokenStoreFailed,
        };
        Failure::unusable(format!("{}: cannot read {}: {error}", code.as_str(), path.display()))
    };
    let mut text = String::new();
    // Opening what is no file can wait for ever.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is no file")));
    }
    File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text)).map_err(failed)?;
    Ok(Secret::from(text))
}

/// More than any such file has.
const LIMIT: u64 = 1 << 20;
