//! The `time` object of a reply.
//!
//! <https://apidocs.bitrix24.com/api-reference/data-types.html>

use std::time::Duration;

use crate::config::TimeFormat;
use crate::limit::operating::Reading;
use crate::php::time;
use crate::value::{Array, Value, map};

/// Writes the `time` of work that began at `start` and took `cost`.
pub(crate) fn describe(start: Duration, cost: Duration, reading: Option<Reading>, format: TimeFormat) -> Array {
    let finish = start.saturating_add(cost);
    let shown_start = match format {
        TimeFormat::Float => start,
        // What is cut off here comes back as a too long duration.
        TimeFormat::WholeSeconds => whole(start),
    };
    let mut described = map! {
        "start" => seconds(shown_start),
        "finish" => seconds(finish),
        "duration" => seconds(finish.saturating_sub(shown_start)),
        "processing" => seconds(processing(start, cost, format)),
        "date_start" => time::iso(start),
        "date_finish" => time::iso(finish),
    };
    if let Some(reading) = reading {
        tell(&mut described, reading);
    }
    described
}

/// Adds what the operating limiter tells to a `time`.
pub(crate) fn tell(described: &mut Array, reading: Reading) {
    described.set("operating_reset_at", i64::try_from(reading.reset_at.as_secs()).unwrap_or(i64::MAX));
    described.set("operating", seconds(reading.operating));
}

/// The handler's time: whole seconds where the clock was read in whole seconds.
pub(crate) fn processing(start: Duration, cost: Duration, format: TimeFormat) -> Duration {
    match format {
        TimeFormat::Float => cost,
        TimeFormat::WholeSeconds => whole(start.saturating_add(cost)).saturating_sub(whole(start)),
    }
}

/// Microseconds are as fine as PHP's `microtime` gets.
fn seconds(time: Duration) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "microseconds since 1970 fit 53 bits for three centuries")]
    Value::Float(time.as_micros() as f64 / 1e6)
}

fn whole(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::php::number::numeric;

    fn field(described: &Array, name: &str) -> f64 {
        described.get(name).and_then(numeric).expect("a number")
    }

    #[test]
    fn whole_seconds_make_the_duration_too_long() {
        let (start, cost) = (Duration::from_millis(1_787_219_542_700), Duration::from_millis(100));
        let float = describe(start, cost, None, TimeFormat::Float);
        assert!((field(&float, "duration") - 0.1).abs() < 1e-6);
        let whole = describe(start, cost, None, TimeFormat::WholeSeconds);
        assert_eq!(whole.get("start"), Some(&Value::Float(1_787_219_542.0)));
        assert_eq!(whole.get("processing"), Some(&Value::Float(0.0)));
        assert!((field(&whole, "duration") - 0.8).abs() < 1e-6);
    }

    #[test]
    fn operating_appears_only_where_the_limiter_is_on() {
        let described = describe(Duration::ZERO, Duration::ZERO, None, TimeFormat::Float);
        assert!(described.get("operating").is_none());
        let reading = Reading { operating: Duration::from_secs(2), reset_at: Duration::from_secs(600) };
        let described = describe(Duration::ZERO, Duration::ZERO, Some(reading), TimeFormat::Float);
        assert_eq!(described.get("operating_reset_at"), Some(&Value::Int(600)));
    }
}
