//! Who is listened to.

/// Hears the portal's origin and no other, and tells of each foreign one once.
#[derive(Debug)]
pub struct OriginRule {
    portal: String,
    /// Anybody can post from as many origins as they like: it stops growing at some point.
    reported: Vec<String>,
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The portal.
    Portal,
    /// Another origin, the first time.
    New,
    /// Another origin, which has been told of, or one too many.
    Known,
}

impl OriginRule {
    /// Hears this origin, such as `https://example.bitrix24.com`.
    #[must_use]
    pub fn new(portal: impl Into<String>) -> Self {
        Self { portal: portal.into(), reported: Vec::new() }
    }

    /// Where a message came from.
    pub fn judge(&mut self, origin: &str) -> Origin {
        if origin == self.portal {
            return Origin::Portal;
        }
        if self.reported.len() >= MOST || self.reported.iter().any(|known| known == origin) {
            return Origin::Known;
        }
        self.reported.push(origin.to_owned());
        Origin::New
    }
}

const MOST: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_portals_own_origin_is_heard() {
        let mut rule = OriginRule::new("https://p.bitrix24.com");
        assert_eq!(rule.judge("https://p.bitrix24.com"), Origin::Portal);
        for foreign in [
            "http://p.bitrix24.com",
            "https://p.bitrix24.com:8443",
            "https://p.bitrix24.com.evil.com",
            "https://x.p.bitrix24.com",
            "null",
            "",
        ] {
            assert_eq!(rule.judge(foreign), Origin::New, "{foreign}");
            assert_eq!(rule.judge(foreign), Origin::Known, "{foreign}");
        }
    }

    #[test]
    fn the_memory_of_foreign_origins_ends_at_fifty() {
        let mut rule = OriginRule::new("https://p.bitrix24.com");
        let new = (0..1000).filter(|n| rule.judge(&format!("https://{n}.evil.com")) == Origin::New).count();
        assert_eq!((new, rule.reported.len()), (50, 50));
    }
}
