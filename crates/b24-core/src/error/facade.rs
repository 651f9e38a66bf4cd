//! The one error of every layer.

use std::{borrow::Cow, error::Error as StdError, time::Duration};

use http::StatusCode;

use super::{BoxError, ErrorKind, RestError, SdkCode, Validation, codes::CodeInfo, source};
use crate::{ApiVersion, Cursor, RequestInfo, RestRequest, Secret, batch::CommandInfo};

/// Why a call failed: who refused, and what may have happened. One pointer wide.
///
/// ```
/// # fn example(error: b24_core::Error) {
/// if error.is_soft() {
///     // The record is not there: a condition, not a fault.
/// } else if error.may_have_run() {
///     // Look before you repeat: the deal may exist.
/// } else {
///     // It did not run: repeating is safe.
/// }
/// # }
/// ```
///
/// `Display` is one line and never holds a URL, a parameter or a secret; [`source`](StdError::source) has the rest.
pub struct Error(Box<Inner>);

struct Inner {
    cause: Cause,
    attempts: u32,
    retry_after: Option<Duration>,
    earlier_send_may_have_run: bool,
    request: Option<RequestInfo>,
    cursor: Option<Cursor>,
    took: Option<Duration>,
    source: Option<BoxError>,
}

enum Cause {
    /// The portal refused.
    Rest(RestError),
    /// Anything else.
    Own { kind: ErrorKind, code: Cow<'static, str>, message: Cow<'static, str>, status: Option<StatusCode>, ran: bool },
}

impl Error {
    /// Refused before sending: the call as given makes no sense.
    pub fn usage(code: SdkCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(ErrorKind::Usage, code.as_str(), message, false)
    }

    /// No usable answer came; `may_have_run` is `false` only when it is certain that the call was not executed.
    pub fn transport(code: SdkCode, message: impl Into<Cow<'static, str>>, may_have_run: bool) -> Self {
        Self::own(ErrorKind::Transport, code.as_str(), message, may_have_run)
    }

    /// An answer came and is not what it should be; the call did run, as far as anybody can tell.
    pub fn decode(message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(ErrorKind::Decode, SdkCode::InvalidResponse.as_str(), message, true)
    }

    /// An answer came and lacks what one of our own rules asks for; the call did run, as far as anybody can tell.
    pub fn unexpected(code: SdkCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(ErrorKind::Decode, code.as_str(), message, true)
    }

    /// A command of a batch that was not come to.
    #[must_use]
    pub fn not_run() -> Self {
        let text = "the command did not run: one before it failed, and the batch halts on errors";
        Self::own(ErrorKind::NotRun, SdkCode::BatchNotRun.as_str(), text, false)
    }

    /// Not sent, because the portal's limits ask for too long a wait.
    pub fn limit(code: SdkCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(ErrorKind::Limit, code.as_str(), message, false)
    }

    /// Credentials could not be obtained or renewed; `code` is the authorisation server's where it gave one. The call
    /// was not sent, or was refused.
    pub fn auth(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::own(ErrorKind::Auth, code, message, false)
    }

    fn own(
        kind: ErrorKind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
        ran: bool,
    ) -> Self {
        let cause = Cause::Own { kind, code: code.into(), message: message.into(), status: None, ran };
        Self(Box::new(Inner {
            cause,
            attempts: 0,
            retry_after: None,
            earlier_send_may_have_run: false,
            request: None,
            cursor: None,
            took: None,
            source: None,
        }))
    }

    /// Says which status the answer had.
    #[must_use]
    pub fn with_status(mut self, new: StatusCode) -> Self {
        if let Cause::Own { status, .. } = &mut self.0.cause {
            *status = Some(new);
        }
        self
    }

    /// Keeps the error behind this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says which call failed, unless that is known already.
    #[must_use]
    pub fn with_request(mut self, request: &RestRequest) -> Self {
        self.0.request.get_or_insert_with(|| request.info());
        self
    }

