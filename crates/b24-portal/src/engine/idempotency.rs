//! The `Idempotency-Key` store of v3.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::auth::Caller;
use super::error::Trouble;
use crate::limit::operating::Owner;

const LIVES: Duration = Duration::from_secs(24 * 3600);

/// Whose key it is, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    owner: Owner,
    user: i64,
    method: &'static str,
    key: String,
}

impl Slot {
    pub(super) fn new(caller: &Caller, method: &'static str, key: &str) -> Self {
        Self { owner: caller.owner.clone(), user: caller.user, method, key: key.to_owned() }
    }
}

/// Successful answers that may be asked for again.
#[derive(Debug, Default)]
pub(super) struct Replays {
    kept: HashMap<Slot, Kept>,
}

#[derive(Debug)]
struct Kept {
    at: Duration,
    body: Bytes,
    response: Response<Bytes>,
}

impl Replays {
    /// The answer given before, if the very same bytes were sent under this key.
    pub(super) fn find(
        &mut self,
        now: Duration,
        slot: &Slot,
        body: &Bytes,
    ) -> Result<Option<Response<Bytes>>, Trouble> {
        self.kept.retain(|_, kept| kept.at.saturating_add(LIVES) > now);
        match self.kept.get(slot) {
            None => Ok(None),
            Some(kept) if kept.body == *body => Ok(Some(kept.response.clone())),
            Some(_) => {
                let text = "The idempotency key was already used with another request body";
                Err(Trouble::new(422, "IDEMPOTENCYKEYREUSED", text))
            }
        }
    }

    /// Keeps a successful answer.
    pub(super) fn keep(&mut self, now: Duration, slot: Slot, body: Bytes, response: Response<Bytes>) {
        self.kept.insert(slot, Kept { at: now, body, response });
    }
}

/// A key is 1 to 255 visible ASCII characters.
pub(super) fn check(key: &[u8]) -> Result<&str, Trouble> {
    let fits = (1..=255).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(key).ok().filter(|_| fits).ok_or_else(|| {
        Trouble::new(400, "INVALIDIDEMPOTENCYKEY", "The idempotency key must be 1 to 255 visible ASCII characters")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        for (key, want) in [("a", true), ("", false), ("a b", false), ("é", false), ("~!", true)] {
            assert_eq!(check(key.as_bytes()).is_ok(), want, "{key}");
        }
        assert!(check(&[b'k'; 255]).is_ok());
        assert!(check(&[b'k'; 256]).is_err());
    }
}
