//! The two generations of the REST API.

use std::fmt;

/// Which generation of the portal's REST API a call goes to.
///
/// The same method name can exist in both with different parameters and replies (`tasks.task.get` does), so the
/// version is always the caller's choice and never guessed from the name.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `/rest/…`: every method of the portal; errors are `{"error", "error_description"}`.
    V2,
    /// `/rest/api/…`: the newer families; errors are `{"error": {"code", "message"}}`, no `next` and no `total`.
    V3,
}

impl ApiVersion {
    /// The name used in logs, spans and on the command line: `v2` or `v3`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
