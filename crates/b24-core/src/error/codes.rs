//! What the portal's error codes mean: one table, every row a fact of the portal.
//!
//! Sources: <https://apidocs.bitrix24.com/error-codes.html>, <https://apidocs.bitrix24.com/settings/performance/limits.html>,
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>. Statuses differ between portals (scope errors come as 401
//! and 403, a deleted portal as 403, 410 and 500), so the code decides and not the status.

use std::fmt;

/// What is known about one error code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    code: &'static str,
    traits: u8,
}

/// Looks a code up, without regard to case. v3 codes are found by their last word, because the class path before it
/// differs between modules (`BITRIX_REST_V3_EXCEPTION_…`, `BITRIX_REST_V3_REALISATION_EXCEPTION_…`).
#[must_use]
pub fn find(code: &str) -> Option<&'static CodeInfo> {
    match v3_name(code) {
        Some(name) => V3.iter().find(|row| row.code.eq_ignore_ascii_case(name)),
        None => V2.iter().find(|row| row.code.eq_ignore_ascii_case(code)),
    }
}

/// All rows: codes of v2, then the last words of v3 codes.
pub fn all() -> impl Iterator<Item = &'static CodeInfo> {
    V2.iter().chain(V3)
}

impl CodeInfo {
    /// The code; for v3 the last word of its class path (`ENTITYNOTFOUND`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Final: on the official SDK's list of codes that no repeat can help, or of the same sort.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.has(HARD)
    }

    /// A condition to look at rather than a fault.
    #[must_use]
    pub fn is_soft(&self) -> bool {
        self.has(SOFT)
    }

    /// The caller was too fast or spent too much; the call did not run.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.has(LIMIT)
    }

    /// Credentials, rights or scope were refused.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        self.has(AUTH)
    }

    /// The portal may have executed the call.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        self.has(RAN)
    }

    /// Renewing the credentials may help, once.
    #[must_use]
    pub fn refresh_helps(&self) -> bool {
        self.has(REFRESH)
    }

    /// The same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.has(LATER)
    }

    /// Only what stands in front of every method says this: the rate limit, the check of credentials, the look-up of the
    /// method, also for each command of a batch.
    pub(crate) fn is_of_the_front(&self) -> bool {
        const FRONT: [&str; 5] = [
            "wrong_client",
            "insufficient_scope",
            "ERROR_METHOD_NOT_FOUND",
            "ERROR_BATCH_LENGTH_EXCEEDED",
            "ERROR_BATCH_METHOD_NOT_ALLOWED",
        ];
        self.is_limit() || self.refresh_helps() || FRONT.contains(&self.code)
    }

    /// A v3 batch says this before any of its items has run: everything else may come from an item in its middle.
    pub(crate) fn is_before_a_batch(&self) -> bool {
        self.is_limit() || matches!(self.code, "METHODNOTFOUND" | "INVALIDJSON")
    }

    fn has(&self, bit: u8) -> bool {
        self.traits & bit != 0
    }
}

impl fmt::Debug for CodeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (HARD, "hard"),
            (SOFT, "soft"),
            (LIMIT, "limit"),
            (AUTH, "auth"),
            (RAN, "may have run"),
            (REFRESH, "refresh helps"),
            (LATER, "transient"),
        ];
        let set: Vec<_> = names.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| name).collect();
        f.debug_tuple("CodeInfo").field(&self.code).field(&set).finish()
    }
}

/// The last word of a v3 code, without `EXCEPTION`.
fn v3_name(code: &str) -> Option<&str> {
    const PREFIX: &str = "BITRIX_REST_V3_";
    const SUFFIX: &str = "EXCEPTION";
    let path =
        code.get(..PREFIX.len()).filter(|head| head.eq_ignore_ascii_case(PREFIX)).map(|_| &code[PREFIX.len()..])?;
    let last = path.rsplit('_').next().unwrap_or(path);
    let cut = last.len().checked_sub(SUFFIX.len())?;
    last.get(cut..).filter(|tail| tail.eq_ignore_ascii_case(SUFFIX)).map(|_| &last[..cut])
}

