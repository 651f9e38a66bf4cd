//! Whose a record is.

use super::{StoreError, StoreErrorKind, TokenKey, TokenRecord};

/// Refuses a record of another portal, or of another user where both are told, than the key names.
pub(super) fn check(key: &TokenKey, record: &TokenRecord) -> Result<(), StoreError> {
    let params = record.params();
    let user = match (key.user(), params.user_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        // The application's own tokens were got in the name of some user.
        (None, _) | (_, None) => true,
    };
    if user && params.member_id() == key.member_id() { Ok(()) } else { Err(StoreError::new(StoreErrorKind::Foreign)) }
}
