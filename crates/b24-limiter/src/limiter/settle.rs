//! How a call ends: given back, given up, or with an outcome that teaches something.

use std::time::Duration;

use super::{
    permit::Settlement,
    state::{Expected, State},
    uses::Uses,
};
use crate::{
    classify::{Reading, Refused},
    operating::{Moment, Use},
    quota::{QuotaStore, Refusal, Tokens},
    stats::Failure,
};

impl State {
    /// A call that had its turn did not go.
    pub(super) fn cancel(
        &mut self,
        uses: &Uses,
        expected: &Expected,
        token: Option<&Tokens>,
        store: &dyn QuotaStore,
        now: Duration,
    ) {
        self.end_all(uses, expected, now);
        self.tally.in_flight -= 1;
        if let Some(token) = token {
            self.chore(store.give_back(token, now));
            self.rate_line.call_head(now);
        }
    }

    /// A call that went was given up before its answer came: the portal goes on with it.
    pub(super) fn abandon(
        &mut self,
        uses: &Uses,
        expected: &Expected,
        token: Option<&Tokens>,
        sent: Duration,
        store: &dyn QuotaStore,
        moment: Moment,
    ) {
        let limit = self.restrictions.operating;
        for ((key, what, _), cost) in uses.iter().zip(expected.iter()) {
            if let Some(account) = self.accounts.get_mut(key) {
                account.abandon(what, cost, moment, &limit);
            }
        }
        self.tally.in_flight -= 1;
        if let Some(token) = token {
            self.chore(store.arrived(token, sent, moment.now));
        }
    }

    /// An outcome is there.
    pub(super) fn settle(&mut self, settlement: &Settlement<'_>, store: &dyn QuotaStore) {
        let Settlement { uses, expected, token, lesson, sent, moment, .. } = *settlement;
        let Moment { now, unix } = moment;
        let took = now.saturating_sub(sent);
        if let Some(token) = token {
            let told = match lesson.refused {
                Some(Refused::Rate) => {
                    let rate = self.restrictions.rate.unwrap_or_default();
                    let retry_after = lesson.retry_after;
                    store.refused(&Refusal { rate, token: Some(*token), sent, now, retry_after })
                }
                _ if lesson.unsent => store.give_back(token, now),
                _ => store.arrived(token, sent, now),
            };
            self.chore(told);
        }
        self.end_all(uses, expected, now);
        self.learn_call(settlement, took);
        self.learn_commands(settlement, took);
        for (key, ..) in uses.iter() {
            if let Some(account) = self.accounts.get_mut(key) {
                account.line.call_head(now);
            }
        }
        self.count(settlement, took, unix);
        self.prune(now);
    }

    fn end_all(&mut self, uses: &Uses, expected: &Expected, now: Duration) {
        for ((key, what, _), cost) in uses.iter().zip(expected.iter()) {
            if let Some(account) = self.accounts.get_mut(key) {
                account.end(what, cost, now);
            }
        }
    }

    /// What the answer told of the method that was called.
    fn learn_call(&mut self, settlement: &Settlement<'_>, took: Duration) {
        let Settlement { uses, lesson, moment, .. } = *settlement;
        let limit = self.restrictions.operating;
        let Some((key, what, cost)) = uses.iter().find(|(_, what, _)| *what == Use::Call) else { return };
        let Some(account) = self.accounts.get_mut(key) else { return };
        account.tally.sends += 1;
        account.tally.duration += took;
        if lesson.refused == Some(Refused::Operating) {
            self.tally.operating_refusals += 1;
            account.refused(what, lesson.retry_after, moment.now, &limit);
            return;
        }
        if lesson.code.is_none() {
            account.learn(what, &lesson.reading.unwrap_or_default(), cost, took, moment, &limit);
            let heavy = account.load(what, moment.now, &limit).0 > limit.heavy_percent;
            self.tally.heavy += u64::from(heavy);
        }
    }

    /// What the answer of a batch told of its commands' methods. A method that stands in it several times is counted once,
    /// with all its commands: the portal tells the sum beside each of them.
    fn learn_commands(&mut self, settlement: &Settlement<'_>, took: Duration) {
        let Settlement { uses, lesson, moment, commands, .. } = *settlement;
        let limit = self.restrictions.operating;
        if lesson.commands.is_empty() {
            return;
        }
        for (key, what, count) in uses.iter().filter(|(_, what, _)| *what != Use::Call) {
            let Some(account) = self.accounts.get_mut(key) else { continue };
            let told = lesson
                .commands
                .iter()
                .filter(|(place, _)| commands.get(*place).is_some_and(|command| command.method == key.1));
            let mut sum: Option<Reading> = None;
            let mut refused = false;
            for (_, told) in told {
                match told {
                    Ok(reading) => sum = Some(sum.map_or(*reading, |sum| sum.and(reading))),
                    Err(_) => refused = true,
                }
            }
            if let Some(sum) = sum {
                account.learn(what, &sum, count, took, moment, &limit);
            }
            if refused {
                self.tally.operating_refusals += 1;
                account.refused(what, None, moment.now, &limit);
            }
        }
    }

    fn count(&mut self, settlement: &Settlement<'_>, took: Duration, unix: Duration) {
        let tally = &mut self.tally;
        tally.in_flight -= 1;
        tally.sends += 1;
        tally.duration += took;
        tally.rate_refusals += u64::from(settlement.lesson.refused == Some(Refused::Rate));
        match &settlement.lesson.code {
            None => tally.succeeded += 1,
            Some(code) => {
                let method = settlement.uses.method().cloned();
                tally.fail(Failure { code: code.clone(), method, at: unix });
            }
        }
    }

    /// Forgets accounts that nobody uses and that say nothing any more, once there are many.
    fn prune(&mut self, now: Duration) {
        if self.accounts.len() >= self.prune_at {
            self.accounts.retain(|_, account| !account.is_idle(now));
            self.prune_at = MANY_ACCOUNTS.max(self.accounts.len() * 2);
        }
    }
}

/// More methods than most programs call.
pub(super) const MANY_ACCOUNTS: usize = 256;
