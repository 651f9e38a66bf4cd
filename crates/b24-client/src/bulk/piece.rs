//! One piece of a bulk, sent until all of its commands have an outcome or are lost.

use b24_core::{
    ApiVersion, Error, ErrorKind, Reply, RestRequest,
    batch::{Alone, Outcome, Payload, Plan, Prepared},
};

use super::{
    BulkRow, LostChunk,
    cut::{Piece, What},
};
use crate::exchange::Exchange;

/// What came of a piece: outcomes by absolute place, and what was lost.
pub(super) struct Done {
    pub(super) rows: Vec<BulkRow<Payload>>,
    pub(super) lost: Option<LostChunk>,
}

impl Done {
    fn one(index: usize, label: Option<Box<str>>, outcome: Outcome<Payload>) -> Self {
        Self { rows: vec![BulkRow { index, label, outcome }], lost: None }
    }
}

/// Sends a piece. Takes off `exchange` what it took of the time there is.
pub(super) async fn send(exchange: &mut Exchange, version: ApiVersion, piece: Piece, halt: bool) -> Done {
    let Piece { first, what } = piece;
    match what {
        What::Batch(commands) => Batch::new(first, commands).send(exchange, version, halt).await,
        What::Refused(label, error) => Done::one(first, label, Outcome::Failed(error)),
        What::Alone(alone) => send_alone(exchange, version, first, *alone).await,
    }
}

async fn send_alone(exchange: &mut Exchange, version: ApiVersion, place: usize, alone: Alone) -> Done {
    let request = RestRequest::new(version, alone.method, alone.params).with_options(exchange.options().clone());
    let outcome = match exchange.send(request.clone()).await {
        Ok(response) => {
            let mut reply = Reply::new(Payload::new(response.result().clone(), request.clone(), &response));
            (reply.next, reply.total) = (response.next(), response.total());
            reply.time = response.time().cloned();
            reply.request_id = request.options().shared_request_id();
            Outcome::Done(reply)
        }
        Err(error) if error.kind() == ErrorKind::Rest => Outcome::Failed(error),
        Err(error) => return Done { rows: Vec::new(), lost: Some(LostChunk::new(vec![place], error)) },
    };
    Done::one(place, alone.label, outcome)
}

/// The commands of a batch, and what is known of each.
struct Batch {
    first: usize,
    commands: Vec<Prepared>,
    outcomes: Vec<Option<Outcome<Payload>>>,
}

impl Batch {
    fn new(first: usize, commands: Vec<Prepared>) -> Self {
        let outcomes = commands.iter().map(|_| None).collect();
        Self { first, commands, outcomes }
    }

    async fn send(mut self, exchange: &mut Exchange, version: ApiVersion, halt: bool) -> Done {
        let mut pending: Vec<usize> = (0..self.commands.len()).collect();
        let mut standstills = 0;
        loop {
            let outcomes = match self.exchange(exchange, version, &pending, halt).await {
                Ok(outcomes) => outcomes,
                // Refused as a whole: the same commands once more, when their turn comes.
                Err(error) if standstills < STANDSTILLS && did_not_run_for_a_limit(&error) => {
                    standstills += 1;
                    continue;
                }
                Err(error) => return self.done(Some((pending, error))),
            };
            let before = pending.len();
            pending = self.settle(&pending, outcomes, halt, standstills < STANDSTILLS);
            if pending.is_empty() {
                return self.done(None);
            }
            standstills = if pending.len() < before { 0 } else { standstills + 1 };
        }
    }

    async fn exchange(
        &self,
        exchange: &mut Exchange,
        version: ApiVersion,
        places: &[usize],
        halt: bool,
    ) -> Result<Vec<Outcome<Payload>>, Error> {
        let commands: Vec<_> = places.iter().map(|place| self.commands[*place].clone()).collect();
        let plan = Plan::new(version, &commands, halt)?;
        let request = plan.request(exchange.options().clone());
        let response = exchange.send(request.clone()).await?;
        plan.read(&request, &response)
    }

    /// Keeps what is final, and gives the places of those that did not run for the limits alone: they are sent again.
    fn settle(&mut self, places: &[usize], outcomes: Vec<Outcome<Payload>>, halt: bool, again: bool) -> Vec<usize> {
        let mut pending = Vec::new();
        for (place, outcome) in places.iter().zip(outcomes) {
            // After one that stopped the batch because of a limit, the others were not come to.
            let not_come_to = halt && !pending.is_empty() && matches!(outcome, Outcome::NotRun);
            if again && (not_come_to || outcome.error().is_some_and(did_not_run_for_a_limit)) {
                pending.push(*place);
            } else {
                self.outcomes[*place] = Some(outcome);
            }
        }
        pending
    }

    fn done(self, lost: Option<(Vec<usize>, Error)>) -> Done {
        let Self { first, commands, outcomes } = self;
        let rows = commands.iter().zip(outcomes).enumerate().filter_map(|(place, (command, outcome))| {
            Some(BulkRow { index: first + place, label: command.label().map(Into::into), outcome: outcome? })
        });
        let lost =
            lost.map(|(places, error)| LostChunk::new(places.iter().map(|place| first + place).collect(), error));
        Done { rows: rows.collect(), lost }
    }
}

/// Refused before its handler, for being too fast or too expensive: it did not run, and later it may.
fn did_not_run_for_a_limit(error: &Error) -> bool {
    let info = error.rest().and_then(b24_core::RestError::info);
    info.is_some_and(|info| info.is_limit() && info.is_transient()) && !error.may_have_run()
}

/// How often in a row a batch is sent again although none of its commands ran.
const STANDSTILLS: u32 = 3;