const HARD: u8 = 1;
const SOFT: u8 = 1 << 1;
const LIMIT: u8 = 1 << 2;
const AUTH: u8 = 1 << 3;
const RAN: u8 = 1 << 4;
const REFRESH: u8 = 1 << 5;
const LATER: u8 = 1 << 6;

const fn row(code: &'static str, traits: u8) -> CodeInfo {
    CodeInfo { code, traits }
}

const V2: &[CodeInfo] = &[
    // Limits: refused in front of the method, so a repeat is always safe.
    row("QUERY_LIMIT_EXCEEDED", LIMIT | LATER),
    row("OPERATION_TIME_LIMIT", LIMIT | LATER),
    // A manual block by the vendor's support, not a rate: waiting does not help.
    row("OVERLOAD_LIMIT", HARD | LIMIT),
    // The portal failed on the way: nobody knows how far it came.
    row("INTERNAL_SERVER_ERROR", RAN | LATER),
    row("ERROR_UNEXPECTED_ANSWER", RAN | LATER),
    row("ERROR_CORE", RAN),
    // The method ran, and its result could not be written.
    row("WRONG_ENCODING", RAN),
    // Credentials.
    row("expired_token", HARD | AUTH | REFRESH),
    row("invalid_token", HARD | AUTH | REFRESH),
    row("NO_AUTH_FOUND", HARD | AUTH),
    row("INVALID_CREDENTIALS", HARD | AUTH),
    row("AUTHORIZE_ERROR", HARD | AUTH),
    row("authorization_error", HARD | AUTH),
    row("user_access_error", HARD | AUTH),
    row("APPLICATION_NOT_FOUND", HARD | AUTH),
    row("ERROR_OAUTH", HARD | AUTH),
    row("NOT_INSTALLED", HARD | AUTH),
    row("WRONG_AUTH_TYPE", HARD | AUTH),
    // The portal could not reach the authorisation server.
    row("CONNECTION_ERROR", AUTH | LATER),
    // Answers of the authorisation server; `wrong_client` comes with status 200.
    row("invalid_grant", HARD | AUTH),
    row("invalid_client", HARD | AUTH),
    row("wrong_client", HARD | AUTH),
    row("bad_verification_code", HARD | AUTH),
    row("invalid_scope", HARD | AUTH),
    // Rights, scope, plan.
    row("insufficient_scope", HARD | AUTH),
    row("ACCESS_DENIED", HARD | AUTH),
    row("allowed_only_intranet_user", HARD | AUTH),
    row("PAYMENT_REQUIRED", HARD | AUTH),
    row("WRONG_LICENSE", HARD | AUTH),
    row("METHOD_CONFIRM_WAITING", AUTH | LATER),
    row("METHOD_CONFIRM_DENIED", HARD | AUTH),
    // Routing: no such method, portal, transport.
    row("INVALID_REQUEST", HARD),
    row("ERROR_METHOD_NOT_FOUND", HARD),
    row("ERROR_MANIFEST_IS_NOT_AVAILABLE", HARD),
    row("PORTAL_DELETED", HARD),
    row("INTERNAL_WRONG_TRANSPORT", HARD),
    row("INTERNAL_WRONG_HANDLER_CLASS", HARD),
    row("ERROR_BATCH_LENGTH_EXCEEDED", HARD),
    row("ERROR_BATCH_METHOD_NOT_ALLOWED", HARD),
    // Said by handlers: normally nothing was done, but a handler of several parts can be half way through.
    row("100", HARD | RAN),
    row("0", RAN),
    row("", RAN),
    row("NOT_FOUND", HARD | RAN),
    row("ERROR_NOT_FOUND", RAN),
    row("ERROR_ENTITY_NOT_FOUND", SOFT | RAN),
    row("ERROR_ARGUMENT", RAN),
    row("INVALID_ARG_VALUE", HARD | RAN),
    row("ERR_BAD_REQUEST", HARD | RAN),
    row("ERROR_PLACEMENT_MAX_COUNT", RAN),
    row("ERROR_EVENT_NOT_FOUND", RAN),
];

