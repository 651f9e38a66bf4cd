//! What the portal remembers of the requests it got.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// The generation of the REST API that an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `/rest/…`
    V2,
    /// `/rest/api/…`
    V3,
}

/// A request as it arrived, and what became of it.
///
/// `Debug` shows no header values, no query and no body: all three may carry a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The REST method as the caller spelled it; empty when the path names none.
    pub method: String,
    /// The API generation, when the path belongs to one.
    pub version: Option<ApiVersion>,
    /// The HTTP method.
    pub http_method: Method,
    /// The path, with the webhook's secret replaced by `***`.
    pub path: String,
    /// The query string as sent, without the `?`.
    pub query: String,
    /// The headers as sent.
    pub headers: HeaderMap,
    /// The body as sent; empty when the connection was cut before it was read.
    pub body: Bytes,
    /// The address the request came from.
    pub source: IpAddr,
    /// The status answered; `None` when the answer was withheld by a fault.
    pub status: Option<StatusCode>,
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("version", &self.version)
            .field("http_method", &self.http_method)
            .field("path", &self.path)
            .field("body_len", &self.body.len())
            .field("source", &self.source)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The most recent requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    kept: VecDeque<RecordedRequest>,
    limit: usize,
}

impl RequestLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), limit }
    }

    pub(crate) fn push(&mut self, request: RecordedRequest) {
        if self.limit == 0 {
            return;
        }
        if self.kept.len() == self.limit {
            self.kept.pop_front();
        }
        self.kept.push_back(request);
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }
}
