//! The browser's side: the window's messages, in and out.

use std::cell::RefCell;

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, Window};

use crate::{
    Frame, FrameError,
    conversation::{Conversation, Outbox, WeakConversation},
    protocol::{FrameName, Outgoing},
};

type Opening = Shared<LocalBoxFuture<'static, Result<Frame, FrameError>>>;

thread_local! {
    /// The frame of this page, or its opening.
    static CURRENT: RefCell<Option<Opening>> = const { RefCell::new(None) };
}

/// One frame for a page, opened by whoever comes first.
pub(crate) async fn connect() -> Result<Frame, FrameError> {
    let opening = CURRENT.with_borrow_mut(|current| match current {
        Some(opening) if is_usable(opening) => opening.clone(),
        current => {
            let opening = open().boxed_local().shared();
            // Goes on whoever waits.
            spawn_local(opening.clone().map(drop));
            current.insert(opening).clone()
        }
    });
    opening.await
}

/// One that is under way, or that led to a frame which is still there.
fn is_usable(opening: &Opening) -> bool {
    match opening.peek() {
        None => true,
        Some(Ok(frame)) => !frame.is_destroyed(),
        Some(Err(_)) => false,
    }
}

async fn open() -> Result<Frame, FrameError> {
    let window = web_sys::window().ok_or(FrameError::NotInFrame { why: "there is no window" })?;
    let name = FrameName::parse(&window.name().unwrap_or_default())?;
    let parent = window.parent().ok().flatten().filter(|parent| *parent != window);
    let parent = parent.ok_or(FrameError::NotInFrame { why: "there is no page around this one" })?;
    let origin = name.portal().to_string();
    let (conversation, outbox) = Conversation::new(name);
    let listener = Listener::new(window, conversation.downgrade());
    spawn_local(carry(outbox, parent, origin, listener));
    let half_built = Destroy(Some(conversation.clone()));
    let frame = Frame::open(conversation).await?;
    half_built.keep();
    Ok(frame)
}

/// Posts what the conversation has to say to the portal's origin. It ends with the conversation, and the listener with it.
async fn carry(mut outbox: Outbox, parent: Window, origin: String, _listener: Listener) {
    while let Some(message) = outbox.next().await {
        if let Some(message) = to_js(message) {
            // It fails only for an address that is none.
            let _ = parent.post_message(&message, &origin);
        }
    }
}

fn to_js(message: Outgoing) -> Option<JsValue> {
    match message {
        Outgoing::Text(text) => Some(JsValue::from(text)),
        Outgoing::Object { method, params, callback, app_sid } => {
            let object = Object::new();
            let fields = [
                ("method", JsValue::from(method)),
                ("params", JSON::parse(&serde_json::to_string(&params).ok()?).ok()?),
                ("callback", JsValue::from(callback)),
                ("appSid", JsValue::from(app_sid)),
            ];
            for (name, value) in fields {
                Reflect::set(&object, &JsValue::from(name), &value).ok()?;
            }
            Some(object.into())
        }
    }
}

/// Hears the window's messages until it is dropped.
struct Listener {
    window: Window,
    hear: Closure<dyn FnMut(MessageEvent)>,
}

impl Listener {
    fn new(window: Window, conversation: WeakConversation) -> Self {
        let hear = Closure::new(move |event: MessageEvent| {
            // Objects and the like are none of the page's: it speaks in texts.
            if let (Some(conversation), Some(text)) = (conversation.upgrade(), event.data().as_string()) {
                conversation.receive(&event.origin(), &text);
            }
        });
        // It fails only where there are no events at all.
        let _ = window.add_event_listener_with_callback(MESSAGE, function(&hear));
        Self { window, hear }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.window.remove_event_listener_with_callback(MESSAGE, function(&self.hear));
    }
}

fn function(closure: &Closure<dyn FnMut(MessageEvent)>) -> &js_sys::Function {
    closure.as_ref().unchecked_ref()
}

const MESSAGE: &str = "message";

/// Gives up a conversation that led to nothing.
struct Destroy(Option<Conversation>);

impl Destroy {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Destroy {
    fn drop(&mut self) {
        if let Some(conversation) = &self.0 {
            conversation.destroy();
        }
    }
}

/// How high the content of this page is, in pixels.
pub(crate) fn content_height() -> Option<u32> {
    let document = web_sys::window()?.document()?;
    let (root, body) = (document.document_element()?, document.body()?);
    let most = [root.scroll_height(), root.client_height(), body.scroll_height(), body.offset_height()];
    most.into_iter().max().and_then(|height| u32::try_from(height).ok()).filter(|height| *height > 0)
}