const V3: &[CodeInfo] = &[
    row("RATELIMIT", LIMIT | LATER),
    row("INTERNAL", RAN | LATER),
    // 401 for any credentials, an expired token included; 403 for rights.
    row("ACCESSDENIED", SOFT | AUTH | REFRESH),
    row("INSUFFICIENTSCOPE", HARD | AUTH),
    row("MARKETSUBSCRIPTIONREQUIRED", HARD | AUTH),
    row("LICENSE", HARD | AUTH),
    row("RESTUNAVAILABLE", HARD | AUTH),
    row("METHODNOTFOUND", SOFT),
    // Refused by the checks in front of the controller.
    row("INVALIDJSON", SOFT),
    row("INVALIDFILTER", SOFT),
    row("INVALIDSELECT", SOFT),
    row("INVALIDORDER", 0),
    row("INVALIDPAGINATION", 0),
    row("UNKNOWNFILTEROPERATOR", 0),
    row("UNKNOWNDTOPROPERTY", SOFT),
    row("REQUESTVALIDATION", SOFT),
    row("DTOVALIDATION", SOFT),
    row("FIELDNOTFOUND", 0),
    row("ENTITYNOTFOUND", SOFT),
    // The earlier call with this key may have run; this one did not.
    row("IDEMPOTENCYKEYREUSED", HARD),
    row("INVALIDIDEMPOTENCYKEY", HARD),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_compared_without_case() {
        assert_eq!(find("EXPIRED_TOKEN"), find("expired_token"));
        assert!(find("expired_token").unwrap().refresh_helps());
        assert!(find("Bitrix_Rest_V3_Exception_EntityNotFoundException").unwrap().is_soft());
    }

    #[test]
    fn v3_codes_are_found_by_their_last_word() {
        for code in [
            "BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION",
            "BITRIX_REST_V3_EXCEPTION_REQUESTVALIDATIONEXCEPTION",
        ] {
            assert_eq!(find(code).unwrap().code(), "REQUESTVALIDATION");
        }
        let other_path = "BITRIX_REST_V3_REALISATION_EXCEPTION_FIELDNOTFOUNDEXCEPTION";
        assert_eq!(find(other_path).unwrap().code(), "FIELDNOTFOUND");
        for code in
            ["BITRIX_REST_V3_", "BITRIX_REST_V3_EXCEPTION", "BITRIX_REST_V3_ENTITYNOTFOUND", "ENTITYNOTFOUND", "é"]
        {
            assert!(find(code).is_none(), "{code}");
        }
    }

    #[test]
    fn soft_codes_are_exactly_those_of_the_official_sdk() {
        let soft: HashSet<_> = all().filter(|row| row.is_soft()).map(CodeInfo::code).collect();
        let want = [
            "ERROR_ENTITY_NOT_FOUND",
            "ACCESSDENIED",
            "INVALIDJSON",
            "INVALIDFILTER",
            "INVALIDSELECT",
            "ENTITYNOTFOUND",
            "METHODNOTFOUND",
            "UNKNOWNDTOPROPERTY",
            "REQUESTVALIDATION",
            "DTOVALIDATION",
        ];
        assert_eq!(soft, HashSet::from(want));
    }

    #[test]
    fn refusals_before_the_handler_have_not_run() {
        for code in [
            "QUERY_LIMIT_EXCEEDED",
            "OPERATION_TIME_LIMIT",
            "INVALID_CREDENTIALS",
            "ERROR_METHOD_NOT_FOUND",
            "insufficient_scope",
        ] {
            assert!(!find(code).unwrap().may_have_run(), "{code}");
        }
        for code in ["INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER", "ERROR_CORE", "WRONG_ENCODING", ""] {
            assert!(find(code).unwrap().may_have_run(), "{code}");
        }
    }

    #[test]
    fn no_code_stands_twice_and_none_is_hard_and_soft() {
        let mut seen = HashSet::new();
        for row in all() {
            assert!(seen.insert(row.code().to_ascii_lowercase()), "{row:?}");
            assert!(!(row.is_hard() && row.is_soft()), "{row:?}");
            assert!(!(row.is_limit() && row.may_have_run()), "{row:?}");
        }
    }
}
