//! Where tasks come in and outcomes go out.

use serde::Deserialize;
use serde_json::Value;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, HtmlTextAreaElement};

use crate::{outcome, tasks};

#[derive(Deserialize)]
struct Task {
    id: u64,
    run: String,
    #[serde(default)]
    with: Value,
}

/// Takes tasks from now on, and says so.
pub(crate) fn open() {
    let Some(document) = document() else { return };
    let clicked = Closure::<dyn FnMut()>::new(take);
    if let Some(button) = document.get_element_by_id("run") {
        let _ = button.add_event_listener_with_callback("click", clicked.as_ref().unchecked_ref());
        let _ = button.set_attribute("data-ready", "Y");
    }
    // It is needed as long as the page is there.
    clicked.forget();
}

fn take() {
    let area = document().and_then(|document| document.get_element_by_id("task"));
    let text = area.and_then(|area| area.dyn_into::<HtmlTextAreaElement>().ok()).map(|area| area.value());
    match text.as_deref().map(serde_json::from_str::<Task>) {
        Some(Ok(task)) => spawn_local(carry_out(task)),
        _ => web_sys::console::error_1(&"this is no task".into()),
    }
}

async fn carry_out(task: Task) {
    let began = js_sys::Date::now();
    let outcome = tasks::run(&task.run, task.with).await;
    let outcome = outcome::to_json(outcome, js_sys::Date::now() - began);
    write(task.id, &outcome.to_string());
}

fn write(id: u64, text: &str) -> Option<()> {
    let document = document()?;
    let line = document.create_element("li").ok()?;
    line.set_id(&format!("outcome-{id}"));
    line.set_text_content(Some(text));
    document.get_element_by_id("outcomes")?.append_child(&line).ok()?;
    Some(())
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}
