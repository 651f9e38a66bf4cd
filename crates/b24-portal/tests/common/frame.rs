//! A page with an application in a frame, without a browser.

use b24_portal::{Limits, Portal, PortalBuilder};
use serde_json::{Value, json};

use super::{Bench, Reply};

/// A portal with an application, and the rate out of the way.
pub fn builder() -> PortalBuilder {
    Portal::builder().limits(Limits::default().without_rate()).frame_app("dist")
}

/// A page with the application in a frame.
pub struct Page<'a> {
    bench: &'a Bench,
    pub html: String,
    pub sid: String,
}

impl<'a> Page<'a> {
    pub async fn open(bench: &'a Bench) -> Self {
        Self::open_at(bench, "/frame/").await
    }

    pub async fn open_at(bench: &'a Bench, path: &str) -> Self {
        let reply = bench.get(path).await;
        assert_eq!(reply.status, 200);
        let html = String::from_utf8(reply.bytes.to_vec()).expect("HTML");
        let name = between(&html, "<iframe id=\"app\" name=\"", "\"").to_owned();
        let sid = name.rsplit('|').next().expect("three parts").to_owned();
        Self { bench, html, sid }
    }

    /// What an application posts, from the application's origin.
    pub async fn hear(&self, data: Value) -> Vec<Value> {
        let origin = self.bench.portal.frame_app_url().expect("an application").to_owned();
        self.hear_from(&origin, data).await
    }

    pub async fn hear_from(&self, origin: &str, data: Value) -> Vec<Value> {
        let posted = json!({ "origin": origin, "data": data, "height": 600, "available": 1000 });
        steps(&self.bench.post(&format!("/frame/message?sid={}", self.sid), &posted).await)
    }

    /// A command with parameters, and the steps that follow.
    pub async fn ask(&self, command: &str, params: Value) -> Vec<Value> {
        self.hear(format!("{command}:{params}:key:{}", self.sid).into()).await
    }

    /// A command that is answered at once and by nothing else.
    pub async fn answer(&self, command: &str, params: Value) -> Value {
        let steps = self.ask(command, params).await;
        let said: Vec<&str> = steps.iter().filter_map(|step| step["say"].as_str()).collect();
        assert_eq!(said.len(), 1, "{steps:?}");
        serde_json::from_str(said[0].strip_prefix("key:").expect("the key")).expect("JSON")
    }

    pub async fn due(&self, seen: u64) -> Value {
        let reply = self.bench.get(&format!("/frame/due?sid={}&seen={seen}", self.sid)).await;
        assert_eq!(reply.status, 200);
        reply.body
    }

    /// The one effect of a command that says nothing.
    pub async fn effect(&self, command: &str, params: Value) -> Value {
        let steps = self.ask(command, params).await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert_eq!(steps[0]["say"], Value::Null);
        steps[0]["effect"].clone()
    }
}

pub fn steps(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200);
    reply.body["steps"].as_array().expect("steps").clone()
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect("in the page").0
}

pub fn said(steps: &[Value]) -> Vec<(&str, &str, u64)> {
    let of = |step: &'_ Value| step["after_ms"].as_u64().expect("a time");
    steps.iter().filter_map(|step| Some((step["say"].as_str()?, step["from"].as_str()?, of(step)))).collect()
}
