//! Plain `http` requests.

use std::{
    borrow::Cow,
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
    time::Duration,
};

use ::http::{Request, Response, StatusCode, Uri, header};

use super::{Classifier, Lesson, Refused, Spend};

/// Understands the requests of any HTTP client: portal and method from the address, refusals from the status.
///
/// It reads no bodies. So it does not know how much operating time a method has used before the portal refuses it, nor the
/// commands of a batch; a 503 counts as a refusal by the rate and a 429 as one by operating time, whatever their bodies
/// say. Requests to any path but `/rest/…` are none of its business and pass.
///
/// The priority is taken from a request's extensions: put a [`Priority`](b24_core::Priority) there.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/general-principles.html>
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HttpClassifier;

impl HttpClassifier {
    /// The classifier.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<B, R, E> Classifier<Request<B>, Response<R>, E> for HttpClassifier {
    fn portal<'r>(&self, request: &'r Request<B>) -> Option<Cow<'r, str>> {
        segments(request.uri().path())?;
        let host = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri().authority().map(::http::uri::Authority::as_str).or_else(host).unwrap_or_default();
        // Whoever stands in front of the host is not part of the portal.
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let secure = request.uri().scheme_str() != Some("http");
        let authority = authority.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(authority);
        let plain = !authority.bytes().any(|byte| byte.is_ascii_uppercase());
        Some(if plain { authority.into() } else { authority.to_ascii_lowercase().into() })
    }

    fn spend(&self, request: &Request<B>) -> Spend {
        let Some(segments) = segments(request.uri().path()) else { return Spend::unnamed() };
        let method = segments.last().map_or("", |last| without_suffix(last));
        let priority = request.extensions().get().copied().unwrap_or_default();
        Spend::call(method).with_owner(owner(request.uri(), request.headers())).with_priority(priority)
    }

    fn learn(&self, _: &Spend, outcome: Result<&Response<R>, &E>) -> Lesson {
        let Ok(response) = outcome else { return Lesson::failed("ERROR") };
        let status = response.status();
        if status.is_success() {
            return Lesson::succeeded();
        }
        let lesson = Lesson::failed(status.as_str().to_owned()).with_retry_after(retry_after(response.headers()));
        match status {
            StatusCode::SERVICE_UNAVAILABLE => lesson.with_refusal(Refused::Rate),
            StatusCode::TOO_MANY_REQUESTS => lesson.with_refusal(Refused::Operating),
            _ => lesson,
        }
    }
}

/// What follows `/rest/`: a method, perhaps with a user and a secret before it.
fn segments(path: &str) -> Option<Vec<&str>> {
    let rest = path.strip_prefix("/rest/")?;
    Some(rest.strip_prefix("api/").unwrap_or(rest).split('/').filter(|segment| !segment.is_empty()).collect())
}

/// v2 takes the form of the answer behind the method's name.
fn without_suffix(method: &str) -> &str {
    method.strip_suffix(".json").or_else(|| method.strip_suffix(".xml")).unwrap_or(method)
}

/// The webhook, told by user and secret in its path. Applications are told apart by nothing in a request that outlives
/// their tokens: all of one portal count together.
fn owner(uri: &Uri, headers: &::http::HeaderMap) -> u64 {
    let segments = segments(uri.path()).unwrap_or_default();
    match segments.as_slice() {
        [user, secret, _, ..] if !headers.contains_key(header::AUTHORIZATION) => OWNERS.hash_one((user, secret)),
        _ => 0,
    }
}

/// Drawn anew in each process: the number of a secret says nothing about it anywhere else.
static OWNERS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

fn retry_after(headers: &::http::HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classify(uri: &str) -> (Option<String>, Option<String>) {
        let request = Request::post(uri).body(()).unwrap();
        let classifier: &dyn Classifier<Request<()>, Response<()>, ()> = &HttpClassifier;
        let portal = classifier.portal(&request).map(Cow::into_owned);
        (portal, classifier.spend(&request).method().map(str::to_owned))
    }

    #[test]
    fn portal_and_method_come_from_the_address() {
        for (uri, portal, method) in [
            ("https://p.bitrix24.com/rest/1/s3cr3t/crm.deal.get", Some("p.bitrix24.com"), Some("crm.deal.get")),
            (
                "https://P.bitrix24.com:443/rest/1/s3cr3t/CRM.Deal.Get.json?x=/a",
                Some("p.bitrix24.com"),
                Some("crm.deal.get"),
            ),
            (
                "https://p.bitrix24.com/rest/api/1/s3cr3t/tasks.task.get/",
                Some("p.bitrix24.com"),
                Some("tasks.task.get"),
            ),
            ("https://p.bitrix24.com/rest/crm.deal.get.xml", Some("p.bitrix24.com"), Some("crm.deal.get")),
            ("http://127.0.0.1:8080/rest/batch", Some("127.0.0.1:8080"), Some("batch")),
            // No method is named: the rate alone counts.
            ("https://p.bitrix24.com/rest/", Some("p.bitrix24.com"), None),
            ("https://p.bitrix24.com/rest/%20", Some("p.bitrix24.com"), None),
            // Not the REST API.
            ("https://p.bitrix24.com/company/", None, None),
            ("https://oauth.bitrix.info/oauth/token/", None, None),
        ] {
            assert_eq!(classify(uri), (portal.map(str::to_owned), method.map(str::to_owned)), "{uri}");
        }
    }

    #[test]
    fn two_webhooks_are_two_owners() {
        let owner = |uri: &'static str| owner(&Uri::from_static(uri), &::http::HeaderMap::new());
        let one = owner("https://p.bitrix24.com/rest/1/a/profile");
        assert_eq!(one, owner("https://p.bitrix24.com/rest/1/a/user.get/"));
        assert_eq!(one, owner("https://p.bitrix24.com/rest/api/1/a/tasks.task.get"));
        assert_ne!(one, owner("https://p.bitrix24.com/rest/1/b/profile"));
        assert_eq!(owner("https://p.bitrix24.com/rest/profile"), 0);
    }
}
