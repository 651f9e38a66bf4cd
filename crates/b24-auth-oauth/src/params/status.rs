//! How an application is installed.

/// The status of an application on a portal.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/common/system/app-info.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum AppStatus {
    /// `F`: free, and what the portal calls by a letter that is not known here.
    #[default]
    Free,
    /// `L`: made for this portal.
    Local,
    /// `D`: a demonstration.
    Demo,
    /// `T`: a trial, for some time.
    Trial,
    /// `P`: paid for.
    Paid,
    /// `S`: part of a subscription.
    Subscription,
}

impl AppStatus {
    /// The portal's letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "F",
            Self::Local => "L",
            Self::Demo => "D",
            Self::Trial => "T",
            Self::Paid => "P",
            Self::Subscription => "S",
        }
    }

    pub(crate) fn of(letter: &str) -> Self {
        match letter {
            "L" => Self::Local,
            "D" => Self::Demo,
            "T" => Self::Trial,
            "P" => Self::Paid,
            "S" => Self::Subscription,
            _ => Self::Free,
        }
    }
}
