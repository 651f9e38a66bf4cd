//! The limits of a handle while it works.

use b24_limiter::{Limiter, Restrictions, RetryLayer, settings::InvalidRestrictions, stats::Stats};

/// What holds the calls of a [`B24`](crate::B24) back and sends them again.
///
/// The rate and the operating time belong to the portal: all handles on it in this process share them, so a change here is
/// one for all. What is sent again belongs to this handle and its clones.
#[derive(Clone, Debug)]
pub struct Limits {
    limiter: Limiter,
    retry: RetryLayer,
}

impl Limits {
    #[cfg(feature = "transport")]
    pub(crate) fn new(limiter: Limiter, retry: RetryLayer) -> Self {
        Self { limiter, retry }
    }

    /// The parameters as they are now.
    #[must_use]
    pub fn restrictions(&self) -> Restrictions {
        let mut restrictions = self.limiter.restrictions();
        restrictions.retry = self.retry.policy();
        restrictions
    }

    /// Changes parameters while calls are under way.
    ///
    /// ```
    /// use b24::{B24, limiter::settings::RateLimit};
    ///
    /// let b24 = B24::from_webhook_url("https://example.bitrix24.com/rest/1/k32t88gf3azpmwv3/")?;
    /// if let Some(limits) = b24.limits() {
    ///     limits.update(|restrictions| restrictions.rate = RateLimit::from_tariff("b24_enterprise"))?;
    /// }
    /// # Ok::<(), b24::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when the outcome makes no sense; then nothing changes.
    pub fn update(&self, change: impl FnOnce(&mut Restrictions)) -> Result<(), InvalidRestrictions> {
        let mut retry = self.retry.policy();
        self.limiter.update(|restrictions| {
            restrictions.retry = retry.clone();
            change(restrictions);
            retry = restrictions.retry.clone();
        })?;
        self.retry.set_policy(retry);
        Ok(())
    }

    /// What has been counted, and where the limits stand.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.limiter.stats().with_repeats(self.retry.repeats())
    }

    /// The limiter of the portal.
    #[must_use]
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }
}
