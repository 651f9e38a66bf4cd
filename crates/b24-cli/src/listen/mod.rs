//! `b24 listen`: what a portal posts, one JSON object a line.

mod door;
mod forward;
mod line;
mod post;

use std::sync::Arc;

use b24_events::{ApplicationToken, EventService, inbox::TakenLetter};
use tokio::sync::Notify;

use self::{door::Door, forward::Forward, line::Line, post::Post};
use crate::{
    args::ListenArgs,
    connect::runtime,
    failure::Failure,
    interrupt::interrupted_once,
    output::{print_beside, say},
};

pub(crate) fn main(args: &ListenArgs) -> Result<(), Failure> {
    let tokens = args.application_token.clone();
    // One that was meant to be there must not mean that nothing is verified.
    if tokens.iter().any(|token| token.expose().is_empty()) {
        return Err(Failure::unusable(
            "an empty application token verifies nothing: leave it out, or unset B24_APPLICATION_TOKEN",
        ));
    }
    if args.only_verified && tokens.is_empty() {
        return Err(Failure::unusable("--only-verified needs --application-token, or B24_APPLICATION_TOKEN"));
    }
    let known = (!tokens.is_empty()).then(|| ApplicationToken::any_of(tokens));
    let runtime = runtime()?;
    let outcome = runtime.block_on(listen(args, known));
    // A reader of the output that stands still is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn listen(args: &ListenArgs, known: Option<ApplicationToken>) -> Result<(), Failure> {
    let post = Post::open(args.inbox.as_deref())?;
    let door = Door::open(args.port).await?;
    let verification = known.clone().unwrap_or_else(|| ApplicationToken::any_of([]));
    // Its worker does not run: it would drop what an inspector is there to show, the forged, the unreadable, the repeated.
    let (service, _worker) =
        EventService::builder(verification).inbox(post.clone()).build().map_err(|error| Failure::refused(&error))?;
    say(&format!("b24: listening on {}; Ctrl-C stops it", door.url()));
    let mut open = door.serve(service);
    let mut desk =
        Desk { args, known, post: post.clone(), forward: args.forward.as_deref().map(Forward::new), shown: 0 };
    let closed = Arc::new(Notify::new());
    let outcome = {
        let showing = desk.show_all(&closed);
        tokio::pin!(showing);
        tokio::select! {
            outcome = &mut showing => outcome,
            status = interrupted_once() => {
                say("b24: interrupted");
                let close = async {
                    open.close().await;
                    closed.notify_one();
                };
                let ((), outcome) = tokio::join!(close, showing);
                outcome.and(Err(Failure::Interrupted(status)))
            }
        }
    };
    // The sender of the last one is still to get its answer.
    open.close().await;
    // Whoever has closed the output does not want to hear of it.
    if !matches!(outcome, Err(Failure::Closed)) {
        post.tell_what_is_left().await;
    }
    post.close().await;
    outcome
}

/// Where deliveries are looked at, one after the other.
struct Desk<'a> {
    args: &'a ListenArgs,
    known: Option<ApplicationToken>,
    post: Post,
    forward: Option<Forward>,
    /// Lines so far.
    shown: u64,
}

impl Desk<'_> {
    /// Shows deliveries until there were as many as asked for, or nothing comes in any more. What is only in memory is
    /// then printed all the same, and nothing is run for it.
    async fn show_all(&mut self, closed: &Notify) -> Result<(), Failure> {
        while !self.is_enough() {
            let letter = tokio::select! {
                biased;
                () = closed.notified() => break,
                letter = self.post.next() => letter?,
            };
            self.show(letter).await?;
        }
        if !self.post.outlives() {
            self.forward = None;
            while !self.is_enough() {
                let Some(letter) = self.post.at_hand().await? else { return Ok(()) };
                self.show(letter).await?;
            }
        }
        Ok(())
    }

    fn is_enough(&self) -> bool {
        self.args.count.is_some_and(|count| self.shown >= count.get())
    }

    /// Prints a delivery, has the command run for it, and forgets it.
    async fn show(&mut self, taken: TakenLetter) -> Result<(), Failure> {
        let line = Line::of(&taken.letter, self.known.as_ref()).await;
        if self.args.only_verified && line.verified() != Some(true) {
            say(&format!("b24: left out {}, which does not prove where it comes from", line.title()));
        } else {
            let text = line.to_json();
            print_beside(text.clone()).await?;
            self.shown += 1;
            if let Some(forward) = self.forward.as_ref().filter(|_| line.may_be_forwarded()) {
                if !forward.run(&line, &text).await && self.post.outlives() {
                    // It lies there as taken: the next time it comes again.
                    return Ok(());
                }
            }
        }
        self.post.done(taken.id).await
    }
}