    /// Says how long it took to fail, waits and re-sends included; done by a layer that has a clock.
    #[must_use]
    pub fn with_took(mut self, took: Duration) -> Self {
        self.0.took = Some(took);
        self
    }

    /// Says after which row a list can go on.
    #[must_use]
    pub fn with_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.0.cursor = cursor;
        self
    }

    /// Says how often the call was sent, attempts that found no connection included.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Says that an earlier send of the same call may have run, whatever became of the last one.
    #[must_use]
    pub fn after_a_send_that_may_have_run(mut self, may_have_run: bool) -> Self {
        self.0.earlier_send_may_have_run |= may_have_run;
        self
    }

    /// Says how long the answer asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// Counts the portal's refusal as soft, because the caller says so of its code.
    #[must_use]
    pub fn counted_as_soft(mut self) -> Self {
        if let Cause::Rest(error) = self.0.cause {
            self.0.cause = Cause::Rest(error.counted_as_soft());
        }
        self
    }

    /// Takes a secret out of every text it may have come into: what a portal or proxy echoed, what an HTTP client put
    /// into its error.
    #[must_use]
    pub fn without(mut self, secret: &Secret) -> Self {
        let scrub = |found: &str| secret.scrub(found);
        match &mut self.0.cause {
            Cause::Rest(error) => error.map_texts(scrub),
            Cause::Own { code, message, .. } => {
                for found in [code, message] {
                    // What is borrowed is ours, and holds no secret but by accident.
                    if let Cow::Owned(text) = found {
                        if let Some(new) = scrub(text) {
                            *text = new;
                        }
                    }
                }
            }
        }
        self.0.source = self.0.source.take().map(|found| source::scrub(found, secret));
        self
    }

    /// Who refused.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Rest(_) => ErrorKind::Rest,
            Cause::Own { kind, .. } => *kind,
        }
    }

    /// The portal's code (a number as its digits; it may be empty), the authorisation server's, or an [`SdkCode`].
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.0.cause {
            Cause::Rest(error) => error.code(),
            Cause::Own { code, .. } => code,
        }
    }

    /// What went wrong in words: the portal's own, or ours.
    #[must_use]
    pub fn message(&self) -> &str {
        match &self.0.cause {
            Cause::Rest(error) => error.message(),
            Cause::Own { message, .. } => message,
        }
    }

    /// The HTTP status of the answer that failed; `None` where no answer came.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.cause {
            Cause::Rest(error) => Some(error.status()),
            Cause::Own { status, .. } => *status,
        }
    }

    /// The portal's own refusal, when it was the portal that refused.
    #[must_use]
    pub fn rest(&self) -> Option<&RestError> {
        match &self.0.cause {
            Cause::Rest(error) => Some(error),
            Cause::Own { .. } => None,
        }
    }

    /// Takes the portal's refusal out when its code is soft; else gives the error back.
    ///
    /// # Errors
    /// The error itself when it is not a soft one.
    pub fn into_soft(self) -> Result<RestError, Self> {
        if !self.is_soft() {
            return Err(self);
        }
        match self.0.cause {
            Cause::Rest(error) => Ok(error),
            cause @ Cause::Own { .. } => Err(Self(Box::new(Inner { cause, ..*self.0 }))),
        }
    }

    /// v3: what is wrong with single fields; empty where nothing is said.
    #[must_use]
    pub fn validation(&self) -> &[Validation] {
        self.rest().map_or(&[], RestError::validation)
    }

    /// Whether the code is a condition to look at rather than a fault: a record that is not there, a field that does
    /// not exist.
    ///
    /// # Troubleshooting
    /// Use `outcome()` instead of `send()` where such an answer is part of the normal course.
    #[must_use]
    pub fn is_soft(&self) -> bool {
        self.rest().is_some_and(RestError::is_soft)
    }

    /// Whether the portal may have executed the call. `false` only when it is certain that it did not: it was never
    /// sent, or refused before its handler.
    ///
    /// # Troubleshooting
    /// After `true` on a write, look whether it took effect before repeating it: search for a mark of your own
    /// (`ORIGIN_ID`, `XML_ID`) or read the record.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        if self.0.earlier_send_may_have_run {
            return true;
        }
        match &self.0.cause {
            Cause::Rest(error) => error.may_have_run() || self.is_of_a_batch_under_way(error),
            Cause::Own { ran, .. } => *ran,
        }
    }

    /// The first error of a v3 batch hides all results, but what ran before it stays done.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
    fn is_of_a_batch_under_way(&self, error: &RestError) -> bool {
        let batch = self.request().is_some_and(|request| {
            request.version() == ApiVersion::V3 && request.method().as_str().eq_ignore_ascii_case("batch")
        });
        let before =
            error.status() == StatusCode::UNAUTHORIZED || error.info().is_some_and(CodeInfo::is_before_a_batch);
        batch && !before
    }

    /// Whether the same call may succeed later without anybody changing anything.
    ///
    /// # Troubleshooting
    /// This does not say that a repeat is safe: for writes ask [`may_have_run`](Self::may_have_run) too.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.0.cause {
            Cause::Rest(error) => error.is_transient(),
            Cause::Own { kind: ErrorKind::Transport, code, status, .. } => {
                *code != SdkCode::RedirectRefused.as_str() && status.is_none_or(|status| status.is_server_error())
            }
            // An authorisation server, a store or a page that failed, and did not refuse.
            Cause::Own { kind: ErrorKind::Auth, code, status, .. } => {
                let passing = [
                    SdkCode::NetworkError,
                    SdkCode::RequestTimeout,
                    SdkCode::TokenStoreFailed,
                    SdkCode::RenewalAborted,
                    SdkCode::FrameNoAnswer,
                ];
                passing.iter().any(|own| code == own.as_str()) || status.is_some_and(|status| status.is_server_error())
            }
            Cause::Own { kind, .. } => *kind == ErrorKind::Limit,
        }
    }

    /// Whether new credentials may help: v2 says `expired_token` or `invalid_token` with status 401, or
    /// `expired_token` with status 200; v3 says 401 for every trouble with credentials.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/oauth/error-codes.html>
    #[must_use]
    pub fn asks_for_renewal(&self, version: ApiVersion) -> bool {
        let named = |code: &str| self.rest().is_some_and(|error| error.code().eq_ignore_ascii_case(code));
        match (self.status(), version) {
            // Whatever the body is.
            (Some(StatusCode::UNAUTHORIZED), ApiVersion::V3) => true,
            (Some(StatusCode::UNAUTHORIZED), ApiVersion::V2) => named("expired_token") || named("invalid_token"),
            (Some(status), _) => status.is_success() && named("expired_token"),
            (None, _) => false,
        }
    }

    /// How often the call was sent, attempts that found no connection included; 0 when it was refused before that.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the answer asked to wait (`Retry-After`). Portals do not send it; proxies in front of them may.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How long it took to fail, waits and re-sends included, where a layer has measured it.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.0.took
    }

    /// Lists: the id of the last row that was read, to go on after it; `None` when there was none yet, and for everything
    /// that is no list.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        self.0.cursor.as_ref()
    }

    /// Batches: the commands that may have been applied although there is no result to show for them; those that only
    /// read are left out. The one error of a v3 batch hides which commands ran before it: they stay done.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
    pub fn commands_that_may_have_run(&self) -> impl Iterator<Item = &CommandInfo> {
        let commands = self.request().filter(|_| self.may_have_run()).map_or(&[][..], RequestInfo::commands);
        commands.iter().filter(|command| !command.method().is_read())
    }

    /// The call that failed, without its credentials and with its parameters redacted; `None` when there was no call
    /// yet.
    #[must_use]
    pub fn request(&self) -> Option<&RequestInfo> {
        self.0.request.as_ref()
    }
}

impl From<RestError> for Error {
    fn from(error: RestError) -> Self {
        Self(Box::new(Inner {
            cause: Cause::Rest(error),
            attempts: 0,
            retry_after: None,
            earlier_send_may_have_run: false,
            request: None,
            cursor: None,
            took: None,
            source: None,
        }))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
