//! What stands for the result of a command until its batch has been sent.

use std::{fmt, marker::PhantomData};

use b24_core::batch::{Key, Reference};

/// Stands for the result of one command of a batch: it takes the result out of the reply, once, and refers to it in the
/// parameters of later commands.
#[must_use = "a handle takes the result out of the reply"]
pub struct Handle<T> {
    batch: u64,
    place: usize,
    key: Key,
    result: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    pub(super) fn new(batch: u64, place: usize, label: Option<&str>) -> Self {
        Self { batch, place, key: label.map_or(Key::Index(place), Key::from), result: PhantomData }
    }

    /// Its place, if it belongs to this batch.
    pub(super) fn place_in(&self, batch: u64) -> Option<usize> {
        (self.batch == batch).then_some(self.place)
    }

    /// The whole result, as a parameter of a later command: the id that an `add` answers.
    #[must_use]
    pub fn result(&self) -> Reference {
        Reference::new(self.key.clone())
    }

    /// A field of the result, as a parameter of a later command.
    #[must_use]
    pub fn field(&self, name: &str) -> Reference {
        self.result().field(name)
    }

    /// A row of a result that is a list, from 0, as a parameter of a later command.
    #[must_use]
    pub fn row(&self, index: usize) -> Reference {
        self.result().row(index)
    }

    /// v3: one field of all rows, as a list.
    #[must_use]
    pub fn column(&self, field: &str) -> Reference {
        Reference::column(self.key.clone(), field)
    }

    /// v2: the number of rows that the command's method counted.
    #[must_use]
    pub fn total(&self) -> Reference {
        Reference::total(self.key.clone())
    }

    /// v2: the `start` of the next page.
    #[must_use]
    pub fn next(&self) -> Reference {
        Reference::next(self.key.clone())
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.key).finish()
    }
}
