//! An application in the portal's frame.

#![allow(clippy::print_stderr, reason = "a program says what it is for")]

#[cfg(target_arch = "wasm32")]
fn main() {
    let page = web_sys::window().and_then(|window| window.document());
    if let Some(body) = page.and_then(|page| page.query_selector("body").ok().flatten()) {
        body.set_text_content(Some("hello"));
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this program runs in a browser: build it with `cargo xtask wasm`");
}
