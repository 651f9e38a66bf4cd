//! May this call be sent once more? A pure function.

use b24_core::error::codes::CodeInfo;
use b24_core::{Error, ErrorKind, RestRequest, RetryOnNetworkError, Safety, SdkCode};

use super::RetryPolicy;

/// What a failure means for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No repeat can help, or it could do harm.
    Final,
    /// As final, and the caller counts it as a condition.
    Soft,
    /// It did not run: a repeat is safe.
    NotRun,
    /// Nobody knows whether it ran, and it may run twice.
    Open,
}

/// Judges a failure, without regard to how often the call has been sent.
pub(super) fn judge(policy: &RetryPolicy, request: &RestRequest, error: &Error) -> Verdict {
    let listed =
        |codes: &[Box<str>]| error.rest().is_some() && codes.iter().any(|code| code.eq_ignore_ascii_case(error.code()));
    let options = request.options();
    if listed(&policy.soft_codes) || listed(options.soft_codes()) {
        return Verdict::Soft;
    }
    if listed(&policy.hard_codes) || listed(options.hard_codes()) {
        return Verdict::Final;
    }
    match error.kind() {
        ErrorKind::Rest => judge_refusal(policy, request, error),
        ErrorKind::Transport => judge_silence(policy, request, error),
        // Refused before sending, not to be authorised, or an answer that came and was no use.
        _ => Verdict::Final,
    }
}

/// The portal spoke.
fn judge_refusal(policy: &RetryPolicy, request: &RestRequest, error: &Error) -> Verdict {
    let Some(refusal) = error.rest() else { return Verdict::Final };
    let info = refusal.info();
    if refusal.status().is_success() || refusal.is_soft() || info.is_some_and(CodeInfo::is_hard) {
        Verdict::Final
    } else if info.is_some_and(CodeInfo::is_limit) && !error.may_have_run() {
        Verdict::NotRun
    } else if refusal.status().is_server_error() {
        open(policy, request)
    } else {
        Verdict::Final
    }
}

/// No answer of the portal came.
fn judge_silence(policy: &RetryPolicy, request: &RestRequest, error: &Error) -> Verdict {
    let answered = error.status();
    if error.code() == SdkCode::RedirectRefused.as_str() || answered.is_some_and(|status| !status.is_server_error()) {
        return Verdict::Final;
    }
    // No time was left to send it: the next time there would be none either.
    if error.code() == SdkCode::RequestTimeout.as_str() && !error.may_have_run() {
        return Verdict::Final;
    }
    if answered.is_none() && choice(policy, request) == RetryOnNetworkError::Never {
        return Verdict::Final;
    }
    if error.may_have_run() { open(policy, request) } else { Verdict::NotRun }
}

fn open(policy: &RetryPolicy, request: &RestRequest) -> Verdict {
    let safe = request.safety() == Safety::Idempotent || choice(policy, request) == RetryOnNetworkError::Always;
    if safe { Verdict::Open } else { Verdict::Final }
}

fn choice(policy: &RetryPolicy, request: &RestRequest) -> RetryOnNetworkError {
    request.options().retry_on_network_error().unwrap_or(policy.retry_on_network_error)
}

#[cfg(test)]
mod tests {
    use b24_core::{ApiVersion, CallOptions, Method, Params, RestError};
    use http::StatusCode;

    use super::*;

    fn call(version: ApiVersion, method: &str) -> RestRequest {
        RestRequest::new(version, Method::new(method).unwrap(), Params::empty())
    }

    fn refusal(status: u16, code: &str) -> Error {
        RestError::new(StatusCode::from_u16(status).unwrap(), code, "").into()
    }

