//! How long to wait before a repeat: pure, the random part is an argument.

use std::time::Duration;

use b24_core::Error;

use crate::classify::{Refused, refusal};

/// The wait before repeat number `repeat` (from 1), for a random `part` between 0 and 1: full jitter, so that callers who
/// failed together do not come back together.
pub(super) fn wait(retry_delay: Duration, repeat: u32, part: f64, error: &Error) -> Duration {
    let doubled = retry_delay.saturating_mul(2_u32.saturating_pow(repeat - 1));
    let most = doubled.min(LONGEST.max(retry_delay));
    let wait = most.mul_f64(part.clamp(0.0, 1.0));
    // The word of a server is the least wait.
    wait.max(error.retry_after().unwrap_or_default()).max(least(error))
}

/// A method that has used up its time stays blocked for minutes; the portal says nothing of how long in the refusal.
///
/// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
fn least(error: &Error) -> Duration {
    let blocked = refusal(error) == Some(Refused::Operating);
    if blocked { Duration::from_secs(10) } else { Duration::ZERO }
}

const LONGEST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use b24_core::{RestError, SdkCode};
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let lost = Error::transport(SdkCode::NetworkError, "lost", true);
        let seconds = |repeat| wait(Duration::from_secs(1), repeat, 1.0, &lost).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 40].map(seconds), [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(wait(Duration::from_secs(1), 3, 0.5, &lost), Duration::from_secs(2));
        assert_eq!(wait(Duration::from_secs(1), 3, 0.0, &lost), Duration::ZERO);
        // A delay that is longer by itself stays what it is.
        assert_eq!(wait(Duration::from_secs(60), 2, 1.0, &lost).as_secs(), 60);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least_wait() {
        let busy = Error::from(RestError::new(StatusCode::SERVICE_UNAVAILABLE, "QUERY_LIMIT_EXCEEDED", ""));
        assert_eq!(wait(Duration::ZERO, 1, 1.0, &busy.with_retry_after(Some(Duration::from_secs(7)))).as_secs(), 7);
        let blocked = Error::from(RestError::new(StatusCode::TOO_MANY_REQUESTS, "OPERATION_TIME_LIMIT", ""));
        assert_eq!(wait(Duration::ZERO, 1, 0.0, &blocked).as_secs(), 10);
    }
}
