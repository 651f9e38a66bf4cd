//! How a call ends: given back, given up, or with an outcome that teaches something.

use std::time::Duration;

use super::{permit::Settlement, source::Token, state::State, uses::Uses};
use crate::{
    classify::{Reading, Refused},
    operating::{Moment, Rules, Told, Use, Work},
    stats::Failure,
};

impl State {
    /// A call that had its turn did not go.
    pub(super) fn cancel(&mut self, uses: &Uses, token: Option<&Token>, now: Duration) {
        self.end_all(uses, now);
        self.tally.in_flight -= 1;
        if let Some(token) = token {
            self.give_back(token, now);
        }
    }

    /// A token was not used: the next in line may have it.
    fn give_back(&mut self, token: &Token, now: Duration) {
        self.source.give_back(token, now);
        self.no_token_before = now;
        self.rate_line.call_head(now, &mut self.wakes);
    }

    /// A call that went was given up before its answer came: the portal goes on with it.
    pub(super) fn abandon(&mut self, uses: &Uses, sent: Duration, moment: Moment) {
        let rules = Rules::of(&self.restrictions);
        for (key, what, cost) in uses.iter() {
            if let Some(account) = self.accounts.get_mut(key) {
                account.abandon(what, cost, sent, moment, &rules);
                account.line.call_head(moment.now, &mut self.wakes);
            }
        }
        self.tally.in_flight -= 1;
        // Whether the portal has taken it is not known: in a second its token counts as used anyway.
    }

    /// An outcome is there.
    pub(super) fn settle(&mut self, settlement: &Settlement<'_>) {
        let Settlement { uses, token, lesson, sent, moment, .. } = *settlement;
        let Moment { now, unix } = moment;
        let took = now.saturating_sub(sent);
        if let Some(token) = token {
            match lesson.refused {
                Some(Refused::Rate) => {
                    let rate = self.restrictions.rate.unwrap_or_default();
                    self.source.refused(token, rate, sent, lesson.retry_after, now);
                }
                _ if lesson.unsent => self.give_back(token, now),
                _ => self.source.arrived(token, sent, now),
            }
        }
        self.learn_call(settlement, took);
        self.learn_commands(settlement, took);
        // Whoever waits looks when everything is learned.
        self.end_all(uses, now);
        self.count(settlement, took, unix);
        self.prune(now);
    }

    /// What was under way is not any more; those who wait for it are called.
    pub(super) fn end_all(&mut self, uses: &Uses, now: Duration) {
        for (key, what, cost) in uses.iter() {
            if let Some(account) = self.accounts.get_mut(key) {
                account.end(what, cost);
                account.line.call_head(now, &mut self.wakes);
            }
        }
    }

    /// What the answer told of the method that was called.
    fn learn_call(&mut self, settlement: &Settlement<'_>, took: Duration) {
        let Settlement { uses, lesson, moment, .. } = *settlement;
        let rules = Rules::of(&self.restrictions);
        let Some((key, what, cost)) = uses.iter().find(|(_, what, _)| *what == Use::Call) else { return };
        let Some(account) = self.accounts.get_mut(key) else { return };
        account.tally.sends += 1;
        account.tally.duration += took;
        if lesson.refused == Some(Refused::Operating) {
            self.tally.operating_refusals += 1;
            account.refused(what, lesson.retry_after, moment.now, &rules);
            return;
        }
        if lesson.code.is_some() {
            if !lesson.unsent && lesson.refused.is_none() {
                account.failed(what, Work { began: settlement.sent, took }, moment, &rules);
            }
        } else if let Some(reading) = lesson.reading {
            let took = reading.worked.map_or(took, |worked| worked.min(took));
            let work = Work { began: settlement.sent, took };
            account.learn(what, &Told { reading: &reading, work: &[work], commands: cost }, moment, &rules);
            let heavy = account.load(what, moment.now, &rules).0 > rules.operating.heavy_percent;
            self.tally.heavy += u64::from(heavy);
        }
    }

    /// What the answer of a batch told of its commands' methods. They ran one after another; a method that stands in it
    /// several times is told the sum beside each.
    fn learn_commands(&mut self, settlement: &Settlement<'_>, took: Duration) {
        let Settlement { uses, lesson, moment, commands, sent, .. } = *settlement;
        let rules = Rules::of(&self.restrictions);
        let each = took / u32::try_from(lesson.commands.len()).unwrap_or(u32::MAX).max(1);
        for (key, what, count) in uses.iter().filter(|(_, what, _)| *what != Use::Call) {
            let Some(account) = self.accounts.get_mut(key) else { continue };
            let (mut began, mut work, mut told, mut refused) = (sent, Vec::new(), None, false);
            for (place, outcome) in &lesson.commands {
                let own = commands.get(*place).is_some_and(|command| command.method == key.method);
                match outcome {
                    Ok(reading) => {
                        let took = reading.worked.unwrap_or(each).min(took);
                        if own {
                            told = Some(told.map_or(*reading, |told: Reading| told.and(reading)));
                            work.push(Work { began, took });
                        }
                        began = began.saturating_add(took);
                    }
                    Err(_) => refused |= own,
                }
            }
            if let Some(reading) = told {
                account.learn(what, &Told { reading: &reading, work: &work, commands: count }, moment, &rules);
            }
            if refused {
                self.tally.operating_refusals += 1;
                account.refused(what, None, moment.now, &rules);
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