    fn page(status: u16) -> Error {
        Error::transport(SdkCode::InvalidResponse, "a page", true).with_status(StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn did_it_run_is_the_question_for_writes() {
        let lost = || Error::transport(SdkCode::NetworkError, "lost", true);
        let late = || Error::transport(SdkCode::RequestTimeout, "late", true);
        let no_time = || Error::transport(SdkCode::RequestTimeout, "no time", false);
        let unsent = || Error::transport(SdkCode::NetworkError, "no connection", false);
        for (error, read, write) in [
            (refusal(503, "QUERY_LIMIT_EXCEEDED"), Verdict::NotRun, Verdict::NotRun),
            (refusal(429, "OPERATION_TIME_LIMIT"), Verdict::NotRun, Verdict::NotRun),
            (unsent(), Verdict::NotRun, Verdict::NotRun),
            (lost(), Verdict::Open, Verdict::Final),
            (late(), Verdict::Open, Verdict::Final),
            (no_time(), Verdict::Final, Verdict::Final),
            (page(502), Verdict::Open, Verdict::Final),
            (refusal(500, "INTERNAL_SERVER_ERROR"), Verdict::Open, Verdict::Final),
            (refusal(500, "ERROR_UNEXPECTED_ANSWER"), Verdict::Open, Verdict::Final),
            (refusal(500, "SOMETHING_NEW"), Verdict::Open, Verdict::Final),
            (refusal(503, "OVERLOAD_LIMIT"), Verdict::Final, Verdict::Final),
            (refusal(400, "INVALID_ARG_VALUE"), Verdict::Final, Verdict::Final),
            (refusal(400, "SOMETHING_NEW"), Verdict::Final, Verdict::Final),
            (refusal(400, "ERROR_ENTITY_NOT_FOUND"), Verdict::Final, Verdict::Final),
            (refusal(200, "ERROR_PLACEMENT_MAX_COUNT"), Verdict::Final, Verdict::Final),
            (refusal(200, "INTERNAL_SERVER_ERROR"), Verdict::Final, Verdict::Final),
            (refusal(401, "CONNECTION_ERROR"), Verdict::Final, Verdict::Final),
            (page(404), Verdict::Final, Verdict::Final),
            (Error::transport(SdkCode::RedirectRefused, "x", true), Verdict::Final, Verdict::Final),
            (Error::decode("x"), Verdict::Final, Verdict::Final),
            (Error::auth("invalid_grant", "x"), Verdict::Final, Verdict::Final),
            (Error::usage(SdkCode::InvalidParams, "x"), Verdict::Final, Verdict::Final),
        ] {
            let judged = |method| judge(&RetryPolicy::default(), &call(ApiVersion::V2, method), &error);
            assert_eq!((judged("crm.deal.get"), judged("crm.deal.add")), (read, write), "{error}");
        }
    }

    #[test]
    fn a_caller_or_a_key_makes_a_write_repeatable() {
        let lost = Error::transport(SdkCode::NetworkError, "lost", true);
        let said = call(ApiVersion::V2, "crm.deal.update")
            .with_options(CallOptions::default().with_safety(Safety::Idempotent));
        assert_eq!(judge(&RetryPolicy::default(), &said, &lost), Verdict::Open);
        let keyed = CallOptions::default().with_idempotency_key("k");
        let v3 = call(ApiVersion::V3, "tasks.task.add").with_options(keyed.clone());
        assert_eq!(judge(&RetryPolicy::default(), &v3, &lost), Verdict::Open);
        // v2 and batches know no keys.
        for request in [call(ApiVersion::V2, "crm.deal.add"), call(ApiVersion::V3, "batch")] {
            let request = request.with_options(keyed.clone());
            assert_eq!(judge(&RetryPolicy::default(), &request, &lost), Verdict::Final);
        }
    }

    #[test]
    fn always_and_never_are_about_failures_of_the_network() {
        let lost = Error::transport(SdkCode::NetworkError, "lost", true);
        let always = RetryPolicy::default().with_retry_on_network_error(RetryOnNetworkError::Always);
        let never = RetryPolicy::default().with_retry_on_network_error(RetryOnNetworkError::Never);
        let (read, write) = (call(ApiVersion::V2, "crm.deal.get"), call(ApiVersion::V2, "crm.deal.add"));
        assert_eq!(judge(&always, &write, &lost), Verdict::Open);
        assert_eq!(judge(&never, &read, &lost), Verdict::Final);
        assert_eq!(judge(&never, &read, &page(502)), Verdict::Open);
        assert_eq!(judge(&never, &write, &refusal(503, "QUERY_LIMIT_EXCEEDED")), Verdict::NotRun);
        let own = CallOptions::default().with_retry_on_network_error(RetryOnNetworkError::Never);
        assert_eq!(judge(&always, &read.with_options(own), &lost), Verdict::Final);
    }

    #[test]
    fn lists_of_codes_are_extended_by_policy_and_call() {
        let odd = refusal(500, "something_odd");
        let read = call(ApiVersion::V2, "crm.deal.get");
        let hard = RetryPolicy::default().with_hard_codes(["SOMETHING_ODD"]);
        let soft = RetryPolicy::default().with_soft_codes(["SOMETHING_ODD"]);
        assert_eq!(judge(&hard, &read, &odd), Verdict::Final);
        assert_eq!(judge(&soft, &read, &odd), Verdict::Soft);
        let own = read.clone().with_options(CallOptions::default().with_hard_codes(["SOMETHING_ODD"]));
        assert_eq!(judge(&RetryPolicy::default(), &own, &odd), Verdict::Final);
        assert_eq!(judge(&RetryPolicy::default(), &read, &odd), Verdict::Open);
    }
}
