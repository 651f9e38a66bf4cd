//! Functions that stand in for the browser's own, where only they can show what is asked of it.

#![allow(dead_code, reason = "each file uses a part of it")]
#![allow(unreachable_pub, reason = "it belongs to the tests")]

use std::{future::Future, pin::pin, time::Duration};

use b24_browser_tests::HOOK_URL;
use futures_util::future::{Either, select};
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The webhook of the live portal.
pub fn hook() -> &'static str {
    HOOK_URL.unwrap()
}

/// A function in the place of another; the other is put back when this is dropped.
pub struct Stub {
    object: JsValue,
    name: &'static str,
    before: JsValue,
}

impl Stub {
    /// In the place of a function of the page.
    pub fn of_page(name: &'static str, args: &str, body: &str) -> Self {
        Self::of(js_sys::global().into(), name, args, body)
    }

    /// In the place of `object`'s. The one that was there is `before`, to be called.
    pub fn of(object: JsValue, name: &'static str, args: &str, body: &str) -> Self {
        let before = Reflect::get(&object, &name.into()).unwrap();
        let make = Function::new_with_args("before", &format!("return function ({args}) {{ {body} }};"));
        let stub = make.call1(&JsValue::NULL, &before).unwrap();
        Reflect::set(&object, &name.into(), &stub).unwrap();
        Self { object, name, before }
    }

    /// In the place of `fetch`. The request is kept as `seen`, their number as `fetches`.
    pub fn fetch(body: &str) -> Self {
        set("fetches", &0.into());
        Self::of_page("fetch", "request", &format!("globalThis.seen = request; globalThis.fetches += 1; {body}"))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = Reflect::set(&self.object, &self.name.into(), &self.before);
    }
}

/// What is kept in the page under a name.
pub fn get(name: &str) -> JsValue {
    Reflect::get(&js_sys::global(), &name.into()).unwrap()
}

pub fn set(name: &str, value: &JsValue) {
    Reflect::set(&js_sys::global(), &name.into(), value).unwrap();
}

/// The last request that a stub of `fetch` was called with.
pub fn seen() -> web_sys::Request {
    get("seen").dyn_into().unwrap()
}

/// How often it was called.
pub fn fetches() -> f64 {
    get("fetches").as_f64().unwrap()
}

/// Lets the browser do what is due.
pub async fn breathe() {
    b24_timer::sleep(Duration::from_millis(20)).await;
}

/// What a future says within so long; it is dropped if it says nothing.
pub async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(b24_timer::sleep(time))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
