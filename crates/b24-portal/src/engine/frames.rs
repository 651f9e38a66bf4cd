//! The portal's page around an application, over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri, header};
use serde_json::Value;

use super::{Delivery, Engine, Outcome, reply};
use crate::frame::page::{self, Part};
use crate::frame::{FrameMessage, ParentFault, Posted, Scene, Size, Wanted};
use crate::oauth::Denied;
use crate::php::form;
use crate::value;

/// Where the authorisation server has its page that speaks from another origin.
const FOREIGN: &str = "/frame/foreign";

/// A page that asks what the portal has to say without being asked.
pub(crate) struct Listening {
    sid: String,
    seen: u64,
}

impl Listening {
    /// Whether a request is such a question.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        (Part::of(uri.path()) == Some(Part::Due)).then(|| {
            let query = Query::of(uri);
            Self { sid: query.text("sid").unwrap_or_default(), seen: query.number("seen") }
        })
    }
}

impl Engine {
    /// Answers what belongs to a page with an application in it. Such requests are neither counted, nor recorded, nor
    /// struck by faults: a portal has them too, but nobody calls them its API.
    pub(super) fn serve_frame(&mut self, now: Duration, parts: &Parts, body: &Bytes) -> Option<Outcome> {
        let part = Part::of(parts.uri.path())?;
        let query = Query::of(&parts.uri);
        let sid = query.text("sid").unwrap_or_default();
        let response = match part {
            Part::Page => self.open_frame(now, &query),
            Part::Script => text(StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT.to_owned()),
            Part::Message if parts.method == Method::POST => steps(self.hear(now, &sid, body)),
            Part::Closed if parts.method == Method::POST => steps(self.frames.close_slider(&sid)),
            Part::Due => steps(self.frames.due(&sid, query.number("seen"))),
            Part::Left if parts.method == Method::POST => {
                self.frames.leave(&sid);
                status(StatusCode::NO_CONTENT)
            }
            Part::Message | Part::Closed | Part::Left => status(StatusCode::METHOD_NOT_ALLOWED),
        };
        Some(Outcome { response, latency: Duration::ZERO, delivery: Delivery::Whole })
    }

    /// The page of the authorisation server that speaks to the application from another origin.
    pub(super) fn serve_foreign(uri: &Uri) -> Option<Outcome> {
        (uri.path() == FOREIGN).then(|| Outcome {
            response: text(StatusCode::OK, "text/html; charset=utf-8", page::FOREIGN.to_owned()),
            latency: Duration::ZERO,
            delivery: Delivery::Whole,
        })
    }

    /// Whether there is an answer for this page already.
    pub(crate) fn is_due(&self, listening: &Listening) -> bool {
        self.frames.is_due(&listening.sid, listening.seen)
    }

    fn open_frame(&mut self, now: Duration, query: &Query) -> Response<Bytes> {
        let refuse = |code, reason| text(code, "text/html; charset=utf-8", page::refusal(reason));
        let Some(app_origin) = &self.config.origins.app else {
            return refuse(
                StatusCode::NOT_FOUND,
                "There is no application to open: the portal was started without one.",
            );
        };
        // The builder sees to it that there is one.
        let Some(app) = self.config.applications.first() else { return status(StatusCode::NOT_FOUND) };
        let wanted = Wanted { slider: query.text("slider"), options: query.text("options") };
        let who = (app.client_id(), self.config.signed_in);
        let setting = self.frames.setting().clone();
        match self.frames.open(now, &mut self.ledger, who, wanted) {
            Ok(session) => {
                let place = (&self.config.origins, app_origin.as_str(), self.config.member_id());
                let html = page::page(session, &setting, app, (place.0, place.1, &place.2));
                text(StatusCode::OK, "text/html; charset=utf-8", html)
            }
            Err(Denied::Unpaid) => refuse(StatusCode::OK, "The application has to be paid for."),
            Err(_) => refuse(StatusCode::OK, "The application is not installed."),
        }
    }

    fn hear(&mut self, now: Duration, sid: &str, body: &Bytes) -> Option<Value> {
        let posted: Value = serde_json::from_slice(body).ok()?;
        let pixels = |name: &str| posted[name].as_f64().unwrap_or_default();
        let size = Size { height: pixels("height"), available: pixels("available") };
        let origin = posted["origin"].as_str().unwrap_or_default().to_owned();
        let posted = Posted { origin, data: posted["data"].clone() };
        let app_origin = self.config.origins.app.clone()?;
        let member_id = self.config.member_id();
        let unfinished = self.unfinished();
        let origins = &self.config.origins;
        let mut scene = Scene { now, ledger: &mut self.ledger, origins, member_id: &member_id, size };
        let steps = self.frames.receive(&mut scene, sid, &app_origin, &posted);
        self.note_finished(now, unfinished);
        steps
    }

    pub(crate) fn parent_fault(&mut self, fault: ParentFault) {
        self.frames.fault(fault);
    }

    pub(crate) fn frame_messages(&self) -> Vec<FrameMessage> {
        self.frames.messages()
    }

    pub(crate) fn fire(&mut self, event: &str, data: &str) -> usize {
        self.frames.fire(event, data)
    }

    pub(crate) fn close_sliders(&mut self) -> usize {
        self.frames.close_sliders()
    }
}

/// A query string, read.
struct Query(value::Array);

impl Query {
    fn of(uri: &Uri) -> Self {
        Self(form::parse(uri.query().unwrap_or_default()))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(value::Value::as_str).map(str::to_owned)
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

/// Steps for the page; 404 where there is no such page, which makes it stop asking.
fn steps(steps: Option<Value>) -> Response<Bytes> {
    match steps {
        Some(steps) => text(StatusCode::OK, "application/json; charset=utf-8", steps.to_string()),
        None => status(StatusCode::NOT_FOUND),
    }
}

fn status(status: StatusCode) -> Response<Bytes> {
    text(status, "text/plain; charset=utf-8", String::new())
}

/// No other origin may read these: there is no `Access-Control-Allow-Origin`.
fn text(status: StatusCode, kind: &str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    reply::set(&mut response, header::CONTENT_TYPE, kind);
    reply::set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}
