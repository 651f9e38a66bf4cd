//! Doing again what a registry or a busy package manager failed at.

use std::time::Duration;

use crate::clock;
use crate::outcome::Result;

/// How often it is tried.
const TRIES: u32 = 3;

/// Tries up to three times, with a pause in between that grows by itself; the last error stands.
pub(crate) fn retry<T>(pause: Duration, mut action: impl FnMut() -> Result<T>) -> Result<T> {
    for n in 1..TRIES {
        match action() {
            Ok(done) => return Ok(done),
            Err(error) => println!("try {n} of {TRIES} failed: {error}"),
        }
        clock::sleep(pause * n);
    }
    action()
}

/// Long enough for another package manager to get on.
pub(crate) const PAUSE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_failure_is_the_last() {
        for (failures, want, calls) in [(0, true, 1), (2, true, 3), (3, false, 3)] {
            let mut made = 0;
            let done = retry(Duration::ZERO, || {
                made += 1;
                if made > failures { Ok(()) } else { Err("busy".into()) }
            });
            assert_eq!((done.is_ok(), made), (want, calls));
        }
    }
}
