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
    /// How many interactive calls have gone since a bulk one did.
    passed: u32,
    /// When the head was due to act.
    due: Duration,
    /// A head that did not act in time, and since when it has another chance.
    late: Option<(Ticket, Duration)>,
    /// A head was passed, and none has acted since: the program runs, so the next ones have no second chance.
    passing: bool,
}

/// By their numbers; with what wakes them, once they sleep.
type Places = BTreeMap<u64, Option<Waker>>;

/// Wakers to be called, or let go, when the lock is released: whatever they do, they may look at the limiter again.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    call: Vec<Waker>,
    forget: Vec<Waker>,
}

impl Wakes {
    /// Calls them.
    pub(crate) fn ring(self) {
        self.call.into_iter().for_each(Waker::wake);
    }
}

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
    /// Puts a call at the end of its lane. Numbers grow.
    pub(crate) fn join(&mut self, number: u64, lane: Lane, now: Duration) -> Ticket {
        let ticket = Ticket { number, lane };
        self.rejoin(ticket, now);
        ticket
    }

    /// Puts a call back where it was.
    pub(crate) fn rejoin(&mut self, ticket: Ticket, now: Duration) {
        self.lane_mut(ticket.lane).entry(ticket.number).or_insert(None);
        // A new head acts now.
        if self.head() == Some(ticket) {
            self.due = now;
        }
    }

    /// Whether it is this call's turn. A call that was passed because nobody polled it takes its old place again; a head
    /// that does not act, though it was called twice, is passed.
    pub(crate) fn is_turn(&mut self, ticket: Ticket, now: Duration, wakes: &mut Wakes) -> bool {
        if !self.lane(ticket.lane).contains_key(&ticket.number) {
            self.rejoin(ticket, now);
        }
        while let Some(head) = self.head() {
            if head == ticket {
                return true;
            }
            if now < self.due.saturating_add(PATIENCE) {
                return false;
            }
            match self.late {
                Some((late, since)) if late == head && now < since.saturating_add(PATIENCE) => return false,
                late if self.passing || late.is_some_and(|(late, _)| late == head) => {
                    self.passing = true;
                    self.remove(head, wakes);
                    self.call_head(now, wakes);
                }
                // The whole program may have stood still: it has another chance.
                _ => {
                    self.late = Some((head, now));
                    self.wake(head, wakes);
                    return false;
                }
            }
        }
        false
    }

    /// A call waits, to be woken when it becomes the head. The head says when it will act.
    pub(crate) fn park(&mut self, ticket: Ticket, due: Option<Duration>, waker: &Waker) {
        if let Some(due) = due {
            self.due = due;
            self.late = None;
            self.passing = false;
        }
        if let Some(place) = self.lane_mut(ticket.lane).get_mut(&ticket.number) {
            match place {
                Some(known) => known.clone_from(waker),
                None => *place = Some(waker.clone()),
            }
        }
    }

    /// A call goes; the next is woken.
    pub(crate) fn go(&mut self, ticket: Ticket, now: Duration, wakes: &mut Wakes) {
        match ticket.lane {
            Lane::Repeat => {}
            Lane::Interactive if !self.lane(Lane::Bulk).is_empty() => self.passed = self.passed.saturating_add(1),
            Lane::Interactive | Lane::Bulk => self.passed = 0,
        }
        self.remove(ticket, wakes);
        self.call_head(now, wakes);
    }

    /// A call gives up; if it was the head, the next is woken.
    pub(crate) fn leave(&mut self, ticket: Ticket, now: Duration, wakes: &mut Wakes) {
        let head = self.head();
        self.remove(ticket, wakes);
        if head == Some(ticket) {
            self.call_head(now, wakes);
        }
    }

    /// Wakes the head: what it waits for may have changed.
    pub(crate) fn call_head(&mut self, now: Duration, wakes: &mut Wakes) {
        if let Some(head) = self.head() {
            self.due = now;
            self.wake(head, wakes);
        }
    }

    fn wake(&self, ticket: Ticket, wakes: &mut Wakes) {
        if let Some(Some(waker)) = self.lane(ticket.lane).get(&ticket.number) {
            wakes.call.push(waker.clone());
        }
    }

    fn remove(&mut self, ticket: Ticket, wakes: &mut Wakes) {
        wakes.forget.extend(self.lane_mut(ticket.lane).remove(&ticket.number).flatten());
    }

    /// How many calls wait.
    pub(crate) fn len(&self) -> usize {
        self.places.iter().map(BTreeMap::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.iter().all(BTreeMap::is_empty)
    }

    /// How many calls go before one that joins now.
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
            line.go(head, NOW, &mut Wakes::default());
            Some(head.number)
        })
        .collect()
    }

    /// A line of these lanes, numbered as they come.
    fn line(lanes: impl IntoIterator<Item = Lane>) -> (Line, Vec<Ticket>) {
        let mut line = Line::default();
        let tickets = (0..).zip(lanes).map(|(number, lane)| line.join(number, lane, NOW)).collect();
        (line, tickets)
    }

    #[test]
    fn first_come_first_served() {
        assert_eq!(served(&mut line([Lane::Interactive; 5]).0), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn interactive_calls_pass_bulk_ones_without_starving_them() {
        let lanes = [Lane::Bulk; 3].into_iter().chain([Lane::Interactive; 8]);
        assert_eq!(served(&mut line(lanes).0), [3, 4, 5, 0, 6, 7, 8, 1, 9, 10, 2]);
    }

    #[test]
    fn what_was_refused_before_goes_first() {
        let (mut line, _) = line([Lane::Bulk, Lane::Interactive, Lane::Repeat, Lane::Repeat]);
        assert_eq!(served(&mut line), [2, 3, 1, 0]);
    }

    #[test]
    fn giving_up_in_the_middle_disturbs_nobody() {
        let (mut line, tickets) = line([Lane::Interactive; 4]);
        let mut wakes = Wakes::default();
        line.leave(tickets[1], NOW, &mut wakes);
        line.leave(tickets[0], NOW, &mut wakes);
        assert!(line.is_turn(tickets[2], NOW, &mut wakes) && !line.is_turn(tickets[3], NOW, &mut wakes));
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
        let (mut line, tickets) = line([Lane::Interactive; 100]);
        let counts: Vec<_> = tickets
            .iter()
            .map(|ticket| {
                let count = Arc::new(Count::default());
                line.park(*ticket, None, &Arc::clone(&count).into());
                count
            })
            .collect();
        let mut wakes = Wakes::default();
        line.go(tickets[0], NOW, &mut wakes);
        line.leave(tickets[50], NOW, &mut wakes);
        wakes.ring();
        let woken: Vec<_> = counts.iter().map(|count| count.0.load(Ordering::Relaxed)).collect();
        assert_eq!((woken.iter().sum::<usize>(), woken[1]), (1, 1));
    }

    // A future in `buffer_unordered` is not polled while the consumer works on something else. It must not hold up all
    // other calls of the process.
    #[test]
    fn a_head_that_nobody_polls_is_passed_and_has_its_place_back() {
        let (mut line, tickets) = line([Lane::Interactive; 3]);
        let look =
            |line: &mut Line, looks: u32| line.is_turn(tickets[2], NOW + PATIENCE * looks, &mut Wakes::default());
        // It is called once more before it is passed; the second is not.
        let looks: Vec<_> = (1..=3).map(|looks| look(&mut line, looks)).collect();
        assert_eq!(looks, [false, false, true]);
        // Polled again, the first is the first.
        let later = NOW + PATIENCE * 3;
        assert!(line.is_turn(tickets[0], later, &mut Wakes::default()));
        assert!(!line.is_turn(tickets[2], later, &mut Wakes::default()));
    }

    #[test]
    fn a_head_that_was_held_up_with_the_whole_program_keeps_its_turn() {
        let (mut line, tickets) = line([Lane::Interactive; 3]);
        let later = NOW + PATIENCE * 100;
        assert!(!line.is_turn(tickets[2], later, &mut Wakes::default()));
        assert!(!line.is_turn(tickets[1], later, &mut Wakes::default()));
        assert!(line.is_turn(tickets[0], later, &mut Wakes::default()));
    }
}
