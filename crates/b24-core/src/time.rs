//! The `time` object of an answer.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::de;

/// The portal's account of the time a call took. Any field may be missing; all numbers are read as `f64`, whether the
/// portal writes `1`, `1.0` or `"1"`.
///
/// Current portals round `start` and `processing` to whole seconds, so `duration` can be too large by up to one second:
/// never measure latency with it. Errors and documents without an envelope carry no `time` at all.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html>
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Time {
    /// When the portal began, in seconds since 1970.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<f64>,
    /// When it finished, in seconds since 1970.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub finish: Option<f64>,
    /// `finish - start`, in seconds.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub duration: Option<f64>,
    /// Time spent in the method itself, in seconds.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub processing: Option<f64>,
    /// `start` as ISO 8601 in the portal's zone.
    #[serde(default, deserialize_with = "de::text_or_none", skip_serializing_if = "Option::is_none")]
    pub date_start: Option<Box<str>>,
    /// `finish` as ISO 8601 in the portal's zone.
    #[serde(default, deserialize_with = "de::text_or_none", skip_serializing_if = "Option::is_none")]
    pub date_finish: Option<Box<str>>,
    /// When the oldest part of `operating` expires, in seconds since 1970.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub operating_reset_at: Option<f64>,
    /// Seconds this credential has spent in this method within the portal's window; only where the portal limits it.
    #[serde(
        default,
        deserialize_with = "de::float_or_none",
        serialize_with = "whole_as_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub operating: Option<f64>,
}

impl Time {
    /// Reads a `time` that may be anything, and is none where it is no object: some builds send `[]` for one without
    /// entries.
    #[must_use]
    pub fn read(raw: &RawValue) -> Option<Self> {
        raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
    }
}

/// Writes 1787219542 as that, and not as 1787219542.0.
#[allow(clippy::cast_possible_truncation, reason = "only whole numbers that `f64` holds exactly get there")]
fn whole_as_whole<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number {
        None => serializer.serialize_none(),
        Some(value) if value.fract() == 0.0 && value.abs() < EXACT => serializer.serialize_i64(*value as i64),
        Some(value) => serializer.serialize_f64(*value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(time: &str) -> Time {
        Time::read(serde_json::from_str(time).unwrap()).unwrap()
    }

    #[test]
    fn whole_seconds_and_fractions_both_occur() {
        let time =
            read(r#"{"start":1787219542,"finish":1787219542.889,"duration":"0.889","processing":0,"operating":0.25}"#);
        assert_eq!(time.start, Some(1_787_219_542.0));
        assert_eq!(time.duration, Some(0.889));
        assert_eq!(time.processing, Some(0.0));
        assert_eq!(time.operating, Some(0.25));
    }

    #[test]
    fn any_field_may_be_missing_or_odd() {
        assert_eq!(read("{}"), Time::default());
        let odd = r#"{"start":null,"finish":"soon","date_start":5,"operating":[],"new_field":{"a":1}}"#;
        assert_eq!(read(odd), Time::default());
        for none in ["[]", "null", "5", "\"soon\""] {
            assert_eq!(Time::read(serde_json::from_str(none).unwrap()), None);
        }
    }

    #[test]
    fn whole_numbers_are_written_as_such() {
        let text = r#"{"start":1787219542,"duration":0.889,"operating":0}"#;
        assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
    }
}
