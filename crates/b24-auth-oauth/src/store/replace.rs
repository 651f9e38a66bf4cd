//! New tokens in place of whatever is stored.

use b24_core::{Error, SdkCode};

use super::{StoreErrorKind, TokenKey, TokenRecord, TokenStore};
use crate::{OAuthParams, session::failure};

/// Stores the tokens of a new installation. Whoever saves in between is replaced too: tokens of an installation are good
/// whatever became of the older ones.
pub(crate) async fn replace(store: &dyn TokenStore, key: &TokenKey, params: OAuthParams) -> Result<TokenRecord, Error> {
    if params.member_id() != key.member_id() {
        let text = "the tokens are those of another portal than the one they should be stored for";
        return Err(Error::usage(SdkCode::InvalidOAuthParams, text));
    }
    let mut tries = 0;
    loop {
        let stored = store.load(key).await.map_err(failure::of_the_store)?;
        let record = match &stored {
            Some(stored) => stored.next(params.clone()),
            None => TokenRecord::new(params.clone()),
        };
        match store.save(key, &record, stored.as_ref().map(TokenRecord::generation)).await {
            Ok(()) => return Ok(record),
            Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => tries += 1,
            Err(error) => return Err(failure::of_the_store(error)),
        }
    }
}

const TRIES: u32 = 10;
