//! Why an HTTP client brought no answer.

use std::{error::Error as StdError, fmt};

use b24_core::{BoxError, Error, SdkCode};

/// Why an HTTP client brought no answer, and whether the request may have reached the portal.
///
/// The codec asks the error of the client below it: a failure is safe to repeat only when an `HttpError` in its chain
/// says that nothing was sent. Any other error counts as "may have run". Wrap the errors of a client of your own to
/// tell the two apart.
#[derive(Debug)]
pub struct HttpError {
    sent: bool,
    source: BoxError,
}

impl HttpError {
    /// Nothing was sent: no connection, no TLS session, no way through the proxy.
    pub fn not_sent(source: impl Into<BoxError>) -> Self {
        Self { sent: false, source: source.into() }
    }

    /// The request was sent, wholly or in part, or nobody knows.
    pub fn sent(source: impl Into<BoxError>) -> Self {
        Self { sent: true, source: source.into() }
    }

    /// Whether the request may have reached the portal.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.sent
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sent { "sent, but not answered" } else { "not sent" })
    }
}

impl StdError for HttpError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// The error of a call whose client brought no answer.
pub(crate) fn no_answer(source: BoxError) -> Error {
    let first: &(dyn StdError + 'static) = &*source;
    let mut chain = std::iter::successors(Some(first), |error: &&(dyn StdError + 'static)| (*error).source());
    let unsent = chain.find_map(|error| error.downcast_ref::<HttpError>()).is_some_and(|error| !error.sent);
    let text = if unsent { NO_CONNECTION } else { LOST };
    Error::transport(SdkCode::NetworkError, text, !unsent).with_source(source)
}

const NO_CONNECTION: &str = "no connection to the portal could be made";
const LOST: &str = "the connection was lost before the answer was complete";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_error_that_says_so_counts_as_not_sent() {
        assert!(!no_answer(HttpError::not_sent("refused").into()).may_have_run());
        assert!(no_answer(HttpError::sent("reset").into()).may_have_run());
        assert!(no_answer("anything".into()).may_have_run());
    }

    #[test]
    fn it_is_found_behind_the_errors_of_other_layers() {
        #[derive(Debug)]
        struct Layered(HttpError);

        impl fmt::Display for Layered {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a layer")
            }
        }

        impl StdError for Layered {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }

        assert!(!no_answer(Layered(HttpError::not_sent("refused")).into()).may_have_run());
        assert!(no_answer(Layered(HttpError::sent("reset")).into()).may_have_run());
    }
}
