//! A line of waiting calls: first come, first served, and nobody is woken before it is its turn.
//!
//! Only the head of the line looks whether it may go; when it goes or gives up it wakes the next. The others sleep, with an
//! alarm well after their turn: should those in front of them be calls that nobody polls any more, they pass them. Such a
//! call has its place back when it is polled again.

use std::{collections::BTreeMap, task::Waker, time::Duration};

/// The waiting calls of one portal's rate, or of one method's operating time.
#[derive(Debug, Default)]
pub(crate) struct Line {
    places: [Places; 3],
    next: u64,
    /// How many interactive calls have gone since a bulk one did.
    passed: u32,
    /// When the head was due to act.
    due: Duration,
}

/// By their numbers; with what wakes them, once they sleep.
type Places = BTreeMap<u64, Option<Waker>>;

/// Which calls go first. Each lane is first come, first served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Refused before: they came before all others.
    Repeat,
    /// Somebody waits for the answer.
    Interactive,
    /// A part of much work.
    Bulk,
}

/// A place in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    number: u64,
    lane: Lane,
}

impl Line {
    /// Puts a call at the end of its lane.
    pub(crate) fn join(&mut self, lane: Lane, now: Duration) -> Ticket {
        let ticket = Ticket { number: self.next, lane };
        self.next += 1;
        self.take_place(ticket, now);
        ticket
    }

    /// Whether it is this call's turn. A call that was passed because nobody polled it takes its old place again; one in
    /// front that has not acted for a while is passed.
    pub(crate) fn is_turn(&mut self, ticket: Ticket, now: Duration) -> bool {
        if !self.lane(ticket.lane).contains_key(&ticket.number) {
            self.take_place(ticket, now);
        }
        while let Some(head) = self.head() {
            if head == ticket {
                return true;
            }
            if now < self.due + PATIENCE {
                return false;
            }
            self.lane_mut(head.lane).remove(&head.number);
            self.call_head(now);
        }
        false
    }

    /// A call waits, to be woken when it becomes the head. The head says when it will act.
    pub(crate) fn park(&mut self, ticket: Ticket, due: Option<Duration>, waker: &Waker) {
        if let Some(due) = due {
            self.due = due;
        }
        if let Some(place) = self.lane_mut(ticket.lane).get_mut(&ticket.number) {
            match place {
                Some(known) => known.clone_from(waker),
                None => *place = Some(waker.clone()),
            }
        }
    }

    /// A call goes; the next is woken.
    pub(crate) fn go(&mut self, ticket: Ticket, now: Duration) {
        match ticket.lane {
            Lane::Repeat => {}
            Lane::Interactive if !self.lane(Lane::Bulk).is_empty() => self.passed = self.passed.saturating_add(1),
            Lane::Interactive | Lane::Bulk => self.passed = 0,
        }
        self.lane_mut(ticket.lane).remove(&ticket.number);
        self.call_head(now);
    }

    /// A call gives up; if it was the head, the next is woken.
    pub(crate) fn leave(&mut self, ticket: Ticket, now: Duration) {
        let head = self.head();
        self.lane_mut(ticket.lane).remove(&ticket.number);
        if head == Some(ticket) {
            self.call_head(now);
        }
    }

    /// Wakes the head: what it waits for may have changed.
    pub(crate) fn call_head(&mut self, now: Duration) {
        if let Some(head) = self.head() {
            self.due = now;
            if let Some(Some(waker)) = self.lane(head.lane).get(&head.number) {
                waker.wake_by_ref();
            }
        }
    }

