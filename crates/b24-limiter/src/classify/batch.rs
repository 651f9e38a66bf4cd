//! The commands of a batch, and what its answer tells of them.
//!
//! Sources: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>,
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use std::borrow::Cow;

use b24_core::{Time, de};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Command, Lesson, Reading, Refused};

/// The commands in the parameters of a batch. What cannot be read is the portal's to refuse, and not among them.
pub(super) fn commands(params: &[u8]) -> Vec<Command> {
    let is_list = params.trim_ascii_start().first() == Some(&b'[');
    let listed = if is_list { de::entries(params).ok() } else { v2(params) };
    let named = |(label, command): (String, &RawValue)| Command::new(label, &method(command)?);
    listed.unwrap_or_default().into_iter().filter_map(named).take(MOST).collect()
}

/// What the result of a v2 batch tells of its commands. `outer` is what its own `time` told.
pub(super) fn learn(mut lesson: Lesson, commands: &[Command], result: &[u8], outer: Option<Reading>) -> Lesson {
    let Ok([times, errors]) = de::fields(result, ["result_time", "result_error"]) else { return lesson };
    let place = |label: &str| commands.iter().position(|command| command.label() == label);
    let own = outer.and_then(|outer| outer.operating).filter(|sum| !sum.is_zero());
    for (label, time) in entries(times) {
        // What is not readable is passed over: the others still teach something. `[]` is an object without entries.
        let none = || (time.get() == "[]").then(Time::default);
        let Some(time) = Time::read(time).or_else(none) else { continue };
        let mut reading = Reading::of(&time);
        // Portals that bill the batch itself write its counter beside every command: it is not the command's.
        // https://github.com/bitrix24/b24jssdk/pull/539
        if own.is_some() && reading.operating == own {
            reading = Reading { operating: None, resets_at: None, ..reading };
        }
        if let Some(place) = place(&label) {
            lesson = lesson.with_command(place, Ok(reading));
        }
    }
    for (label, error) in entries(errors) {
        let code = match de::fields(error.get().as_bytes(), ["error"]) {
            // A number, for some, which is passed over.
            Ok([code]) => code.and_then(text),
            Err(_) => text(error),
        };
        match (place(&label), code.as_deref()) {
            (Some(place), Some(code)) if code.eq_ignore_ascii_case("OPERATION_TIME_LIMIT") => {
                lesson = lesson.with_command(place, Err(Refused::Operating));
            }
            // It is not the command that came too fast.
            (Some(_), Some(code)) if code.eq_ignore_ascii_case("QUERY_LIMIT_EXCEEDED") => {
                lesson = lesson.with_refusal(Refused::Rate);
            }
            _ => {}
        }
    }
    lesson
}

fn v2(params: &[u8]) -> Option<Vec<(String, &RawValue)>> {
    // Portals read the name without regard to case; other spellings than these have not been seen.
    let [lower, upper] = de::fields(params, ["cmd", "CMD"]).ok()?;
    de::entries(lower.or(upper)?.get().as_bytes()).ok()
}

fn entries(raw: Option<&RawValue>) -> Vec<(String, &RawValue)> {
    raw.and_then(|raw| de::entries(raw.get().as_bytes()).ok()).unwrap_or_default()
}

/// The method of a command: of the text `method?query`, or of an object with `method`. `None` where it is neither.
fn method(command: &RawValue) -> Option<Cow<'_, str>> {
    if command.get().starts_with('{') {
        let [method] = de::fields(command.get().as_bytes(), ["method"]).ok()?;
        return method.map_or(Some(Cow::Borrowed("")), text);
    }
    Some(match text(command)? {
        Cow::Borrowed(command) => Cow::Borrowed(name(command)),
        Cow::Owned(command) => Cow::Owned(name(&command).to_owned()),
    })
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    serde_json::from_str(raw.get()).ok().map(|Text(text)| text)
}

fn name(command: &str) -> &str {
    command.split(['?', '#']).next().unwrap_or_default()
}

/// No portal runs more.
const MOST: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: &str) -> Vec<(String, String)> {
        commands(params.as_bytes()).iter().map(|one| (one.label().to_owned(), one.method().to_owned())).collect()
    }

    fn pair(label: &str, method: &str) -> (String, String) {
        (label.to_owned(), method.to_owned())
    }

    // Defect 10 of the official SDK: labelled v2 batches and all v3 batches were not seen.
    #[test]
    fn commands_are_read_in_every_form() {
        let want = vec![pair("a", "crm.deal.get"), pair("b", "user.get")];
        assert_eq!(read(r#"{"halt":1,"cmd":{"a":"crm.deal.get?id=1","b":"User.Get"}}"#), want);
        let want = vec![pair("0", "crm.deal.get"), pair("1", "user.get")];
        assert_eq!(read(r#"{"cmd":["crm.deal.get?id=1&x=\u0041","user.get#x"],"halt":0}"#), want);
        assert_eq!(read(r#"[{"method":"crm.deal.get","query":{}},{"as":"x","method":"user.get"}]"#), want);
    }

    #[test]
    fn what_cannot_be_read_names_no_command() {
        for params in ["", "{}", "[]", "5", "{", r#"{"cmd":5}"#, r#"{"cmd":[5]}"#, r#"{"cmd":null}"#, r#"["x"#] {
            assert_eq!(read(params), []);
        }
    }

    #[test]
    fn times_and_refusals_belong_to_their_commands() {
        let commands = commands(br#"{"cmd":{"a":"crm.deal.get","b":"user.get","c":"crm.deal.list"}}"#);
        // Codes may be numbers, and entries anything.
        let result = br#"{"result":{"a":1},"result_total":[],
            "result_error":{"x":{"error":100},"y":null,"z":"text","b":{"error":"OPERATION_TIME_LIMIT"}},
            "result_time":{"a":{"operating":3.5,"duration":1},"z":[],"c":{"operating":9}}}"#;
        let outer = Reading { operating: Some(std::time::Duration::from_secs(9)), ..Reading::default() };
        let told = learn(Lesson::succeeded(), &commands, result, Some(outer)).commands;
        assert_eq!((told[0].0, told[1].0, told[2]), (0, 2, (1, Err(Refused::Operating))));
        assert_eq!(told[0].1.unwrap().operating, Some(std::time::Duration::from_millis(3500)));
        // The batch's own counter, written beside a command.
        assert_eq!(told[1].1.unwrap().operating, None);
    }

    // Fact: PHP writes an object without entries as `[]`.
    #[test]
    fn a_command_with_an_empty_time_has_run() {
        let commands = commands(br#"{"cmd":["crm.deal.get","user.get"]}"#);
        let told = learn(Lesson::succeeded(), &commands, br#"{"result_time":[[],"soon"]}"#, None).commands;
        assert_eq!(told, [(0, Ok(Reading::default()))]);
    }
}
