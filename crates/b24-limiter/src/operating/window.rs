//! The ten minutes that a portal looks back on.

use std::{collections::VecDeque, time::Duration};

/// The client's copy of one counter: what this process spent in which minute, what others did, and when that expires.
///
/// The portal tells the sum and when the oldest part of it expires, but not how large that part is. What this process
/// spent, and when, is known; the rest of the sum is taken for the oldest part.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// By minute, oldest first.
    own: VecDeque<Part>,
    others: Duration,
    others_expire: Duration,
    /// What others spent is thought to have expired as a whole, and the portal has not said so yet.
    unconfirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    /// The portal's minute.
    minute: u64,
    spent: Duration,
    expires: Duration,
}

impl Window {
    /// What counts now.
    pub(super) fn sum(&mut self, now: Duration) -> Duration {
        self.own.retain(|part| part.expires > now);
        if self.others_expire <= now && !self.others.is_zero() {
            self.others = Duration::ZERO;
            self.unconfirmed = true;
        }
        self.own_sum().saturating_add(self.others)
    }

    /// This process has spent something that expires then. A minute expires as a whole, with the first that was spent in
    /// it.
    pub(super) fn add(&mut self, spent: Duration, minute: u64, expires: Duration) {
        if spent.is_zero() {
            return;
        }
        let after = self.own.iter().rposition(|part| part.minute <= minute);
        match after.and_then(|place| self.own.get_mut(place)).filter(|part| part.minute == minute) {
            Some(part) => {
                part.spent = part.spent.saturating_add(spent);
                part.expires = part.expires.min(expires);
            }
            None => self.own.insert(after.map_or(0, |place| place + 1), Part { minute, spent, expires }),
        }
    }

    /// The portal tells the sum, and perhaps when the oldest part of it expires. What we did not spend others did, and
    /// theirs is taken for the oldest part. Of ours, what is older than the oldest has expired; what is still too much was
    /// billed at less than it took.
    pub(super) fn set(&mut self, total: Duration, now: Duration, reset: Option<Duration>, last: Duration) {
        self.sum(now);
        self.unconfirmed = false;
        if let Some(reset) = reset {
            self.own.retain(|part| part.expires + SLACK >= reset);
        }
        let own = self.own_sum();
        self.others = total.saturating_sub(own);
        self.others_expire = reset.unwrap_or(last);
        if own > total {
            let share = total.as_secs_f64() / own.as_secs_f64();
            self.own.iter_mut().for_each(|part| part.spent = part.spent.mul_f64(share));
        }
        let Some(reset) = reset else { return };
        // Nothing expires before the oldest part, and that is one of ours when there are no others.
        self.own.iter_mut().for_each(|part| part.expires = part.expires.max(reset));
        if let Some(first) = self.own.front_mut().filter(|_| self.others.is_zero()) {
            first.expires = reset;
        }
    }

    /// Nothing counts after that.
    pub(super) fn clear_at(&mut self, expires: Duration) {
        self.others_expire = self.others_expire.min(expires);
        for part in &mut self.own {
            part.expires = part.expires.min(expires);
        }
    }

    /// Whether nobody has told how much is left of what others spent.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.unconfirmed
    }

    /// When the first part expires.
    pub(super) fn first_expiry(&self) -> Option<Duration> {
        self.parts().map(|(expires, _)| expires).min()
    }

    /// When the sum will not be above `most` any more, if nothing is added.
    pub(super) fn falls_to(&mut self, most: Duration, now: Duration) -> Option<Duration> {
        let mut sum = self.sum(now);
        let mut when = None;
        // There are about a dozen parts: looking for the next one is as good as sorting them.
        while sum > most {
            let later = self.parts().map(|(expires, _)| expires).filter(|expires| Some(*expires) > when);
            let Some(next) = later.min() else { break };
            let given_back = self.parts().filter(|(expires, _)| *expires == next).map(|(_, spent)| spent);
            sum = given_back.fold(sum, Duration::saturating_sub);
            when = Some(next);
        }
        when
    }

    fn parts(&self) -> impl Iterator<Item = (Duration, Duration)> {
        let others = Some((self.others_expire, self.others)).filter(|(_, spent)| !spent.is_zero());
        self.own.iter().map(|part| (part.expires, part.spent)).chain(others)
    }

    fn own_sum(&self) -> Duration {
        self.own.iter().fold(Duration::ZERO, |sum, part| sum.saturating_add(part.spent))
    }
}

