//! What a portal says of itself and of an application.

use super::coded::worded;

worded! {
    /// How an application came to the portal (`STATUS` of `app.info`, `status` of a token).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/system/app-info.html>
    AppStatus {
        /// Free.
        Free = "F",
        /// A demo version.
        Demo = "D",
        /// A trial, for a time.
        Trial = "T",
        /// Bought.
        Paid = "P",
        /// Local: made for this portal alone.
        Local = "L",
        /// Part of a subscription.
        Subscription = "S",
    }
}

/// Where a portal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// In the cloud of the vendor. Ids grow by two.
    Cloud,
    /// On a server of its owner. Ids grow by one, and the cloud's limits do not hold.
    SelfHosted,
}

impl Edition {
    /// Told by the `LICENSE` of `app.info`, such as `en_selfhosted`.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/system/app-info.html>
    #[must_use]
    pub fn of_license(license: &str) -> Self {
        if license.contains("selfhosted") { Self::SelfHosted } else { Self::Cloud }
    }

    /// The official SDK's name of it: `b24` or `box`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cloud => "b24",
            Self::SelfHosted => "box",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_letters() {
        let letters = ["F", "D", "T", "P", "L", "S"];
        let known = letters.map(AppStatus::from);
        assert!(known.iter().all(|status| !matches!(status, AppStatus::Other(_))));
        assert_eq!(known.map(|status| status.to_string()), letters);
        assert_eq!(AppStatus::from("X"), AppStatus::Other("X".into()));
    }

    #[test]
    fn the_licence_tells_the_edition() {
        assert_eq!(Edition::of_license("ru_selfhosted"), Edition::SelfHosted);
        assert_eq!(Edition::of_license("en_enterprise"), Edition::Cloud);
    }
}
