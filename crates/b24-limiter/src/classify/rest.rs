//! The requests of this SDK.

use std::{borrow::Cow, time::Duration};

use b24_core::{Error, ErrorKind, RestRequest, RestResponse, SdkCode, batch::CommandInfo, error::codes};

use super::{Classifier, Command, Lesson, Reading, Refused, Spend, batch, spend::in_lower_case};

/// Understands [`RestRequest`] and [`RestResponse`]: methods, commands of batches, operating time, refusals.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RestClassifier;

impl RestClassifier {
    /// The classifier.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Classifier<RestRequest, RestResponse, Error> for RestClassifier {
    fn portal<'r>(&self, request: &'r RestRequest) -> Option<Cow<'r, str>> {
        // Without credentials it goes nowhere.
        request.grant().map(|grant| Cow::Borrowed(grant.portal().authority().as_str()))
    }

    fn spend(&self, request: &RestRequest) -> Spend {
        let method = request.method();
        let spend = Spend {
            owner: request.grant().map_or(0, b24_core::Grant::owner),
            priority: request.options().priority(),
            is_repeat: request.options().refused_before(),
            time_left: request.options().deadline(),
            ..Spend::of(method)
        };
        match request.commands() {
            // Written by hand: what is in it stands in its parameters.
            [] if is_batch(method.as_str()) => spend.with_commands(batch::commands(request.params().as_bytes())),
            [] => spend,
            commands => spend.with_commands(commands.iter().map(named)),
        }
    }

    fn learn(&self, spend: &Spend, outcome: Result<&RestResponse, &Error>) -> Lesson {
        let response = match outcome {
            Ok(response) => response,
            Err(error) => return failure(error),
        };
        let reading = response.time().map(Reading::of);
        let lesson = Lesson { reading, ..Lesson::succeeded() };
        if spend.commands.is_empty() {
            return lesson;
        }
        batch::learn(lesson, &spend.commands, response.result(), reading)
    }

    fn after_waiting(&self, request: RestRequest, waited: Duration) -> RestRequest {
        let Some(left) = request.options().deadline() else { return request };
        let options = request.options().clone().with_deadline(left.saturating_sub(waited));
        request.with_options(options)
    }
}

/// Which limit the portal says that a call was refused for.
pub(crate) fn refusal(error: &Error) -> Option<Refused> {
    match codes::find(error.rest()?.code())?.code() {
        "QUERY_LIMIT_EXCEEDED" => Some(Refused::Rate),
        // https://apidocs.bitrix24.com/settings/performance/limits.html: both names of the same refusal, v2 and v3.
        "OPERATION_TIME_LIMIT" | "RATELIMIT" => Some(Refused::Operating),
        _ => None,
    }
}

fn failure(error: &Error) -> Lesson {
    let known = error.rest().and_then(|refusal| codes::find(refusal.code()));
    let refused = refusal(error).or_else(|| {
        // A page of a gateway in place of the portal's own words.
        let status = error.status().filter(|_| error.kind() == ErrorKind::Transport)?;
        (status == ::http::StatusCode::TOO_MANY_REQUESTS).then_some(Refused::Operating)
    });
    let never_sent =
        error.kind() == ErrorKind::Usage || error.code() == SdkCode::NetworkError.as_str() && !error.may_have_run();
    Lesson {
        // What a portal says may be anything: the table's own spelling where it is known.
        code: Some(known.map_or_else(|| own_code(error), |known| Cow::Borrowed(known.code()))),
        refused,
        retry_after: error.retry_after(),
        unsent: never_sent,
        ..Lesson::default()
    }
}

fn own_code(error: &Error) -> Cow<'static, str> {
    Cow::Owned(error.code().chars().take(LONGEST_CODE).collect())
}

fn named(command: &CommandInfo) -> Command {
    Command { label: command.key().to_string().into(), method: in_lower_case(command.method()) }
}

fn is_batch(method: &str) -> bool {
    method.eq_ignore_ascii_case("batch")
}

const LONGEST_CODE: usize = 64;

#[cfg(test)]
mod tests {
    use b24_core::{ApiVersion, Method, Params, RestError};
    use http::StatusCode;

    use super::*;

    fn said(status: u16, code: &str) -> Error {
        RestError::new(StatusCode::from_u16(status).unwrap(), code, "").into()
    }

    // Defect 11 of the official SDK: every 503 counted as a refusal by the rate.
    #[test]
    fn only_the_portals_own_words_are_refusals() {
        let page = |status| {
            let status = StatusCode::from_u16(status).unwrap();
            Error::transport(SdkCode::InvalidResponse, "a page", true).with_status(status)
        };
        for (error, want) in [
            (said(503, "QUERY_LIMIT_EXCEEDED"), Some(Refused::Rate)),
            (said(200, "query_limit_exceeded"), Some(Refused::Rate)),
            (said(429, "OPERATION_TIME_LIMIT"), Some(Refused::Operating)),
            (said(429, "BITRIX_REST_V3_EXCEPTION_RATELIMITEXCEPTION"), Some(Refused::Operating)),
            (page(429), Some(Refused::Operating)),
            (said(503, "OVERLOAD_LIMIT"), None),
            (said(503, "INTERNAL_SERVER_ERROR"), None),
            (page(503), None),
            (page(502), None),
        ] {
            assert_eq!(failure(&error).refused, want, "{error}");
        }
    }

    #[test]
    fn a_deadline_shrinks_by_what_was_waited() {
        let options = b24_core::CallOptions::default().with_deadline(Duration::from_secs(5));
        let request = RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty());
        let request = request.with_options(options);
        let left = RestClassifier.after_waiting(request, Duration::from_secs(2)).options().deadline();
        assert_eq!(left, Some(Duration::from_secs(3)));
    }
}
