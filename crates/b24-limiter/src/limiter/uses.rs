//! Which counters a request touches.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState},
    sync::LazyLock,
};

use b24_core::Method;

use crate::{
    classify::Spend,
    operating::{Account, Use},
};

/// The accounts of a limiter. Boxed: the map has room for more than it holds, and in a process with thousands of portals
/// most of them call one method or two.
pub(super) type Accounts = HashMap<Key, Box<Account>, BuildHasherDefault<Prehashed>>;

/// Whose operating time of which method. It is looked up several times in each call, so it is hashed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    hash: u64,
    pub(super) owner: u64,
    pub(super) method: Method,
}

impl Key {
    fn new(owner: u64, method: &Method) -> Self {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self { hash: STATE.hash_one((owner, method)), owner, method: method.clone() }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes the hash of a [`Key`] as it is.
#[derive(Debug, Default)]
pub(super) struct Prehashed(u64);

impl Hasher for Prehashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The counters of a request: that of the method it calls, and of a batch those of its commands' methods.
#[derive(Debug, Default)]
pub(super) struct Uses {
    call: Option<Key>,
    /// How many commands it costs: one, or as many as the batch has.
    cost: u32,
    commands: Vec<(Key, u32)>,
}

impl Uses {
    pub(super) fn of(spend: &Spend) -> Self {
        let mut commands: Vec<(Key, u32)> = Vec::new();
        for command in &spend.commands {
            match commands.iter_mut().find(|(key, _)| key.method == command.method) {
                Some((_, count)) => *count += 1,
                None => commands.push((Key::new(spend.owner, &command.method), 1)),
            }
        }
        let call = spend.method.as_ref().map(|method| Key::new(spend.owner, method));
        let cost = u32::try_from(spend.commands.len()).unwrap_or(u32::MAX).max(1);
        Self { call, cost, commands }
    }

    /// Each counter, how it is used, and how many commands that costs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, Use, u32)> {
        let call = self.call.iter().map(|key| (key, Use::Call, self.cost));
        call.chain(self.commands.iter().map(|(key, count)| (key, Use::Commands(*count), *count)))
    }

    pub(super) fn method(&self) -> Option<&Method> {
        self.call.as_ref().map(|key| &key.method)
    }
}
