//! Events about the application itself.

use std::borrow::Cow;

use serde_json::Value;

use super::field;

/// What an event about the application says. A field that did not come, or cannot be read, is `None`.
///
/// Sources: <https://apidocs.bitrix24.com/api-reference/common/events/index.html>,
/// <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Known<'a> {
    /// `ONAPPINSTALL`: the application was installed. Keep its application token and its tokens.
    #[non_exhaustive]
    Install {
        /// The version of the application.
        version: Option<Cow<'a, str>>,
        /// Whether it is active.
        active: Option<bool>,
        /// Whether its installation is finished.
        installed: Option<bool>,
        /// The language of the portal, such as `en`.
        language: Option<Cow<'a, str>>,
    },
    /// `ONAPPUPDATE`: a new version was installed. Brings a new application token and new tokens.
    #[non_exhaustive]
    Update {
        /// The version that is installed now.
        version: Option<Cow<'a, str>>,
        /// The version before.
        previous_version: Option<Cow<'a, str>>,
        /// The language of the portal.
        language: Option<Cow<'a, str>>,
    },
    /// `ONAPPUNINSTALL`: the application was removed, and its tokens work no more.
    #[non_exhaustive]
    Uninstall {
        /// Whether the user asked for its data to be deleted.
        clean: Option<bool>,
        /// The language of the portal.
        language: Option<Cow<'a, str>>,
    },
    /// `ONAPPTEST`: somebody called `event.test`.
    Test,
    /// `ONSUBSCRIPTIONRENEW`: the subscription that the application is part of was renewed.
    SubscriptionRenewal,
    /// `ONOFFLINEEVENT`: events wait in the portal's offline queue.
    Offline,
    /// Any other.
    Other,
}

impl<'a> Known<'a> {
    pub(super) fn of(name: &str, data: &'a Value) -> Self {
        let text = |name: &str| data.get(name).and_then(field::text);
        let flag = |name: &str| data.get(name).and_then(field::flag);
        match name {
            "ONAPPINSTALL" => Self::Install {
                version: text("VERSION"),
                active: flag("ACTIVE"),
                installed: flag("INSTALLED"),
                language: text("LANGUAGE_ID"),
            },
            "ONAPPUPDATE" => Self::Update {
                version: text("VERSION"),
                previous_version: text("PREVIOUS_VERSION"),
                language: text("LANGUAGE_ID"),
            },
            "ONAPPUNINSTALL" => Self::Uninstall { clean: flag("CLEAN"), language: text("LANGUAGE_ID") },
            "ONAPPTEST" => Self::Test,
            "ONSUBSCRIPTIONRENEW" => Self::SubscriptionRenewal,
            "ONOFFLINEEVENT" => Self::Offline,
            _ => Self::Other,
        }
    }
}
