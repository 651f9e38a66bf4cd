//! Which counters a request touches.

use b24_core::Method;

use crate::{classify::Spend, operating::Use};

/// Whose operating time of which method.
pub(super) type Key = (u64, Method);

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
            match commands.iter_mut().find(|((_, method), _)| *method == command.method) {
                Some((_, count)) => *count += 1,
                None => commands.push(((spend.owner, command.method.clone()), 1)),
            }
        }
        let call = spend.method.clone().map(|method| (spend.owner, method));
        let cost = u32::try_from(spend.commands.len()).unwrap_or(u32::MAX).max(1);
        Self { call, cost, commands }
    }

    /// Each counter, how it is used, and how many commands that costs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, Use, u32)> {
        let call = self.call.iter().map(|key| (key, Use::Call, self.cost));
        call.chain(self.commands.iter().map(|(key, count)| (key, Use::Commands(*count), *count)))
    }

    pub(super) fn method(&self) -> Option<&Method> {
        self.call.as_ref().map(|(_, method)| method)
    }
}
