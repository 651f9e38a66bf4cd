//! `bizproc.event.send`: what a robot or an activity answers.
//!
//! <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-event-send.html>

use super::Call;
use super::world::World;
use crate::engine::error::Refusal;
use crate::value::Value;

pub(crate) fn event_send(world: &mut World, call: &Call<'_>) -> Result<Value, Refusal> {
    let params = call.params.upper();
    let text = |name: &str| params.get(name).and_then(Value::to_text).unwrap_or_default();
    let values = params.get("RETURN_VALUES").cloned().unwrap_or_else(Value::empty);
    if world.events.robots.answer(call.now, &text("EVENT_TOKEN"), &values, &text("LOG_MESSAGE")) {
        return Ok(true.into());
    }
    Err(Refusal::new(403, "ACCESS_DENIED", "Access denied!"))
}
