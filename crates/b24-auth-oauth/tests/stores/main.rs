//! The stores of tokens: what all of them do, and what only one does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "a test says what it skips; a child says how far it is")]

#[cfg(any(feature = "file-store", feature = "postgres"))]
mod child;
mod contract;
#[cfg(feature = "file-store")]
mod file;
#[cfg(all(feature = "file-store", unix))]
mod links;
#[cfg(feature = "postgres")]
mod postgres;
mod sample;
#[cfg(feature = "postgres")]
mod tls;

use b24_auth_oauth::MemoryStore;

use crate::contract::{Bench, contract};

impl Bench for MemoryStore {
    type Store = Self;

    /// Clones share what is in memory.
    fn store(&self) -> Self {
        self.clone()
    }
}

contract!(
    in_memory,
    std::future::ready(Some(super::MemoryStore::new())),
    [
        what_was_saved_is_loaded,
        a_mark_is_kept_until_the_next_pair,
        a_save_that_expects_another_generation_changes_nothing,
        what_was_deleted_is_gone_and_can_be_saved_anew,
        users_and_portals_are_kept_apart,
        long_and_foreign_text_comes_back_as_it_was,
        no_increment_of_eight_threads_is_lost,
        a_lock_keeps_others_out_until_it_is_dropped,
        users_have_locks_of_their_own,
        who_gives_up_waiting_keeps_nobody_out,
        one_at_a_time_is_in_the_lock,
        many_keys_are_locked_at_once,
    ]
);
