//! The page. Texts of the portal go into it as text and never as HTML.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Document, Element, Event};

use crate::deals::{Deal, Progress};

/// What the application is doing: `connecting`, `loading`, `done`, `failed`.
pub(crate) fn set_state(state: &str) {
    if let Some(body) = document().and_then(|document| document.query_selector("body").ok().flatten()) {
        let _ = body.set_attribute("data-state", state);
    }
}

pub(crate) fn set_text(id: &str, text: &str) {
    if let Some(element) = element(id) {
        element.set_text_content(Some(text));
    }
}

pub(crate) fn show_trouble(text: &str) {
    set_text("trouble", text);
    set_state("failed");
}

/// Adds rows, and moves the progress bar.
pub(crate) fn add_deals(deals: &[Deal], progress: Progress) {
    let rows = element("deals");
    for deal in deals {
        if let (Some(rows), Some(row)) = (&rows, row(deal)) {
            let _ = rows.append_child(&row);
        }
    }
    set_text("count", &format!("{} of {}", progress.loaded, progress.total));
    if let Some(bar) = element("progress") {
        let _ = bar.set_attribute("max", &progress.total.max(1).to_string());
        let _ = bar.set_attribute("value", &progress.loaded.to_string());
    }
}

/// Calls `open` with the id of a deal whose title is clicked: one listener for all of them.
pub(crate) fn when_deal_is_clicked(mut open: impl FnMut(u64) + 'static) {
    let clicked = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let id = target.and_then(|target| target.get_attribute("data-deal")).and_then(|id| id.parse().ok());
        if let Some(id) = id {
            open(id);
        }
    });
    if let Some(rows) = element("deals") {
        let _ = rows.add_event_listener_with_callback("click", clicked.as_ref().unchecked_ref());
        // It is needed as long as the page is there.
        clicked.forget();
    }
}

fn row(deal: &Deal) -> Option<Element> {
    let document = document()?;
    let row = document.create_element("tr").ok()?;
    let open = document.create_element("button").ok()?;
    open.set_attribute("data-deal", &deal.id.to_string()).ok()?;
    open.set_text_content(Some(&deal.title));
    for content in [
        Content::Text(deal.id.to_string()),
        Content::Element(open),
        Content::Text(deal.opportunity.as_ref().map(ToString::to_string).unwrap_or_default()),
    ] {
        let cell = document.create_element("td").ok()?;
        match content {
            Content::Text(text) => cell.set_text_content(Some(&text)),
            Content::Element(element) => drop(cell.append_child(&element)),
        }
        row.append_child(&cell).ok()?;
    }
    Some(row)
}

enum Content {
    Text(String),
    Element(Element),
}

fn element(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}
