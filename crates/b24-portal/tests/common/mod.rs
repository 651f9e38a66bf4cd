//! A caller for in-process portals, and a few ways to look at answers.

// Every test file is a crate of its own and uses its own part of this.
#![allow(dead_code, unreachable_pub, reason = "shared by several test crates")]
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

pub mod events;
pub mod form;
pub mod frame;

use std::net::IpAddr;

use b24_portal::{Portal, PortalBuilder, PortalService, SourceIp, VirtualClock};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower_service::Service;

/// A portal on a virtual clock, without sockets.
pub struct Bench {
    pub portal: Portal,
    pub clock: VirtualClock,
    pub source: Option<IpAddr>,
}

/// An answer, read.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Bytes,
}

pub const SECRET: &str = "s3cr3tofatest";

impl Bench {
    /// A portal with the default limits out of the way.
    pub fn new() -> Self {
        Self::with(Portal::builder().limits(b24_portal::Limits::default().without_rate()))
    }

    pub fn with(builder: PortalBuilder) -> Self {
        let clock = VirtualClock::new();
        let portal = builder.webhook(1, SECRET).clock(clock.clone()).in_process();
        Self { portal, clock, source: None }
    }

    /// Calls a v2 method with a JSON body through the webhook.
    pub async fn v2(&self, method: &str, params: &Value) -> Reply {
        self.post(&format!("/rest/1/{SECRET}/{method}"), params).await
    }

    /// Calls a v3 method through the webhook.
    pub async fn v3(&self, method: &str, params: &Value) -> Reply {
        self.post(&format!("/rest/api/1/{SECRET}/{method}"), params).await
    }

    pub async fn post(&self, path: &str, params: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(params.to_string().into()).expect("a request")).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Bytes::new()).expect("a request")).await
    }

    pub async fn form(&self, path: &str, body: &'static str) -> Reply {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).expect("a request")).await
    }

    pub async fn send(&self, request: Request<Bytes>) -> Reply {
        Reply::read(self.try_send(request).await.expect("an answer"))
    }

    pub async fn try_send(&self, mut request: Request<Bytes>) -> std::io::Result<Response<Bytes>> {
        if let Some(source) = self.source {
            request.extensions_mut().insert(SourceIp(source));
        }
        let mut service: PortalService = self.portal.service();
        let (head, body) = service.call(request.map(Full::new)).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await.expect("a body in memory").to_bytes()))
    }
}

impl Reply {
    pub fn read(response: Response<Bytes>) -> Self {
        let (head, bytes) = response.into_parts();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status: head.status.as_u16(), headers: head.headers, body, bytes }
    }

    /// The result of a successful answer.
    pub fn result(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body["result"]
    }

    /// The v2 error code.
    pub fn error(&self) -> &str {
        self.body["error"].as_str().expect("a v2 error")
    }

    /// The v3 error code without what all codes have in common.
    pub fn trouble(&self) -> &str {
        let code = self.body["error"]["code"].as_str().expect("a v3 error");
        let code = code.strip_prefix("BITRIX_REST_V3_").expect("the namespace");
        code.strip_suffix("EXCEPTION").expect("the suffix").trim_start_matches("EXCEPTION_")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The values of one key in a list of rows.
pub fn column(rows: &Value, key: &str) -> Vec<i64> {
    let rows = rows.as_array().expect("a list");
    rows.iter()
        .map(|row| match &row[key] {
            Value::String(text) => text.parse().expect("a number"),
            other => other.as_i64().expect("a number"),
        })
        .collect()
}
