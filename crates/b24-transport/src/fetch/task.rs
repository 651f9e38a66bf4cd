//! The task that has what belongs to JavaScript, and may not leave its thread.

use std::{convert::Infallible, future::poll_fn, pin::pin};

use b24_core::redact;
use bytes::Bytes;
use futures_channel::{mpsc, oneshot};
use futures_util::future::select;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES, LAST_MODIFIED, PRAGMA, RETRY_AFTER},
};
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader, ResponseType};

use super::request;
use crate::{Body, HttpError};

/// The head of an answer, and where its body will come from.
pub(super) type Head = Response<Chunks>;
/// The pieces of a body. An end without an error is the end of the body.
pub(super) type Chunks = mpsc::Receiver<Result<Bytes, HttpError>>;
type HeadSender = oneshot::Sender<Result<Head, HttpError>>;

/// Whoever holds it wants the answer. Dropped, it aborts the `fetch` and ends the task.
pub(super) struct Leash {
    _held: oneshot::Sender<Infallible>,
}

/// Begins a `fetch`.
pub(super) fn start(request: Request<Body>) -> (oneshot::Receiver<Result<Head, HttpError>>, Leash) {
    let (head, answer) = oneshot::channel();
    let (held, let_go) = oneshot::channel();
    spawn_local(async move {
        let work = pin!(fetch(request, head));
        // Let go of: what `work` holds is dropped at the end of this task, the guard that aborts among it.
        select(work, let_go).await;
    });
    (answer, Leash { _held: held })
}

async fn fetch(request: Request<Body>, head: HeadSender) {
    let (response, abort) = match ask(request).await {
        Ok(answer) => answer,
        Err(error) => {
            let _ = head.send(Err(error));
            return;
        }
    };
    let (mut chunks, receiver) = mpsc::channel(0);
    let _ = head.send(read_head(&response).map(|head| head.map(|()| receiver)));
    if let Err(error) = read_body(&response, &mut chunks, abort).await {
        // There is a place for it: it was waited for before each piece, and none was sent since.
        let _ = chunks.try_send(Err(error));
    }
}

/// Sends, and waits for the head.
async fn ask(request: Request<Body>) -> Result<(web_sys::Response, Abort), HttpError> {
    let abort = Abort::new().map_err(|error| HttpError::not_sent(told(&error)))?;
    let request = request::build(request, &abort.signal()).map_err(|error| HttpError::not_sent(told(&error)))?;
    let global = js_sys::global();
    let fetch = Reflect::get(&global, &"fetch".into()).ok().and_then(|fetch| fetch.dyn_into::<Function>().ok());
    let Some(fetch) = fetch else { return Err(HttpError::not_sent("there is no `fetch` here")) };
    let answer = fetch.call1(&global, &request).map_err(|error| HttpError::sent(told(&error)))?;
    let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(|error| HttpError::sent(told(&error)))?;
    let response = answer.dyn_into().map_err(|_| HttpError::sent("`fetch` gave no `Response`"))?;
    Ok((response, abort))
}

fn read_head(response: &web_sys::Response) -> Result<Response<()>, HttpError> {
    let mut head = Response::new(());
    // Its status is 0, and that of a redirect is what the codec knows.
    if response.type_() == ResponseType::Opaqueredirect {
        *head.status_mut() = StatusCode::FOUND;
        return Ok(head);
    }
    *head.status_mut() = StatusCode::from_u16(response.status()).map_err(HttpError::sent)?;
    *head.headers_mut() = headers(response);
    Ok(head)
}

/// What a browser shows of the answer of another origin, and `Retry-After`, in case it is allowed. Of the body's length and
/// compression it speaks as they were before it decompressed it, so they are left out.
///
/// Source: <https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>
fn headers(response: &web_sys::Response) -> HeaderMap {
    let shown = response.headers();
    let mut headers = HeaderMap::new();
    for name in [CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES, LAST_MODIFIED, PRAGMA, RETRY_AFTER] {
        let value = shown.get(name.as_str()).ok().flatten().and_then(|value| HeaderValue::try_from(value).ok());
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    headers
}

/// Hands the body over piece by piece; reads one only when there is a place for it. Whatever does not come to its end is
/// aborted.
async fn read_body(
    response: &web_sys::Response,
    chunks: &mut mpsc::Sender<Result<Bytes, HttpError>>,
    abort: Abort,
) -> Result<(), HttpError> {
    let Some(stream) = response.body() else {
        abort.disarm();
        return Ok(());
    };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        if poll_fn(|cx| chunks.poll_ready(cx)).await.is_err() {
            // The one who read has gone.
            return Ok(());
        }
        let step = JsFuture::from(reader.read()).await.map_err(|error| HttpError::sent(told(&error)))?;
        let Some(piece) = piece(&step) else {
            abort.disarm();
            return Ok(());
        };
        let _ = chunks.try_send(Ok(piece.to_vec().into()));
    }
}

/// The bytes of one `read()`; `None` at the end.
fn piece(step: &JsValue) -> Option<Uint8Array> {
    let get = |name: &str| Reflect::get(step, &name.into()).ok();
    get("value").filter(|_| !get("done").is_some_and(|done| done.is_truthy()))?.dyn_into().ok()
}

/// Aborts the `fetch` when it is dropped early.
struct Abort(Option<AbortController>, AbortSignal);

impl Abort {
    fn new() -> Result<Self, JsValue> {
        let controller = AbortController::new()?;
        let signal = controller.signal();
        Ok(Self(Some(controller), signal))
    }

    fn signal(&self) -> AbortSignal {
        self.1.clone()
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// The text of an exception, without what looks like a secret: it may have the address in it.
fn told(error: &JsValue) -> String {
    let text = match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.to_string()),
        None => error.as_string().unwrap_or_else(|| "an exception without a text".to_owned()),
    };
    redact::text(&text).into_owned()
}
