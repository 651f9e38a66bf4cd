//! How many calls a second.

use super::{InvalidRestrictions, invalid};

/// The portal's leaky bucket: every request fills it by one, once a second it drains, above its size requests are refused.
///
/// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many calls may go out at once, from an empty bucket: 1 or more.
    pub burst: f64,
    /// How many calls a second drain from it, and may follow.
    pub drain_per_second: f64,
    /// Whether refusals lower the rate for a while: other processes on this host may share the bucket.
    pub adaptive: bool,
}

impl RateLimit {
    /// A bucket of a portal's own numbers, adaptive.
    #[must_use]
    pub fn new(burst: f64, drain_per_second: f64) -> Self {
        Self { burst, drain_per_second, adaptive: true }
    }

    /// The numbers of the Enterprise plan: 250 at once, 5 a second.
    #[must_use]
    pub fn enterprise() -> Self {
        Self::new(250.0, 5.0)
    }

    /// The numbers of a plan, told by the licence's name, such as `LICENSE_FAMILY` of `app.info`. The name may carry a
    /// region or a size (`b24_enterprise`, `ru_enterprise250`). A self-hosted portal (`selfhosted`) has no limit, hence
    /// `None`; everything else is a plan of 50 at once, 2 a second.
    ///
    /// It is the rate alone: assign it to [`Restrictions::rate`](super::Restrictions::rate), and what else was set stays.
    #[must_use]
    pub fn from_tariff(name: &str) -> Option<Self> {
        let words = || name.split(|char: char| !char.is_ascii_alphanumeric());
        if words().any(|word| is_word(word, "selfhosted")) {
            return None;
        }
        Some(if words().any(|word| is_word(word, "enterprise")) { Self::enterprise() } else { Self::default() })
    }

    pub(super) fn check(&self) -> Result<(), InvalidRestrictions> {
        invalid::number("rateLimit.burstLimit", self.burst, 1.0..=MOST, "a number from 1 to a million")?;
        let text = "a number above 0, at most a million";
        invalid::number("rateLimit.drainRate", self.drain_per_second, LEAST_DRAIN..=MOST, text)
    }
}

impl Default for RateLimit {
    /// Every plan but Enterprise: 50 at once, 2 a second.
    fn default() -> Self {
        Self::new(50.0, 2.0)
    }
}

/// Whether `part` is `word`, perhaps with a number behind it.
fn is_word(part: &str, word: &str) -> bool {
    let same = part.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    same && part[word.len()..].bytes().all(|byte| byte.is_ascii_digit())
}

const MOST: f64 = 1e6;
/// A call in 20 minutes: below that a wait is no rate.
const LEAST_DRAIN: f64 = 0.001;

#[cfg(test)]
mod tests {
    use super::*;

    // Defect 8 of the official SDK: it knows the bare word alone, and enterprise portals never get their rate.
    #[test]
    fn a_licence_with_region_and_size_is_recognised() {
        for (name, want) in [
            ("enterprise", Some(250.0)),
            ("Enterprise", Some(250.0)),
            ("b24_enterprise", Some(250.0)),
            ("ru_enterprise250", Some(250.0)),
            ("enterprise-1000", Some(250.0)),
            ("pro100", Some(50.0)),
            ("project", Some(50.0)),
            ("notenterprise", Some(50.0)),
            ("enterprisey", Some(50.0)),
            ("", Some(50.0)),
            ("é_ENTERPRISE_ü", Some(250.0)),
            ("ru_selfhosted", None),
        ] {
            assert_eq!(RateLimit::from_tariff(name).map(|rate| rate.burst), want, "{name}");
        }
    }
}
