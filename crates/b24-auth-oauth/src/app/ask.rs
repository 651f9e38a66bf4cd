//! One question to the authorisation server: sent as a form, and again where that is safe.

use std::time::Duration;

use b24_core::{BoxError, Error, SdkCode, Secret, keys};
use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use tower::ServiceExt;

use super::{answer, http::Http, reworded};
use crate::AuthServer;

/// A form for one path of the server. What is secret in it is taken out of every error.
pub(super) struct Question<'a> {
    pub(super) path: &'static str,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) secrets: &'a [&'a Secret],
}

impl Question<'_> {
    /// An error without its secrets, in both spellings: a client may put the form itself into its error.
    fn clean(&self, error: Error) -> Error {
        self.secrets.iter().fold(error, |error, secret| {
            let encoded: String = form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
            error.without(&Secret::from(encoded)).without(secret)
        })
    }
}

/// Sends a question and gives the body of a success.
///
/// Where no answer came or the server failed, it is asked once more with the same words. That is safe: a refresh token
/// that was used up by the send before is refused, and nothing else happens.
pub(super) async fn ask(
    http: &Http,
    server: &AuthServer,
    question: &Question<'_>,
    limit: Duration,
) -> Result<Bytes, Error> {
    let mut lost = false;
    let mut sends = 0;
    loop {
        sends += 1;
        let (error, may_pass) = match send(http, request(server, question)?, limit).await {
            Ok(answer) => match answer::read(&answer) {
                Ok(_) => return Ok(answer.into_body()),
                Err(error) => (error, answer::may_pass(answer.status())),
            },
            Err(error) => (error, true),
        };
        let error = question.clean(error).with_attempts(sends);
        if !may_pass || sends == SENDS {
            return Err(if lost && !may_pass { after_a_lost_answer(&error) } else { error });
        }
        // What is refused for coming too fast has not been looked at.
        lost |= error.status() != Some(StatusCode::TOO_MANY_REQUESTS);
        tracing::warn!(
            target: keys::TARGET_AUTH,
            { { keys::ERROR_TYPE } = error.code() },
            "the authorisation server gave no usable answer and is asked again"
        );
        tokio::time::sleep(pause(sends)).await;
    }
}

async fn send(http: &Http, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, Error> {
    match tokio::time::timeout(limit, http.clone().oneshot(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(no_answer(source)),
        Err(_) => Err(Error::auth(SdkCode::RequestTimeout.as_str(), "the authorisation server did not answer in time")),
    }
}

fn no_answer(source: BoxError) -> Error {
    let text = "the authorisation server could not be reached, or its answer was lost";
    Error::auth(SdkCode::NetworkError.as_str(), text).with_source(source)
}

/// A refusal of what an earlier send may have used up.
fn after_a_lost_answer(error: &Error) -> Error {
    let text = "an earlier send of the same request got no answer, and may have used it up";
    reworded(error, format!("{}; {text}", error.message()))
}

/// A POST with everything in the body: what stands in an address is written into logs.
fn request(server: &AuthServer, question: &Question<'_>) -> Result<Request<Bytes>, Error> {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(256));
    form.extend_pairs(question.fields);
    let address = server.address();
    let uri = Uri::builder()
        .scheme(address.scheme().clone())
        .authority(address.authority().clone())
        .path_and_query(question.path)
        .build()
        .map_err(|source| Error::auth(SdkCode::InvalidConfig.as_str(), "no valid address").with_source(source))?;
    let mut request = Request::new(Bytes::from(form.finish()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}

/// Exponential with full jitter: 300 ms at most before the second send, 600 ms before the third.
fn pause(sends: u32) -> Duration {
    Duration::from_millis(fastrand::u64(0..=(150 << sends)))
}

/// How long it can take to ask, when one send takes so long.
pub(super) fn patience(limit: Duration) -> Duration {
    limit * SENDS + Duration::from_secs(1)
}

const SENDS: u32 = 3;
