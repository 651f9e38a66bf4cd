//! Writing credentials to the wire: the last step before the HTTP client.

use std::{
    fmt::Write as _,
    task::{Context, Poll},
};

use b24_core::{Credential, Grant};
use http::{HeaderValue, Request, Uri, header::AUTHORIZATION, uri::PathAndQuery};
use tower_service::Service;

use crate::Body;

/// Writes the credentials of a call into the request: a webhook's secret into the path, a token into the
/// `Authorization` header.
///
/// It stands below every layer that could log a request, because the full URL of a webhook is a secret; above it the
/// secret's place in the path reads `***`. [`RestLayer`](crate::RestLayer) puts it there. Credentials are attached only
/// to requests for the portal they belong to, whatever a layer in between made of the address.
#[derive(Clone, Debug)]
pub struct Credentials<S> {
    inner: S,
}

impl<S> Credentials<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The wrapped client.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Hands the wrapped client over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Credentials<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        if let Some(grant) = request.extensions_mut().remove::<Grant>() {
            attach(&grant, &mut request);
        }
        self.inner.call(request)
    }
}

fn attach(grant: &Grant, request: &mut Request<Body>) {
    let portal = grant.portal();
    if request.uri().authority() != Some(portal.authority()) || request.uri().scheme() != Some(portal.scheme()) {
        return;
    }
    match grant.credential() {
        Credential::Token(token) => {
            if let Some(value) = bearer(token.expose()) {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        Credential::Webhook { secret, .. } => {
            if let Some(uri) = with_secret(request.uri(), secret.expose()) {
                *request.uri_mut() = uri;
            }
        }
        _ => {}
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The address with the secret in its place.
fn with_secret(uri: &Uri, secret: &str) -> Option<Uri> {
    let (before, after) = uri.path().split_once(PLACEHOLDER)?;
    let mut path = format!("{before}{secret}{after}");
    if let Some(query) = uri.query() {
        // Writing into a `String` cannot fail.
        let _ = write!(path, "?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// What stands in the path above this step.
pub(crate) const PLACEHOLDER: &str = "***";

#[cfg(test)]
mod tests {
    use b24_core::Secret;

    use super::*;

    fn sent(grant: &Grant, uri: &str) -> Request<Body> {
        let mut request = Request::post(uri).body(Body::default()).unwrap();
        attach(grant, &mut request);
        request
    }

    #[test]
    fn a_webhook_secret_goes_into_the_path_and_only_there() {
        let grant = Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s%2Fx"));
        let request = sent(&grant, "https://p.com/rest/api/1/***/profile?bx24_request_id=***");
        assert_eq!(request.uri(), "https://p.com/rest/api/1/s%2Fx/profile?bx24_request_id=***");
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_token_goes_into_a_sensitive_header() {
        let grant = Grant::token("https://p.com".parse().unwrap(), Secret::from("t0ken"), 0);
        let request = sent(&grant, "https://p.com/rest/profile");
        let header = &request.headers()[AUTHORIZATION];
        assert!(header == "Bearer t0ken" && header.is_sensitive());
        assert!(!format!("{request:?}").contains("t0ken"));
    }

    #[test]
    fn credentials_go_to_no_other_portal() {
        let hook = Grant::webhook("https://p.com".parse().unwrap(), 1, Secret::from("s3cr3t"));
        let token = Grant::token("https://p.com".parse().unwrap(), Secret::from("s3cr3t"), 0);
        for uri in ["https://q.com/rest/1/***/x", "http://p.com/rest/1/***/x", "https://p.com:8443/rest/1/***/x"] {
            for grant in [&hook, &token] {
                let request = sent(grant, uri);
                assert_eq!(request.uri(), uri);
                assert!(request.headers().is_empty());
            }
        }
    }
}
