//! Applications in a frame of the portal's page, and the page's side of their conversation.
//!
//! The page itself only carries messages here and carries out the steps that come back. All that is decided is decided
//! here, from a message and a moment.
//!
//! <https://apidocs.bitrix24.com/settings/app-installation/index.html>

mod command;
mod dialog;
mod fault;
mod interface;
mod message;
pub(crate) mod page;
mod record;
mod session;
mod step;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::oauth::{Denied, Ledger};
use crate::rng::{self, Secret};
pub(crate) use command::Scene;
pub use fault::ParentFault;
use fault::{Answer, ParentFaults};
use message::Message;
pub use message::MessageForm;
use record::MessageLog;
pub use record::{FrameMessage, MessageFate};
pub(crate) use session::Session;
use step::Step;

/// Where the page is.
pub(crate) const PATH: &str = "/frame/";
/// How many pages are remembered, as not all of them say when they go.
const MAX_SESSIONS: usize = 100;

/// What can be chosen about frames.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) placement: String,
    /// A JSON object.
    pub(crate) options: String,
    pub(crate) language: String,
    pub(crate) first_run: bool,
    pub(crate) install: bool,
    /// Events of the placement beside its own.
    pub(crate) events: Vec<String>,
}

/// All frames, and what the portal keeps for them.
pub(crate) struct Frames {
    setting: Setting,
    seed: u64,
    sessions: VecDeque<Session>,
    opened: u64,
    first_run: bool,
    app_options: Map<String, Value>,
    user_options: HashMap<i64, Map<String, Value>>,
    faults: ParentFaults,
    log: MessageLog,
}

/// A message as the page hands it on.
pub(crate) struct Posted {
    pub(crate) origin: String,
    pub(crate) data: Value,
}

/// The size of the application's place, in CSS pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) height: f64,
    /// How wide it can be.
    pub(crate) available: f64,
}

/// What a page is asked to show.
#[derive(Default)]
pub(crate) struct Wanted {
    /// The page on which a slider shows this one.
    pub(crate) slider: Option<String>,
    /// Options of the placement in place of the chosen ones: a JSON object.
    pub(crate) options: Option<String>,
}

impl Setting {
    /// The options of the placement; nothing where they are no object.
    pub(crate) fn options(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.options).ok()
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            placement: interface::DEFAULT.to_owned(),
            options: "{}".to_owned(),
            language: "en".to_owned(),
            first_run: false,
            install: false,
            events: Vec::new(),
        }
    }
}

