//! The queue of offline events: the portal keeps them until the application asks.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::rng::{self, Secret};
use crate::value::{Array, to_bytes};

/// How old a reserved row gets. The documentation says thirty days; the server's constant says this.
const RESERVED_LIFE: i64 = 2_952_000;

/// A row of the queue.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    /// The Unix second of the last change.
    pub(crate) at: i64,
    pub(crate) message: String,
    pub(crate) event: String,
    pub(crate) data: Array,
    pub(crate) user: Option<i64>,
    /// Who has reserved it; empty when nobody has.
    pub(crate) process: String,
    pub(crate) error: bool,
    owner: Owner,
}

/// Whose row it is: an application, and the connector it bound with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) client: String,
    pub(crate) connector: String,
}

/// The queue.
pub(crate) struct OfflineQueue {
    seed: u64,
    rows: BTreeMap<i64, Row>,
    /// The rows that nobody has reserved: a later event about the same takes their place.
    free: HashMap<(Owner, String), i64>,
    last: i64,
    processes: u64,
}

impl OfflineQueue {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, rows: BTreeMap::new(), free: HashMap::new(), last: 0, processes: 0 }
    }

    /// Puts an event into the queue. Of events that say the same only the latest is kept, unless an earlier one is
    /// reserved already.
    pub(crate) fn put(&mut self, at: i64, owner: &Owner, event: &str, data: &Array, user: Option<i64>) {
        let message = message_id(event, data);
        let key = (owner.clone(), message.clone());
        if let Some(row) = self.free.get(&key).and_then(|id| self.rows.get_mut(id)) {
            // A row that was flagged as an error stays one.
            (row.at, row.data, row.user) = (at, data.clone(), user);
            return;
        }
        self.last += 1;
        let row = Row {
            id: self.last,
            at,
            message,
            event: event.to_owned(),
            data: data.clone(),
            user,
            process: String::new(),
            error: false,
            owner: owner.clone(),
        };
        self.free.insert(key, row.id);
        self.rows.insert(row.id, row);
    }

    /// The rows of an application, in the order of their ids.
    pub(crate) fn rows(&mut self, now: i64, owner: &Owner) -> Vec<Row> {
        self.rows.retain(|_, row| row.process.is_empty() || row.at.saturating_add(RESERVED_LIFE) >= now);
        self.rows.values().filter(|row| row.owner == *owner).cloned().collect()
    }

    /// Reserves rows under a new process id.
    pub(crate) fn reserve(&mut self, ids: &[i64]) -> String {
        self.processes += 1;
        let process = rng::letters(self.seed, Secret::ProcessId, self.processes, 32);
        for id in ids {
            if let Some(row) = self.rows.get_mut(id) {
                row.process.clone_from(&process);
                self.free.remove(&(row.owner.clone(), row.message.clone()));
            }
        }
        process
    }

    /// Removes rows of a process: those that `chosen` names.
    pub(crate) fn clear(&mut self, owner: &Owner, process: &str, chosen: impl Fn(&Row) -> bool) {
        self.remove(|row| row.owner == *owner && row.process == process && chosen(row));
    }

    /// Flags rows as errors and gives them back. Rows with the same message that others hold, or nobody, go.
    pub(crate) fn flag(&mut self, owner: &Owner, process: &str, messages: &[String]) {
        let named = |row: &Row| row.owner == *owner && !row.error && messages.contains(&row.message);
        self.remove(|row| named(row) && row.process != process);
        let flagged: Vec<i64> = self.rows.values().filter(|row| named(row)).map(|row| row.id).collect();
        for id in flagged {
            let Some(row) = self.rows.get_mut(&id) else { continue };
            (row.error, row.process) = (true, String::new());
            let key = (row.owner.clone(), row.message.clone());
            // Of two rows that nobody holds, one message is one row.
            if let Some(older) = self.free.insert(key, id).filter(|older| *older != id) {
                self.rows.remove(&older);
            }
        }
    }

    pub(crate) fn forget(&mut self, client: &str) {
        self.remove(|row| row.owner.client == client);
    }

    fn remove(&mut self, gone: impl Fn(&Row) -> bool) {
        let ids: Vec<i64> = self.rows.values().filter(|row| gone(row)).map(|row| row.id).collect();
        for id in ids {
            if let Some(row) = self.rows.remove(&id).filter(|row| row.process.is_empty()) {
                self.free.remove(&(row.owner, row.message));
            }
        }
    }
}

/// What events that say the same have in common: 32 digits from name and data.
fn message_id(event: &str, data: &Array) -> String {
    let mut text = format!("{event}|").into_bytes();
    text.extend(to_bytes(&data.clone().into()));
    rng::digest(&text)
}

impl fmt::Debug for OfflineQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineQueue").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    fn owner() -> Owner {
        Owner { client: "app".into(), connector: String::new() }
    }

    fn deal(id: i64) -> Array {
        map! { "FIELDS" => map! { "ID" => id } }
    }

    #[test]
    fn what_comes_while_a_row_is_reserved_is_a_row_of_its_own() {
        let mut queue = OfflineQueue::new(1);
        queue.put(1, &owner(), "E", &deal(5), None);
        queue.put(2, &owner(), "E", &deal(5), Some(1));
        let first = queue.rows(2, &owner());
        assert_eq!((first.len(), first[0].at, first[0].user), (1, 2, Some(1)));
        let process = queue.reserve(&[first[0].id]);
        queue.put(3, &owner(), "E", &deal(5), None);
        assert_eq!(queue.rows(3, &owner()).len(), 2);
        // An error takes the later row with it.
        queue.flag(&owner(), &process, &[first[0].message.clone()]);
        let left = queue.rows(3, &owner());
        assert_eq!((left.len(), left[0].id, left[0].error, left[0].process.as_str()), (1, first[0].id, true, ""));
    }

    #[test]
    fn an_error_ends_the_reservation_of_the_same_by_another() {
        let mut queue = OfflineQueue::new(1);
        queue.put(1, &owner(), "E", &deal(5), None);
        let first = queue.reserve(&[1]);
        queue.put(2, &owner(), "E", &deal(5), None);
        queue.reserve(&[2]);
        let message = queue.rows(2, &owner())[0].message.clone();
        queue.flag(&owner(), &first, &[message]);
        let left = queue.rows(2, &owner());
        assert_eq!(left.iter().map(|row| (row.id, row.error)).collect::<Vec<_>>(), [(1, true)]);
    }

    #[test]
    fn nobody_clears_the_rows_of_another_application() {
        let mut queue = OfflineQueue::new(1);
        queue.put(1, &owner(), "E", &deal(5), None);
        let process = queue.reserve(&[1]);
        for (client, left) in [("other", 1), ("app", 0)] {
            queue.clear(&Owner { client: client.into(), connector: String::new() }, &process, |_| true);
            assert_eq!(queue.rows(2, &owner()).len(), left, "{client}");
        }
    }

    #[test]
    fn only_reserved_rows_grow_old() {
        let mut queue = OfflineQueue::new(1);
        queue.put(0, &owner(), "E", &deal(1), None);
        queue.put(0, &owner(), "E", &deal(2), None);
        queue.reserve(&[1]);
        assert_eq!(queue.rows(RESERVED_LIFE, &owner()).len(), 2);
        assert_eq!(queue.rows(RESERVED_LIFE + 1, &owner()).iter().map(|row| row.id).collect::<Vec<_>>(), [2]);
    }
}
