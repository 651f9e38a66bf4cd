//! The span of a call.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use b24_client::Client;
use b24_core::{RestRequest, RestResponse};
use futures_util::FutureExt;
use http::StatusCode;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

#[derive(Clone, Default)]
struct Fields(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Fields {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().insert("name", attributes.metadata().name().to_owned());
        attributes.record(&mut self.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

fn span_of(status: u16, body: &'static str) -> BTreeMap<&'static str, String> {
    let fields = Fields::default();
    let _guard = tracing_subscriber::registry().with(fields.clone()).set_default();
    let stack = tower::service_fn(move |_: RestRequest| {
        std::future::ready(RestResponse::read(StatusCode::from_u16(status).unwrap(), body.into()))
    });
    let b24 = Client::new("https://p.bitrix24.com".parse().unwrap(), stack);
    let _ = b24.v3().call("tasks.task.get").request_id("job-17").send::<u8>().now_or_never().unwrap();
    std::mem::take(&mut *fields.0.lock().unwrap())
}

#[test]
fn a_call_has_one_span_with_the_names_of_opentelemetry() {
    let span = span_of(200, r#"{"result":1}"#);
    for (key, want) in [
        ("name", "b24.call"),
        ("otel.kind", "\"client\""),
        ("http.request.method", "\"POST\""),
        ("http.response.status_code", "200"),
        ("http.request.resend_count", "0"),
        ("server.address", "\"p.bitrix24.com\""),
        ("server.port", "443"),
        ("url.template", "\"/rest/{method}\""),
        ("b24.method", "\"tasks.task.get\""),
        ("b24.api_version", "\"v3\""),
        ("b24.request_id", "\"job-17\""),
    ] {
        assert_eq!(span.get(key).map(String::as_str), Some(want), "{key}");
    }
    assert!(!span.contains_key("error.type"));
}

#[test]
fn a_failed_call_says_how_it_ended() {
    let span = span_of(403, r#"{"error":{"code":"access_denied","message":"no"}}"#);
    assert_eq!(span["http.response.status_code"], "403");
    assert_eq!(span["error.type"], "\"access_denied\"");
    assert_eq!(span["otel.status_code"], "\"error\"");
}
