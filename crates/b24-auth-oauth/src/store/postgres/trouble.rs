//! What can go wrong with a statement.

use std::error::Error as StdError;

use tokio_postgres::{Error, error::SqlState};

use super::settings::Settings;
use crate::store::StoreError;

/// Why a statement has no answer.
pub(super) enum Trouble {
    /// The connection is gone; whether the statement ran is not known. A new connection may help.
    Lost(StoreError),
    /// The server refused it, or did not answer in time.
    Refused(StoreError),
}

impl Trouble {
    pub(super) fn of(error: &Error, settings: &Settings) -> Self {
        let told = StoreError::failed(settings.without_password(text(error)));
        if is_lost(error) { Self::Lost(told) } else { Self::Refused(told) }
    }

    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Lost(error) | Self::Refused(error) => error,
        }
    }
}

fn is_lost(error: &Error) -> bool {
    match error.code() {
        // The server shuts down, was told to end this connection, or may no longer be written to since another took
        // its place: class 08 and 57P.
        Some(code) => {
            let code_text = code.code();
            code_text.starts_with("08") || code_text.starts_with("57P") || *code == SqlState::READ_ONLY_SQL_TRANSACTION
        }
        None => error.is_closed() || has_io(error),
    }
}

fn has_io(error: &Error) -> bool {
    chain(error).any(<dyn StdError>::is::<std::io::Error>)
}

/// Errors of the server may repeat values, in their detail always, and in their message where it is the data that was
/// wrong (classes 22 and 23) or where the text is that of a trigger (P0).
fn text(error: &Error) -> String {
    let Some(refusal) = error.as_db_error() else {
        return chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    };
    let code = refusal.code().code();
    let is_about_data = ["22", "23", "P0"].iter().any(|class| code.starts_with(class));
    if is_about_data { format!("SQLSTATE {code}") } else { format!("{} (SQLSTATE {code})", refusal.message()) }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (**error).source())
}
