//! The kinds of errors, and the codes that are ours rather than the portal's.

use std::fmt;

/// Who refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The portal answered with an error: see [`Error::rest`](crate::Error::rest).
    Rest,
    /// No usable answer came: connection failed, time ran out, a proxy's page came instead.
    Transport,
    /// Credentials could not be obtained or renewed.
    Auth,
    /// A wait that a limit asks for would outlast the call's deadline. Not sent.
    Limit,
    /// The answer is not what the protocol promises, or not what the caller's type expects.
    Decode,
    /// Refused before sending: the call as given makes no sense.
    Usage,
    /// A command of a batch that the portal did not come to, because one before it failed.
    NotRun,
}

impl ErrorKind {
    /// The name used on the command line: `rest`, `transport`, `auth`, `limit`, `decode`, `usage`, `not-run`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Transport => "transport",
            Self::Auth => "auth",
            Self::Limit => "limit",
            Self::Decode => "decode",
            Self::Usage => "usage",
            Self::NotRun => "not-run",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The codes of errors that this SDK gives itself; all others come from a portal or an authorisation server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SdkCode {
    /// The connection failed, before or after the call was sent: see
    /// [`may_have_run`](crate::Error::may_have_run).
    NetworkError,
    /// The time for one send ran out.
    RequestTimeout,
    /// The body is no JSON object, is too large, or lacks what the call needs.
    InvalidResponse,
    /// The portal answered with a redirect. None is followed: it would carry credentials to another address.
    RedirectRefused,
    /// A method name that is empty or holds a character no method name has.
    InvalidMethod,
    /// Parameters that cannot be written as JSON or are no object.
    InvalidParams,
    /// A batch without a command.
    BatchEmpty,
    /// A batch with more commands than the portal runs: 50.
    BatchTooLarge,
    /// Labels on some commands of a batch only, an empty one, or one given twice.
    BatchLabels,
    /// The portal answered a batch without a row for a command that must have run.
    BatchRowMissing,
    /// A command of a batch that did not run, because one before it failed and the batch halts on errors.
    BatchNotRun,
    /// A reference of a batch that the portal would resolve to something else than meant.
    InvalidBatchRef,
    /// A page of a list that is not its last one did not advance the cursor, came out of order, or has an id that cannot
    /// be read. Whatever follows would be lost, or come again and again.
    CursorStalled,
    /// The key under which the rows of a list were looked for does not lead to a list.
    ItemsNotFound,
    /// A list of a method that this SDK does not know needs to be told where its rows and ids are.
    ListKeysNeeded,
    /// A descending tail needs the value to begin below.
    TailDescNeedsInitialValue,
    /// A filter that is none of its generation of the API; the message names the place, such as
    /// `filter[1].conditions[0]`.
    InvalidFilter,
    /// A selection of an aggregate with a function that does not exist, or without fields.
    InvalidAggregate,
    /// The call carries no credentials: no `AuthLayer` stands above the `RestLayer`.
    NoCredentials,
    /// The credentials cannot be written to the wire: a secret that is no segment of a path, a token that is no header.
    UnusableCredentials,
    /// What a browser cannot send, because portals do not permit the header for it there: an idempotency key.
    UnsupportedInBrowser,
    /// A client that cannot be built from what it was given: a certificate, a proxy address.
    InvalidConfig,
    /// A wait that the portal's limits ask for would outlast the call's deadline. Not sent.
    LimitWaitTooLong,
    /// As many calls wait for the portal's limits as may. Not sent.
    LimitQueueFull,
    /// The webhook URL is blank.
    HookUrlEmpty,
    /// The webhook URL is no absolute URL, or has a user name or password before the host.
    HookUrlInvalid,
    /// The webhook URL is not `https`, and its host is not a loopback one.
    HookUrlNotHttps,
    /// The webhook URL's path is not `/rest/<user id>/<secret>/`.
    HookUrlMalformed,
    /// The user id in the webhook URL is no number.
    HookUrlUserId,
    /// Tokens or credentials of an application that lack a field, or hold what cannot be one; the message names the field.
    InvalidOAuthParams,
    /// The authorisation server is not known as one, so it is not told the application's secret.
    UntrustedServer,
    /// A token was made for another application or portal.
    ForeignToken,
    /// A login came back with another state than it was begun with: somebody else began it.
    StateMismatch,
    /// A login came back without what it should bring.
    InvalidRedirect,
    /// The store has no tokens for the portal and user: the application has to be installed or opened there.
    TokensMissing,
    /// The store of tokens could not be read or written. New tokens are kept in memory until it can be.
    TokenStoreFailed,
    /// The renewal of the tokens ended half way, because its runtime did or the code it ran panicked.
    RenewalAborted,
    /// Whether the user is an administrator has not been asked yet.
    IsAdminUnknown,
    /// The program does not run in a frame that a portal opened.
    NotInFrame,
    /// The portal's page around the frame did not answer in time.
    FrameNoAnswer,
    /// The portal's page around the frame answered with something else than is written of it.
    FrameBadAnswer,
    /// The portal's page around the frame refused a command.
    FrameRefused,
    /// The program has given its frame up.
    FrameDestroyed,
    /// The application is installed already: there is no installation to finish.
    InstallFinished,
}

impl SdkCode {
    /// The code as text, such as `NETWORK_ERROR`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NetworkError => "NETWORK_ERROR",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::InvalidResponse => "INVALID_RESPONSE",
            Self::RedirectRefused => "REDIRECT_REFUSED",
            Self::InvalidMethod => "INVALID_METHOD",
            Self::InvalidParams => "INVALID_PARAMS",
            Self::BatchEmpty => "BATCH_EMPTY",
            Self::BatchTooLarge => "BATCH_TOO_LARGE",
            Self::BatchLabels => "BATCH_LABELS",
            Self::BatchRowMissing => "BATCH_ROW_MISSING",
            Self::BatchNotRun => "BATCH_NOT_RUN",
            Self::InvalidBatchRef => "INVALID_BATCH_REF",
            Self::CursorStalled => "CURSOR_STALLED",
            Self::ItemsNotFound => "ITEMS_NOT_FOUND",
            Self::ListKeysNeeded => "LIST_KEYS_NEEDED",
            Self::TailDescNeedsInitialValue => "TAIL_DESC_NEEDS_INITIAL_VALUE",
            Self::InvalidFilter => "INVALID_FILTER",
            Self::InvalidAggregate => "INVALID_AGGREGATE",
            Self::NoCredentials => "NO_CREDENTIALS",
            Self::UnusableCredentials => "UNUSABLE_CREDENTIALS",
            Self::UnsupportedInBrowser => "UNSUPPORTED_IN_BROWSER",
            Self::InvalidConfig => "INVALID_CONFIG",
            Self::LimitWaitTooLong => "LIMIT_WAIT_TOO_LONG",
            Self::LimitQueueFull => "LIMIT_QUEUE_FULL",
            Self::HookUrlEmpty => "HOOK_URL_EMPTY",
            Self::HookUrlInvalid => "HOOK_URL_INVALID",
            Self::HookUrlNotHttps => "HOOK_URL_NOT_HTTPS",
            Self::HookUrlMalformed => "HOOK_URL_MALFORMED",
            Self::HookUrlUserId => "HOOK_URL_USER_ID",
            Self::InvalidOAuthParams => "INVALID_OAUTH_PARAMS",
            Self::UntrustedServer => "UNTRUSTED_SERVER",
            Self::ForeignToken => "FOREIGN_TOKEN",
            Self::StateMismatch => "STATE_MISMATCH",
            Self::InvalidRedirect => "INVALID_REDIRECT",
            Self::TokensMissing => "TOKENS_MISSING",
            Self::TokenStoreFailed => "TOKEN_STORE_FAILED",
            Self::RenewalAborted => "RENEWAL_ABORTED",
            Self::IsAdminUnknown => "IS_ADMIN_UNKNOWN",
            Self::NotInFrame => "NOT_IN_FRAME",
            Self::FrameNoAnswer => "FRAME_NO_ANSWER",
            Self::FrameBadAnswer => "FRAME_BAD_ANSWER",
            Self::FrameRefused => "FRAME_REFUSED",
            Self::FrameDestroyed => "FRAME_DESTROYED",
            Self::InstallFinished => "INSTALL_FINISHED",
        }
    }
}

impl fmt::Display for SdkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
