//! New tokens in place of whatever is stored.

use b24_core::Error;

use super::{StoreErrorKind, TokenKey, TokenRecord, TokenStore};
use crate::{OAuthParams, session::failure};

/// Stores the tokens of a new installation, with a generation above the given one. Whoever saves in between is replaced
/// too: tokens of an installation are good whatever became of the older ones.
pub(crate) async fn replace(
    store: &dyn TokenStore,
    key: &TokenKey,
    params: OAuthParams,
    above: u64,
) -> Result<TokenRecord, Error> {
    key.check(&params)?;
    let failed = |error| failure::without_tokens(failure::of_the_store(error), &params);
    let mut tries = 0;
    loop {
        let stored = store.load(key).await.map_err(failed)?;
        let record = match &stored {
            Some(stored) => stored.next(params.clone()),
            None => TokenRecord::new(params.clone()),
        };
        let record = record.above(above);
        match store.save(key, &record, stored.as_ref().map(TokenRecord::generation)).await {
            Ok(()) => return Ok(record),
            Err(error) if error.kind() == StoreErrorKind::Conflict && tries < TRIES => tries += 1,
            Err(error) => {
                // What was said to have failed may have been done.
                let stored = store.load(key).await.ok().flatten();
                return if stored.is_some_and(|stored| stored.is_same_pair(&record)) {
                    Ok(record)
                } else {
                    Err(failed(error))
                };
            }
        }
    }
}

const TRIES: u32 = 10;
