//! One limiter for each portal.

use std::{
    collections::HashMap,
    sync::{LazyLock, Weak},
};

use super::{Limiter, handle::Shared};
use crate::{
    settings::{InvalidRestrictions, Restrictions},
    sync::Mutex,
};

/// The limiters of many portals, by their addresses. A limiter lives as long as somebody holds it.
///
/// A portal counts what comes from one address, whichever handle, version of the API or credential it belongs to. So all
/// that call it from one process share a limiter: the one that [`process_wide`](Self::process_wide) knows.
///
/// A limiter that nobody holds is forgotten, with what it knew of the portal: keep a handle while you go on calling.
#[derive(Debug, Default)]
pub struct Limiters {
    known: Mutex<HashMap<Box<str>, Weak<Shared>>>,
}

impl Limiters {
    /// Limiters of one's own, apart from those of the process.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The limiters of this process.
    #[must_use]
    pub fn process_wide() -> &'static Self {
        static PROCESS: LazyLock<Limiters> = LazyLock::new(Limiters::new);
        &PROCESS
    }

    /// The limiter of a portal: the one that is there, else a new one with the default parameters.
    ///
    /// `portal` is host and port, in lower case, without a port that is the scheme's own.
    #[must_use]
    pub fn get(&self, portal: &str) -> Limiter {
        let mut known = self.known.lock();
        if let Some(limiter) = known.get(portal).and_then(Limiter::upgrade) {
            return limiter;
        }
        // Room is made when the map would grow: the dead cost no more than the living.
        if known.len() == known.capacity() {
            known.retain(|_, limiter| limiter.strong_count() > 0);
        }
        let limiter = Limiter::builder().build_checked();
        known.insert(portal.into(), limiter.downgrade());
        limiter
    }

    /// The limiter of a portal, with these parameters. One that is there takes them over: the last word counts, because
    /// there is one portal and one truth about it.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when a parameter makes no sense.
    pub fn get_with(&self, portal: &str, restrictions: &Restrictions) -> Result<Limiter, InvalidRestrictions> {
        let limiter = self.get(portal);
        limiter.update(|known| known.clone_from(restrictions))?;
        Ok(limiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RateLimit;

    // Defect 1 of the official SDK: two limiters for each client, and none shared.
    #[test]
    fn a_portal_has_one_limiter_while_somebody_holds_it() {
        let limiters = Limiters::new();
        let one = limiters.get("p.bitrix24.com");
        one.update(|restrictions| restrictions.rate = None).unwrap();
        assert_eq!(limiters.get("p.bitrix24.com").restrictions().rate, None);
        assert!(limiters.get("q.bitrix24.com").restrictions().rate.is_some());
        drop(one);
        assert!(limiters.get("p.bitrix24.com").restrictions().rate.is_some());
    }

    #[test]
    fn the_last_word_on_the_parameters_counts() {
        let limiters = Limiters::new();
        let one = limiters.get("p.bitrix24.com");
        assert!(limiters.get_with("p.bitrix24.com", &Restrictions::enterprise()).is_ok());
        assert_eq!(one.restrictions().rate, Some(RateLimit::enterprise()));
        let nonsense = Restrictions { rate: Some(RateLimit::new(0.0, 0.0)), ..Restrictions::default() };
        assert!(limiters.get_with("p.bitrix24.com", &nonsense).is_err());
        assert_eq!(one.restrictions().rate, Some(RateLimit::enterprise()));
    }

    #[test]
    fn the_forgotten_leave_no_trace() {
        let limiters = Limiters::new();
        for portal in 0..10_000 {
            drop(limiters.get(&format!("p{portal}.bitrix24.com")));
        }
        assert!(limiters.known.lock().len() < 100);
    }
}
