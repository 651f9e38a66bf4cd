//! Events of the placement.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use futures_util::future::{AbortHandle, Abortable};
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::session;
use crate::outcome::{Outcome, Trouble};

/// A stream that somebody reads.
struct Reader {
    so_far: Rc<RefCell<SoFar>>,
    reading: AbortHandle,
}

#[derive(Default)]
struct SoFar {
    events: Vec<Value>,
    has_ended: bool,
}

thread_local! {
    static READERS: RefCell<HashMap<String, Reader>> = RefCell::default();
}

#[derive(Deserialize)]
pub(super) struct Event {
    event: String,
}

/// Binds to an event, and reads what comes.
pub(super) fn bind(with: Event) -> Outcome {
    let mut events = session::frame()?.placement().bind_event(&with.event)?;
    let so_far = Rc::<RefCell<SoFar>>::default();
    let kept = Rc::clone(&so_far);
    let (reading, registration) = AbortHandle::new_pair();
    let read = async move {
        while let Some(event) = events.next().await {
            kept.borrow_mut().events.push(event);
        }
        kept.borrow_mut().has_ended = true;
    };
    spawn_local(async move {
        // Whether it was stopped or has ended is told by `has_ended`.
        let _ = Abortable::new(read, registration).await;
    });
    READERS.with_borrow_mut(|readers| readers.insert(with.event, Reader { so_far, reading }));
    Ok(json!(null))
}

/// What came so far, and whether more can come.
pub(super) fn so_far(with: Event) -> Outcome {
    READERS.with_borrow(|readers| {
        let reader = readers.get(&with.event).ok_or_else(|| Trouble::misunderstood("nobody reads this"))?;
        let so_far = reader.so_far.borrow();
        Ok(json!({ "events": so_far.events, "hasEnded": so_far.has_ended }))
    })
}

/// Drops the stream.
pub(super) fn unbind(with: Event) -> Outcome {
    READERS.with_borrow(|readers| {
        let reader = readers.get(&with.event).ok_or_else(|| Trouble::misunderstood("nobody reads this"))?;
        reader.reading.abort();
        Ok(json!(null))
    })
}