impl Frames {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            seed: config.seed,
            sessions: VecDeque::new(),
            opened: 0,
            first_run: config.frame.first_run,
            app_options: Map::new(),
            user_options: HashMap::new(),
            faults: ParentFaults::default(),
            log: MessageLog::new(config.keep_requests),
            setting: config.frame.clone(),
        }
    }

    /// Opens the application for a user: tokens, and a session.
    pub(crate) fn open(
        &mut self,
        now: Duration,
        ledger: &mut Ledger,
        (client, user): (&str, i64),
        wanted: Wanted,
    ) -> Result<&Session, Denied> {
        let pair = ledger.open(now, client, user)?;
        self.opened += 1;
        let sid = rng::hex(self.seed, Secret::AppSid, self.opened, 32);
        let options = wanted.options.and_then(|text| serde_json::from_str(&text).ok());
        let options = options.or_else(|| self.setting.options()).unwrap_or_default();
        let mut session = Session::new(sid, pair, self.setting.placement.clone(), options);
        session.first_run = self.first_run;
        session.opener = wanted.slider;
        while self.sessions.len() >= MAX_SESSIONS {
            self.sessions.pop_front();
        }
        self.sessions.push_back(session);
        Ok(&self.sessions[self.sessions.len() - 1])
    }

    /// Takes a message that a page got, and says what the page is to do; nothing where there is no such page.
    pub(crate) fn receive(
        &mut self,
        scene: &mut Scene<'_>,
        sid: &str,
        app_origin: &str,
        posted: &Posted,
    ) -> Option<Value> {
        let at = self.position(sid)?;
        let message = Message::read(&posted.data);
        let (fate, steps) = self.judge(scene, at, app_origin, posted, message.as_ref());
        self.log.push(FrameMessage::new(message, &posted.origin, fate));
        Some(list(&steps))
    }

    fn judge(
        &mut self,
        scene: &mut Scene<'_>,
        at: usize,
        app_origin: &str,
        posted: &Posted,
        message: Option<&Message>,
    ) -> (MessageFate, Vec<Step>) {
        if posted.origin != app_origin {
            return (MessageFate::ForeignOrigin, Vec::new());
        }
        let Some(message) = message else { return (MessageFate::NotAMessage, Vec::new()) };
        let Ok(params) = &message.params else { return (MessageFate::BadParams, Vec::new()) };
        if message.app_sid != self.sessions[at].sid {
            return (MessageFate::WrongSid, Vec::new());
        }
        let deed = self.obey(scene, at, &message.command, params, &message.callback);
        let fate = if deed.is_some() { MessageFate::Accepted } else { MessageFate::UnknownCommand };
        let (effect, answer) = deed.map_or((None, Answer::None), |deed| (deed.effect, deed.answer));
        let mut steps: Vec<Step> = effect.map(Step::effect).into_iter().collect();
        steps.extend(self.faults.deliver(&message.command, &message.callback, answer));
        (fate, steps)
    }

    /// The page is gone.
    pub(crate) fn leave(&mut self, sid: &str) {
        self.sessions.retain(|session| session.sid != sid);
    }

    /// The user has closed the slider on top.
    pub(crate) fn close_slider(&mut self, sid: &str) -> Option<Value> {
        let at = self.position(sid)?;
        Some(list(&self.close_top(at)))
    }

    /// Closes the slider on top of each page, from outside: the number of them.
    pub(crate) fn close_sliders(&mut self) -> usize {
        let mut closed = 0;
        for at in 0..self.sessions.len() {
            let steps = self.close_top(at);
            closed += usize::from(!steps.is_empty());
            steps.into_iter().for_each(|step| self.sessions[at].push(step));
        }
        closed
    }

    /// Closes the slider on top of a page: the steps by which that is seen, and told.
    fn close_top(&mut self, at: usize) -> Vec<Step> {
        let Some(slider) = self.sessions[at].sliders.pop() else { return Vec::new() };
        let mut steps = vec![Step::effect(json!({ "kind": "closeSlider" }))];
        steps.extend(self.faults.deliver(slider.command, &slider.key, slider.answer));
        steps
    }

    /// Tells everyone who has bound to this event of the placement: the number of them.
    pub(crate) fn fire(&mut self, event: &str, data: &str) -> usize {
        let mut told = 0;
        for session in &mut self.sessions {
            let keys: Vec<String> =
                session.bound.iter().filter(|(bound, _)| bound == event).map(|(_, key)| key.clone()).collect();
            told += keys.len();
            keys.iter().for_each(|key| session.push(Step::say(format!("{key}:{data}"))));
        }
        told
    }

    /// Whether there is something for this page that it has not seen. A page that is not there has waited enough.
    pub(crate) fn is_due(&self, sid: &str, seen: u64) -> bool {
        self.position(sid).is_none_or(|at| self.sessions[at].has_after(seen))
    }

    /// What there is for this page that it has not seen.
    pub(crate) fn due(&mut self, sid: &str, seen: u64) -> Option<Value> {
        let at = self.position(sid)?;
        Some(self.sessions[at].take_after(seen))
    }

    pub(crate) fn fault(&mut self, fault: ParentFault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    pub(crate) fn messages(&self) -> Vec<FrameMessage> {
        self.log.all()
    }

    pub(crate) fn clear_messages(&mut self) {
        self.log.clear();
    }

    pub(crate) fn setting(&self) -> &Setting {
        &self.setting
    }

    fn position(&self, sid: &str) -> Option<usize> {
        self.sessions.iter().position(|session| session.sid == sid)
    }
}

fn list(steps: &[Step]) -> Value {
    json!({ "steps": steps.iter().map(Step::to_json).collect::<Vec<Value>>() })
}