/// How much the two clocks may differ on one moment: portals tell whole seconds.
const SLACK: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn window(parts: &[(u64, u32, u32)]) -> Window {
        let mut window = Window::default();
        for (minute, spent, expires) in parts {
            window.add(S * *spent, *minute, S * *expires);
        }
        window
    }

    #[test]
    fn a_minute_is_given_back_after_another() {
        // Long work tells late when it began.
        let mut window = window(&[(1, 6, 670), (0, 6, 600), (0, 2, 601)]);
        assert_eq!(window.sum(S * 599), S * 14);
        assert_eq!(window.falls_to(S * 6, S * 599), Some(S * 600));
        assert_eq!(window.falls_to(S * 5, S * 599), Some(S * 670));
        assert_eq!(window.falls_to(S * 14, S * 599), None);
        assert_eq!(window.sum(S * 600), S * 6);
        assert_eq!(window.sum(S * 670), Duration::ZERO);
    }

    #[test]
    fn the_portals_word_replaces_ours() {
        let mut window = window(&[(0, 6, 600), (1, 6, 670)]);
        // Others have spent eight, and the first of it expires at 500.
        window.set(S * 20, S * 130, Some(S * 500), S * 730);
        assert_eq!((window.sum(S * 130), window.sum(S * 500)), (S * 20, S * 12));
        // The oldest part is another one now: ours has expired.
        window.set(S * 6, S * 510, Some(S * 671), S * 740);
        assert_eq!((window.sum(S * 670), window.sum(S * 671)), (S * 6, Duration::ZERO));
    }

    #[test]
    fn what_is_billed_at_half_counts_at_half_in_every_minute() {
        let mut window = window(&[(0, 40, 600), (1, 80, 660)]);
        window.set(S * 60, S * 70, Some(S * 600), S * 670);
        assert_eq!((window.sum(S * 70), window.sum(S * 600)), (S * 60, S * 40));
    }

    #[test]
    fn a_ban_clears_everything_at_its_end() {
        let mut window = window(&[(0, 6, 600), (1, 6, 670)]);
        window.set(S * 20, S * 130, None, S * 730);
        window.clear_at(S * 430);
        assert_eq!((window.sum(S * 429), window.sum(S * 430)), (S * 20, Duration::ZERO));
    }

    proptest! {
        /// The model is the portal's: by minute of its clock the first call and the sum, each part for ten minutes after
        /// its first call. The copy never believes less than that, whether it is told the sum or not.
        #[test]
        fn follows_the_portal(told: bool, calls in prop::collection::vec((0_u32..90, 1_u32..60), 1..80)) {
            let mut window = Window::default();
            let mut model: Vec<(u64, u32, u32)> = Vec::new();
            let mut now = 0;
            for (pause, cost) in calls {
                now += pause;
                model.retain(|(_, first, _)| first + 600 > now);
                let sum: u32 = model.iter().map(|(_, _, spent)| spent).sum();
                prop_assert_eq!(window.sum(S * now), S * sum);
                let minute = u64::from(now / 60);
                match model.iter_mut().find(|(known, _, _)| *known == minute) {
                    Some((_, _, spent)) => *spent += cost,
                    None => model.push((minute, now, cost)),
                }
                window.add(S * cost, minute, S * (now + 600));
                if told {
                    window.set(S * (sum + cost), S * now, Some(S * (model[0].1 + 600)), S * (now + 600));
                }
            }
        }
    }
}
