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

/// How many bytes of requests are kept; the last one is kept whatever its size.
const MAX_BYTES: usize = 64 << 20;

/// The most recent requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    kept: VecDeque<RecordedRequest>,
    bytes: usize,
    limit: usize,
}

impl RecordedRequest {
    /// About how much memory it takes.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
        self.method.len() + self.path.len() + self.query.len() + self.body.len() + headers
    }
}

impl RequestLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), bytes: 0, limit }
    }

    pub(crate) fn push(&mut self, request: RecordedRequest) {
        if self.limit == 0 {
            return;
        }
        self.bytes += request.size();
        self.kept.push_back(request);
        while self.kept.len() > self.limit || (self.bytes > MAX_BYTES && self.kept.len() > 1) {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn request(body: Bytes) -> RecordedRequest {
        RecordedRequest {
            method: String::new(),
            version: None,
            http_method: Method::POST,
            path: String::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            body,
            source: Ipv4Addr::LOCALHOST.into(),
            status: None,
        }
    }

    #[test]
    fn the_log_is_bounded_by_bytes_as_well() {
        let mut log = RequestLog::new(1000);
        let body = Bytes::from(vec![0; MAX_BYTES / 4]);
        for _ in 0..10 {
            log.push(request(body.clone()));
        }
        assert_eq!((log.all().len(), log.bytes), (4, MAX_BYTES));
        log.push(request(vec![0; MAX_BYTES + 1].into()));
        assert_eq!(log.all().len(), 1, "the last one is always there");
        log.clear();
        assert_eq!(log.bytes, 0);
    }
}
