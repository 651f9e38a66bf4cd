//! Why an HTTP client brought no answer.

use std::{error::Error as StdError, fmt};

use b24_core::{BoxError, Error, SdkCode, Secret, error::scrub, redact};

use crate::sends::Sends;

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
    #[must_use]
    pub fn not_sent(source: impl Into<BoxError>) -> Self {
        Self { sent: false, source: source.into() }
    }

    /// The request was sent, wholly or in part, or nobody knows.
    #[must_use]
    pub fn sent(source: impl Into<BoxError>) -> Self {
        Self { sent: true, source: source.into() }
    }

    /// An error of any client: what an `HttpError` in its chain says, else sent.
    pub(crate) fn from_client(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(known) => *known,
            Err(other) => Self { sent: !says_not_sent(&*other), source: other },
        }
    }

    /// A client that takes no requests. Which call it was is not known yet, so its texts are kept without whatever looks
    /// like a secret.
    pub(crate) fn refused(error: &(dyn StdError + 'static)) -> Self {
        Self::not_sent(redact::text(&error.to_string()).into_owned())
    }

    /// Takes a secret out of the texts behind it: HTTP clients put the URL into their errors.
    pub(crate) fn without(self, secret: &Secret) -> Self {
        Self { sent: self.sent, source: scrub(self.source, secret) }
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

fn says_not_sent(first: &(dyn StdError + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(first), |error: &&(dyn StdError + 'static)| (*error).source());
    chain.find_map(|error| error.downcast_ref::<HttpError>()).is_some_and(|error| !error.sent)
}

/// The error of a call whose client brought no answer; `sends` knows whether any send of it may have left.
pub(crate) fn no_answer(source: BoxError, sends: &Sends) -> Error {
    // Where no send has begun yet, one may begin later: a layer in between may have handed it to somebody else.
    let ran = sends.may_have_run() || sends.attempts() == 0 && !says_not_sent(&*source);
    Error::transport(SdkCode::NetworkError, if ran { LOST } else { NO_CONNECTION }, ran).with_source(source)
}

/// The error of a call that the HTTP service would not take: nothing was sent.
pub(crate) fn not_taken(source: &(dyn StdError + 'static)) -> Error {
    let source = HttpError::refused(source);
    Error::transport(SdkCode::NetworkError, "the HTTP client took no call", false).with_source(source)
}

const NO_CONNECTION: &str = "no connection to the portal could be made";
const LOST: &str = "the connection was lost before the answer was complete";

#[cfg(test)]
mod tests {
    use super::*;

    fn sends_after(error: &HttpError) -> Sends {
        let sends = Sends::default();
        sends.begin();
        if !error.may_have_been_sent() {
            sends.was_not_sent();
        }
        sends
    }

    fn ran(error: impl Into<BoxError>) -> bool {
        let error = HttpError::from_client(error.into());
        let sends = sends_after(&error);
        no_answer(error.into(), &sends).may_have_run()
    }

    #[test]
    fn only_an_error_that_says_so_counts_as_not_sent() {
        assert!(!ran(HttpError::not_sent("refused")));
        assert!(ran(HttpError::sent("reset")));
        assert!(ran("anything"));
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

        assert!(!ran(Layered(HttpError::not_sent("refused"))));
        assert!(ran(Layered(HttpError::sent("reset"))));
    }

    #[test]
    fn a_later_send_that_did_not_leave_does_not_undo_an_earlier_one() {
        let sends = Sends::default();
        sends.begin();
        sends.begin();
        sends.was_not_sent();
        assert!(no_answer("refused".into(), &sends).may_have_run());
    }

    #[test]
    fn a_send_that_has_not_begun_may_begin_later() {
        // A layer in between queued it, and gave up waiting.
        assert!(no_answer("elapsed".into(), &Sends::default()).may_have_run());
        assert!(!no_answer(HttpError::not_sent("refused").into(), &Sends::default()).may_have_run());
    }
}
