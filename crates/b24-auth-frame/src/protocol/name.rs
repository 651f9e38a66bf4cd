//! What a portal calls the frame.

use b24_core::{AddressError, PortalAddress};

use crate::FrameError;

/// The name that a portal gives the frame of an application, and that the application finds in `window.name`:
/// `domain|protocol|application`, where protocol is 1 for https.
///
/// ```
/// use b24_auth_frame::protocol::FrameName;
///
/// let name = FrameName::parse("example.bitrix24.com|1|573ad8a0346747")?;
/// assert_eq!(name.portal().to_string(), "https://example.bitrix24.com");
/// # Ok::<(), b24_auth_frame::FrameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameName {
    portal: PortalAddress,
    app_sid: String,
}

impl FrameName {
    /// Reads `window.name`.
    ///
    /// # Errors
    /// [`FrameError::NotInFrame`], with what is wrong: the page was opened outside of a portal, or by one that is reached
    /// without TLS.
    pub fn parse(name: &str) -> Result<Self, FrameError> {
        let refused = |why| FrameError::NotInFrame { why };
        if name.is_empty() {
            return Err(refused("`window.name` is empty"));
        }
        let mut parts = name.split('|');
        let (Some(domain), Some(protocol), Some(app_sid), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused("`window.name` is not `domain|protocol|application`"));
        };
        let scheme = match protocol.trim() {
            "1" => "https",
            "0" => "http",
            _ => return Err(refused("the protocol in `window.name` is neither 0 nor 1")),
        };
        let portal = address(scheme, domain).map_err(|error| {
            refused(match error {
                AddressError::NotHttps => "the portal is not reached by https",
                _ => "the domain in `window.name` is none",
            })
        })?;
        // It ends a message, after a colon.
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !(1..=255).contains(&app_sid.len()) || !app_sid.bytes().all(legal) {
            return Err(refused("the application in `window.name` is none"));
        }
        Ok(Self { portal, app_sid: app_sid.to_owned() })
    }

    /// The portal that opened the frame.
    #[must_use]
    pub fn portal(&self) -> &PortalAddress {
        &self.portal
    }

    /// The application on this page, as the portal calls it for the time it is open.
    #[must_use]
    pub fn app_sid(&self) -> &str {
        &self.app_sid
    }
}

/// A host, perhaps with a port, and nothing more.
fn address(scheme: &str, domain: &str) -> Result<PortalAddress, AddressError> {
    if domain.contains(['/', '?', '#', '\\', '@']) {
        return Err(AddressError::Invalid);
    }
    // A server behind another one that speaks TLS for it may name its own port, which no browser sees.
    let domain = if scheme == "https" { domain.strip_suffix(":80").unwrap_or(domain) } else { domain };
    format!("{scheme}://{domain}").parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_named_after_its_portal() {
        for (name, portal) in [
            ("p.bitrix24.com|1|abc", "https://p.bitrix24.com"),
            ("P.Bitrix24.com:443|1|abc", "https://p.bitrix24.com"),
            ("p.bitrix24.com:80|1|abc", "https://p.bitrix24.com"),
            ("p.example.com:8443|1|abc", "https://p.example.com:8443"),
            ("127.0.0.1:80|0|abc", "http://127.0.0.1"),
            ("127.0.0.1:40817|0|abc", "http://127.0.0.1:40817"),
        ] {
            let name = FrameName::parse(name).unwrap();
            assert_eq!((name.portal().to_string().as_str(), name.app_sid()), (portal, "abc"));
        }
    }

    #[test]
    fn a_page_opened_outside_of_a_portal_is_told_so() {
        for name in [
            "",
            "_blank",
            "p.bitrix24.com",
            "p.bitrix24.com|1",
            "p.bitrix24.com|1|",
            "|1|abc",
            "p.bitrix24.com|2|abc",
            "p.bitrix24.com||abc",
            "p.bitrix24.com|1|abc|more",
            "p.bitrix24.com|0|abc",
            "p.bitrix24.com|1|a:b",
            "p.bitrix24.com|1|a b",
            "p.bitrix24.com/x|1|abc",
            "u@p.bitrix24.com|1|abc",
            "p .com|1|abc",
        ] {
            assert!(matches!(FrameName::parse(name), Err(FrameError::NotInFrame { .. })), "{name:?}");
        }
    }
}
