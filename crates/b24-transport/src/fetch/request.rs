//! A request in the browser's words.

use http::{
    HeaderName, Request,
    header::{CONTENT_LENGTH, HOST, USER_AGENT},
};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{AbortSignal, Headers, ReferrerPolicy, RequestCache, RequestCredentials, RequestInit};
use web_sys::{RequestMode, RequestRedirect};

use crate::Body;

/// The request, with everything that a browser would add by itself turned off.
pub(super) fn build(request: Request<Body>, signal: &AbortSignal) -> Result<web_sys::Request, JsValue> {
    let (head, body) = request.into_parts();
    let headers = Headers::new()?;
    for (name, value) in head.headers.iter().filter(|(name, _)| !is_the_browsers(name)) {
        let Ok(value) = value.to_str() else { return Err("a header with more than visible ASCII".into()) };
        headers.append(name.as_str(), value)?;
    }
    let init = RequestInit::new();
    init.set_method(head.method.as_str());
    init.set_headers(&headers);
    init.set_mode(RequestMode::Cors);
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    // A browser refuses a GET with a body, were it an empty one.
    if !body.as_bytes().is_empty() {
        init.set_body(&Uint8Array::from(&**body.as_bytes()));
    }
    web_sys::Request::new_with_str_and_init(&head.uri.to_string(), &init)
}

/// Written by the browser. `user-agent` some would send, and portals permit only `origin, content-type, accept`.
fn is_the_browsers(name: &HeaderName) -> bool {
    [USER_AGENT, HOST, CONTENT_LENGTH].contains(name)
}
