//! The ten minutes that a portal looks back on.

use std::{collections::VecDeque, time::Duration};

/// The client's copy of one counter: what was spent in which minute, and when that expires.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// In the order they expire.
    parts: VecDeque<Part>,
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
        while self.parts.front().is_some_and(|part| part.expires <= now) {
            self.parts.pop_front();
        }
        self.parts.iter().fold(Duration::ZERO, |sum, part| sum.saturating_add(part.spent))
    }

    /// Adds what the portal has not told yet, or never tells.
    pub(super) fn add(&mut self, spent: Duration, minute: u64, expires: Duration) {
        if spent.is_zero() {
            return;
        }
        match self.parts.back_mut().filter(|part| part.minute == minute) {
            Some(part) => part.spent = part.spent.saturating_add(spent),
            None => {
                // A clock that was set back must not disturb the order.
                let expires = self.parts.back().map_or(expires, |last| last.expires.max(expires));
                self.parts.push_back(Part { minute, spent, expires });
            }
        }
    }

    /// Makes the sum what the portal says it is: what is missing was spent in this minute, what is too much has expired.
    pub(super) fn set(&mut self, total: Duration, minute: u64, now: Duration, expires: Duration) {
        let own = self.sum(now);
        self.add(total.saturating_sub(own), minute, expires);
        let mut excess = own.saturating_sub(total);
        while let Some(oldest) = self.parts.front_mut().filter(|_| !excess.is_zero()) {
            let cut = oldest.spent.min(excess);
            oldest.spent -= cut;
            excess -= cut;
            if oldest.spent.is_zero() {
                self.parts.pop_front();
            }
        }
    }

    /// The oldest part expires then, and no other before it.
    pub(super) fn set_first_expiry(&mut self, expires: Duration) {
        if let Some(first) = self.parts.front_mut() {
            first.expires = expires;
        }
        for part in &mut self.parts {
            part.expires = part.expires.max(expires);
        }
    }

    /// Nothing counts after that.
    pub(super) fn clear_at(&mut self, expires: Duration) {
        for part in &mut self.parts {
            part.expires = part.expires.min(expires);
        }
    }

    /// When the oldest part expires.
    pub(super) fn first_expiry(&self) -> Option<Duration> {
        self.parts.front().map(|part| part.expires)
    }

    /// When the sum will not be above `most` any more, if nothing is added.
    pub(super) fn falls_to(&mut self, most: Duration, now: Duration) -> Option<Duration> {
        let mut sum = self.sum(now);
        let mut parts = self.parts.iter();
        let mut when = None;
        while sum > most {
            let part = parts.next()?;
            sum = sum.saturating_sub(part.spent);
            when = Some(part.expires);
        }
        when
    }
}

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
        let mut window = window(&[(0, 6, 600), (0, 2, 601), (1, 6, 670)]);
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
        window.set(S * 20, 2, S * 130, S * 730);
        assert_eq!((window.sum(S * 130), window.falls_to(S * 8, S * 130)), (S * 20, Some(S * 670)));
        // Less than we thought: the oldest part must have expired.
        window.set(S * 9, 2, S * 140, S * 740);
        assert_eq!((window.sum(S * 140), window.first_expiry()), (S * 9, Some(S * 670)));
        window.set_first_expiry(S * 650);
        assert_eq!(window.sum(S * 650), S * 8);
        window.clear_at(S * 700);
        assert_eq!(window.sum(S * 700), Duration::ZERO);
    }

    proptest! {
        /// The model is the portal's: by minute of its clock the first call and the sum, each part for ten minutes after
        /// its first call. Told every sum and every reset, the copy never believes less than the portal counts.
        #[test]
        fn follows_a_portal_that_tells_every_sum(calls in prop::collection::vec((0_u32..90, 1_u32..60), 1..80)) {
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
                window.set(S * (sum + cost), minute, S * now, S * (now + 600));
                window.set_first_expiry(S * (model[0].1 + 600));
            }
        }
    }
}