    /// How many calls wait.
    pub(crate) fn len(&self) -> usize {
        self.places.iter().map(BTreeMap::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.iter().all(BTreeMap::is_empty)
    }

    /// How many calls go before one that joins now, at least.
    pub(crate) fn ahead_of_new(&self, lane: Lane) -> u64 {
        self.places[..=lane as usize].iter().map(|places| places.len() as u64).sum()
    }

    /// How many calls go before this one: those that gave up meanwhile, and bulk calls that may have their turn, are counted
    /// too.
    pub(crate) fn ahead(&self, ticket: Ticket) -> u64 {
        let own = self.lane(ticket.lane);
        let before = own.first_key_value().map_or(0, |(first, _)| ticket.number.saturating_sub(*first));
        let before = before.min(own.len() as u64);
        let waiting = |lane| self.lane(lane).len() as u64;
        let turns = u64::from(TURNS);
        before
            + match ticket.lane {
                Lane::Repeat => 0,
                Lane::Interactive => waiting(Lane::Repeat) + waiting(Lane::Bulk).min(before / turns),
                Lane::Bulk => waiting(Lane::Repeat) + waiting(Lane::Interactive).min((before + 1) * turns),
            }
    }

    /// When the head was due to act.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }

    fn take_place(&mut self, ticket: Ticket, now: Duration) {
        self.lane_mut(ticket.lane).insert(ticket.number, None);
        // A new head acts now.
        if self.head() == Some(ticket) {
            self.due = now;
        }
    }

    /// Repeats go first, then interactive calls, but after [`TURNS`] of these a bulk call has its turn.
    fn head(&self) -> Option<Ticket> {
        let first = |lane: Lane| {
            let (number, _) = self.lane(lane).first_key_value()?;
            Some(Ticket { number: *number, lane })
        };
        let [one, other] =
            if self.passed < TURNS { [Lane::Interactive, Lane::Bulk] } else { [Lane::Bulk, Lane::Interactive] };
        first(Lane::Repeat).or_else(|| first(one)).or_else(|| first(other))
    }

    fn lane(&self, lane: Lane) -> &Places {
        &self.places[lane as usize]
    }

    fn lane_mut(&mut self, lane: Lane) -> &mut Places {
        &mut self.places[lane as usize]
    }
}

/// How many interactive calls may pass a bulk one.
const TURNS: u32 = 3;
/// How long a head may take to act before it is passed: longer than a busy runtime takes to poll it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    const NOW: Duration = Duration::from_secs(5);

    fn served(line: &mut Line) -> Vec<u64> {
        std::iter::from_fn(|| {
            let head = line.head()?;
            line.go(head, NOW);
            Some(head.number)
        })
        .collect()
    }

    #[test]
    fn first_come_first_served() {
        let mut line = Line::default();
        for _ in 0..5 {
            line.join(Lane::Interactive, NOW);
        }
        assert_eq!(served(&mut line), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn interactive_calls_pass_bulk_ones_without_starving_them() {
        let mut line = Line::default();
        for _ in 0..3 {
            line.join(Lane::Bulk, NOW);
        }
        for _ in 0..8 {
            line.join(Lane::Interactive, NOW);
        }
        assert_eq!(served(&mut line), [3, 4, 5, 0, 6, 7, 8, 1, 9, 10, 2]);
    }

    #[test]
    fn what_was_refused_before_goes_first() {
        let mut line = Line::default();
        for lane in [Lane::Bulk, Lane::Interactive, Lane::Repeat, Lane::Repeat] {
            line.join(lane, NOW);
        }
        assert_eq!(served(&mut line), [2, 3, 1, 0]);
    }

    #[test]
    fn giving_up_in_the_middle_disturbs_nobody() {
        let mut line = Line::default();
        let tickets: Vec<_> = (0..4).map(|_| line.join(Lane::Interactive, NOW)).collect();
        line.leave(tickets[1], NOW);
        line.leave(tickets[0], NOW);
        assert!(line.is_turn(tickets[2], NOW) && !line.is_turn(tickets[3], NOW));
        assert_eq!(served(&mut line), [2, 3]);
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_the_next_head_is_woken() {
        let mut line = Line::default();
        let counts: Vec<_> = (0..100).map(|_| Arc::new(Count::default())).collect();
        let tickets: Vec<_> = counts
            .iter()
            .map(|count| {
                let ticket = line.join(Lane::Interactive, NOW);
                line.park(ticket, None, &Arc::clone(count).into());
                ticket
            })
            .collect();
        line.go(tickets[0], NOW);
        line.leave(tickets[50], NOW);
        let woken: Vec<_> = counts.iter().map(|count| count.0.load(Ordering::Relaxed)).collect();
        assert_eq!((woken.iter().sum::<usize>(), woken[1]), (1, 1));
    }

    // A future in `buffer_unordered` is not polled while the consumer works on something else. It must not hold up all
    // other calls of the process.
    #[test]
    fn a_head_that_nobody_polls_is_passed_and_has_its_place_back() {
        let mut line = Line::default();
        let tickets: Vec<_> = (0..3).map(|_| line.join(Lane::Interactive, NOW)).collect();
        assert!(!line.is_turn(tickets[2], NOW + PATIENCE - Duration::from_millis(1)));
        assert!(!line.is_turn(tickets[2], NOW + PATIENCE), "the second has its chance first");
        assert!(line.is_turn(tickets[2], NOW + PATIENCE * 2));
        // Polled again, the first is the first.
        assert!(line.is_turn(tickets[0], NOW + PATIENCE * 2));
        assert!(!line.is_turn(tickets[2], NOW + PATIENCE * 2));
    }
}
