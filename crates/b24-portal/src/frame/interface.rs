//! What a place in the portal lets an application say beyond what every place does.
//!
//! <https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/index.html>

/// The place where an application has its own page.
pub(crate) const DEFAULT: &str = "DEFAULT";

/// The commands and events of one placement.
pub(crate) struct Interface {
    pub(crate) commands: &'static [&'static str],
    pub(crate) events: &'static [&'static str],
}

/// Those of a placement; most have none.
pub(crate) fn of(placement: &str) -> Interface {
    match placement {
        // https://apidocs.bitrix24.com/api-reference/widgets/telephony/call-card.html
        "CALL_CARD" => Interface {
            commands: &["getStatus", "disableAutoClose", "enableAutoClose"],
            events: &["CallCard::EntityChanged", "CallCard::BeforeClose", "CallCard::CallStateChanged"],
        },
        // https://apidocs.bitrix24.com/api-reference/widgets/user-field/index.html
        "USERFIELD_TYPE" => Interface { commands: &["getValue", "setValue"], events: &[] },
        _ => Interface { commands: &[], events: &[] },
    }
}

/// Whether a command is for the application's own page only: elsewhere it would change somebody else's.
pub(crate) fn is_for_own_page(command: &str) -> bool {
    matches!(command, "setTitle" | "setScroll" | "reloadWindow")
}
