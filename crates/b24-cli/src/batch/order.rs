//! Which line, and which row of output, belongs to which command.

use std::collections::{BTreeMap, VecDeque};

use b24::batch::Key;

/// Commands that have been read and have no row yet, in the order of the input; at most as many as are under way.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The place of the first of them.
    first: usize,
    waiting: VecDeque<Waiting>,
    /// Rows that came before their turn.
    early: BTreeMap<usize, Row>,
}

#[derive(Debug)]
struct Waiting {
    line: u64,
    label: Option<String>,
}

/// A row of output.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) ok: bool,
    pub(super) text: String,
}

/// A row whose turn it is, and the line of its command.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) line: u64,
    pub(super) row: Row,
}

impl Order {
    /// A command has been read.
    pub(super) fn read(&mut self, line: u64, label: Option<String>) {
        self.waiting.push_back(Waiting { line, label });
    }

    /// What the command at a place is called.
    pub(super) fn key(&self, place: usize) -> Key {
        let waiting = place.checked_sub(self.first).and_then(|at| self.waiting.get(at));
        waiting.and_then(|waiting| waiting.label.as_deref()).map_or(Key::Index(place), Key::from)
    }

    /// The row of the command at a place has come.
    pub(super) fn add(&mut self, place: usize, row: Row) {
        self.early.insert(place, row);
    }

    /// The next row, once all before it have been given out.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let row = self.early.remove(&self.first)?;
        let Waiting { line, .. } = self.waiting.pop_front()?;
        self.first += 1;
        Some(Turn { line, row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_of_the_lines() {
        let mut order = Order::default();
        for (line, label) in [(1, None), (3, Some("b")), (4, None)] {
            order.read(line, label.map(str::to_owned));
        }
        assert_eq!([order.key(0), order.key(1), order.key(2)], [Key::from(0), Key::from("b"), Key::from(2)]);
        let row = |text: &str| Row { ok: true, text: text.to_owned() };
        order.add(2, row("c"));
        assert!(order.next().is_none());
        order.add(0, row("a"));
        order.add(1, row("b"));
        let turns: Vec<_> = std::iter::from_fn(|| order.next()).map(|turn| (turn.line, turn.row.text)).collect();
        assert_eq!(turns, [(1, "a".to_owned()), (3, "b".to_owned()), (4, "c".to_owned())]);
    }
}
