//! An application in the portal's frame: it greets the user, lists the deals with a progress bar, and opens a deal in a
//! slider when its title is clicked.
//!
//! Shows: how a Rust program becomes an application of a portal. [`deals`] knows nothing of browsers, and would do the same
//! on a server; [`page`] knows nothing of Bitrix24. `cargo xtask wasm --build` builds it into `target/frame-app`, and
//! `b24 portal --frame-app target/frame-app` opens it in a frame.

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(any(target_arch = "wasm32", test))]
mod deals;
#[cfg(target_arch = "wasm32")]
mod page;

#[cfg(target_arch = "wasm32")]
fn main() {
    wasm_bindgen_futures::spawn_local(app::run());
}

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::print_stderr, reason = "a program says what it is for")]
fn main() {
    eprintln!("this program runs in a browser: build it with `cargo xtask wasm --build`");
}
