//! Sources of errors that cannot give a secret away.

use std::{error::Error, fmt};

use super::BoxError;
use crate::Secret;

/// Keeps a source as it is when no text of its chain holds the secret; else keeps a copy of its texts without it.
///
/// HTTP clients put the whole URL into their errors, and the URL of a webhook is a secret. Both the `Display` and the
/// `Debug` text of every error of the chain are looked at.
#[must_use]
pub fn scrub(source: BoxError, secret: &Secret) -> BoxError {
    if !chain(&*source).any(|error| holds(error, secret)) {
        return source;
    }
    let clean = |text: String| secret.scrub(&text).unwrap_or(text);
    let texts: Vec<_> = chain(&*source).map(|error| clean(error.to_string())).collect();
    let copy = texts.into_iter().rev().fold(None, |source, text| Some(Box::new(Scrubbed { text, source })));
    // The chain begins with `source` itself, so there is at least one copy.
    copy.map_or(source, |copy| copy)
}

fn chain<'a>(first: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(first), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn holds(error: &dyn Error, secret: &Secret) -> bool {
    secret.scrub(&error.to_string()).is_some() || secret.scrub(&format!("{error:?}")).is_some()
}

/// The text of an error whose own form held a secret.
#[derive(Debug)]
struct Scrubbed {
    text: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Scrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Scrubbed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}
