//! Where the client secret comes from.

use std::io::{BufRead, IsTerminal, Read, stdin};

use b24::Secret;

use crate::failure::Failure;

pub(super) const B24_CLIENT_SECRET: &str = "B24_CLIENT_SECRET";

/// The environment, the terminal without showing it, or the first line of standard input.
pub(super) fn ask() -> Result<Secret, Failure> {
    let text = match std::env::var_os(B24_CLIENT_SECRET).filter(|text| !text.is_empty()) {
        Some(text) => text.into_string().map_err(|_| Failure::unusable("B24_CLIENT_SECRET is no text"))?,
        None if stdin().is_terminal() => rpassword::prompt_password("Client secret: ").map_err(unread)?,
        None => {
            let mut line = String::new();
            stdin().lock().take(LIMIT).read_line(&mut line).map_err(unread)?;
            line
        }
    };
    match text.trim() {
        "" => Err(Failure::unusable("no client secret: set B24_CLIENT_SECRET, or give it on standard input")),
        text => Ok(Secret::from(text)),
    }
}

fn unread(error: std::io::Error) -> Failure {
    Failure::unusable(format!("cannot read the client secret: {error}"))
}

/// More than any secret has.
const LIMIT: u64 = 4096;
