//! A portal that is a list of answers, and writes down what it was asked.

use std::{
    collections::VecDeque,
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use b24_core::{Error, RestError, RestRequest, RestResponse, Safety, SdkCode};
use http::StatusCode;
use serde_json::{Value, json};
use tower_service::Service;

type Answer = Pin<Box<dyn Future<Output = Result<RestResponse, Error>> + Send>>;

/// Panics unless that very copy was made ready before `call`, and when it is asked more than was foreseen.
#[derive(Default)]
pub(crate) struct Portal {
    shared: Arc<Mutex<Script>>,
    ready: bool,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<RestRequest>,
}

impl Clone for Portal {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ready: false }
    }
}

impl Portal {
    pub(crate) fn answers(self, answer: impl Future<Output = Result<RestResponse, Error>> + Send + 'static) -> Self {
        self.shared.lock().unwrap().answers.push_back(Box::pin(answer));
        self
    }

    pub(crate) fn says(self, result: &Value) -> Self {
        let answer = RestResponse::read(StatusCode::OK, json!({ "result": result }).to_string().into());
        self.answers(ready(answer))
    }

    /// A page of events with these ids, of a reservation.
    pub(crate) fn page(self, process_id: &str, ids: impl IntoIterator<Item = u64>) -> Self {
        self.says(&page(process_id, ids))
    }

    pub(crate) fn refuses(self, status: u16, code: &str, message: &str) -> Self {
        let error = RestError::new(StatusCode::from_u16(status).unwrap(), code, message);
        self.answers(ready(Err(error.into())))
    }

    /// The portal has done it, and nobody hears of it.
    pub(crate) fn loses_the_answer(self) -> Self {
        self.answers(ready(Err(Error::transport(SdkCode::NetworkError, "the connection broke", true))))
    }

    pub(crate) fn never_answers(self) -> Self {
        self.answers(std::future::pending())
    }

    /// Methods and parameters of what was asked so far.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        let method = |request: &RestRequest| request.method().to_string();
        let params = |request: &RestRequest| serde_json::from_slice(request.params().as_bytes()).unwrap();
        self.shared.lock().unwrap().asked.iter().map(|request| (method(request), params(request))).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.lock().unwrap().asked.len()
    }

    pub(crate) fn safety(&self, place: usize) -> Safety {
        self.shared.lock().unwrap().asked[place].safety()
    }

    pub(crate) fn request(&self, place: usize) -> RestRequest {
        self.shared.lock().unwrap().asked[place].clone()
    }
}

pub(crate) fn page(process_id: &str, ids: impl IntoIterator<Item = u64>) -> Value {
    let row = |id: u64| json!({ "ID": id.to_string(), "EVENT_NAME": "ONCRMDEALADD", "MESSAGE_ID": format!("m{id}") });
    json!({ "process_id": process_id, "events": ids.into_iter().map(row).collect::<Vec<_>>() })
}

impl Service<RestRequest> for Portal {
    type Response = RestResponse;
    type Error = Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> Answer {
        assert!(std::mem::take(&mut self.ready), "called without having been made ready");
        let mut script = self.shared.lock().unwrap();
        script.asked.push(request);
        script.answers.pop_front().expect("asked more than was foreseen")
    }
}
