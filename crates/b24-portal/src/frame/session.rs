//! One opening of the application: a frame on the portal's page, with tokens of its own.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::fault::Answer;
use super::step::Step;
use crate::oauth::Pair;

/// A page with the application in it.
pub(crate) struct Session {
    /// What both sides know the frame by: `APP_SID`.
    pub(crate) sid: String,
    pub(crate) pair: Pair,
    pub(crate) placement: String,
    pub(crate) options: Map<String, Value>,
    /// Whether the user has never opened the application before; told once.
    pub(crate) first_run: bool,
    /// The page on which a slider shows this one.
    pub(crate) opener: Option<String>,
    /// The sliders on this page, the one on top last.
    pub(crate) sliders: Vec<Slider>,
    /// Events of the placement, and the keys they are waited for under.
    pub(crate) bound: Vec<(String, String)>,
    /// What a field of a form holds, in a placement that has one.
    pub(crate) value: Value,
    /// Steps that no message asked for, with their numbers.
    waiting: VecDeque<(u64, Step)>,
    numbered: u64,
}

/// A slider, and who is told when it closes.
pub(crate) struct Slider {
    pub(crate) command: &'static str,
    pub(crate) key: String,
    pub(crate) answer: Answer,
}

impl Session {
    pub(crate) fn new(sid: String, pair: Pair, placement: String, options: Map<String, Value>) -> Self {
        Self {
            sid,
            pair,
            placement,
            options,
            first_run: false,
            opener: None,
            sliders: Vec::new(),
            bound: Vec::new(),
            value: Value::Null,
            waiting: VecDeque::new(),
            numbered: 0,
        }
    }

    /// Puts a step in line for the page, which asks for it.
    pub(crate) fn push(&mut self, step: Step) {
        self.numbered += 1;
        self.waiting.push_back((self.numbered, step));
    }

    pub(crate) fn has_after(&self, number: u64) -> bool {
        self.waiting.back().is_some_and(|(last, _)| *last > number)
    }

    /// The steps after this number, which the page has seen; with the number of the last.
    pub(crate) fn take_after(&mut self, number: u64) -> Value {
        self.waiting.retain(|(at, _)| *at > number);
        let last = self.waiting.back().map_or(number, |(last, _)| *last);
        let steps: Vec<Value> = self.waiting.iter().map(|(_, step)| step.to_json()).collect();
        json!({ "steps": steps, "last": last })
    }
}
