//! Moments as the portal writes and reads them.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, SdkCode};

/// A moment, to the second, and the offset of the clock it is shown by: `2026-08-20T12:52:22+03:00`.
///
/// Portals store times by their own clock and answer with its offset; what is sent with an offset is converted by the
/// portal. Two that are equal show the same moment by the same clock; compare moments by
/// [`unix_seconds`](Self::unix_seconds).
///
/// ```
/// use b24_core::DateTime;
///
/// let at = DateTime::new(1_787_219_542, 3 * 60)?;
/// assert_eq!(at.to_string(), "2026-08-20T12:52:22+03:00");
/// assert_eq!("2026-08-20T12:52:22+03:00".parse::<DateTime>()?, at);
/// assert_eq!(at.with_offset(0)?.to_string(), "2026-08-20T09:52:22+00:00");
/// # Ok::<(), b24_core::InvalidDateTime>(())
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/data-types.html>
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    unix_seconds: i64,
    offset_minutes: i16,
}

impl DateTime {
    /// The moment `unix_seconds` after 1970 began in Greenwich, shown by a clock that is `offset_minutes` ahead of it.
    ///
    /// # Errors
    /// [`InvalidDateTime`] when the offset is a day or more, or the clock shows a year before 1 or after 9999.
    pub fn new(unix_seconds: i64, offset_minutes: i16) -> Result<Self, InvalidDateTime> {
        let shown = unix_seconds.checked_add(i64::from(offset_minutes) * MINUTE);
        let at = Self { unix_seconds, offset_minutes };
        let fits =
            offset_minutes.unsigned_abs() < A_DAY_OF_MINUTES && shown.is_some_and(|shown| SHOWN.contains(&shown));
        if fits { Ok(at) } else { Err(InvalidDateTime(())) }
    }

    /// Any clock's time as a moment; parts of a second are cut off.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_system_time(time: SystemTime, offset_minutes: i16) -> Result<Self, InvalidDateTime> {
        let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).ok(),
            // Cut off downwards on both sides of 1970.
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).ok();
                whole.map(|whole| -whole - i64::from(before.subsec_nanos() > 0))
            }
        };
        Self::new(seconds.ok_or(InvalidDateTime(()))?, offset_minutes)
    }

    /// The same moment by another clock.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_offset(self, offset_minutes: i16) -> Result<Self, InvalidDateTime> {
        Self::new(self.unix_seconds, offset_minutes)
    }

    /// Seconds since 1970 began in Greenwich; negative before.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }

    /// How many minutes the clock is ahead of Greenwich; negative in the west.
    #[must_use]
    pub fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// The moment for the standard library; `None` where the system's clock does not reach so far.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        let distance = Duration::from_secs(self.unix_seconds.unsigned_abs());
        if self.unix_seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.unix_seconds + i64::from(self.offset_minutes) * MINUTE;
        let (year, month, day) = civil(shown.div_euclid(DAY));
        let second = shown.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / MINUTE % 60, second % 60);
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let offset = self.offset_minutes.unsigned_abs();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write!(f, "{sign}{:02}:{:02}", offset / 60, offset % 60)
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads ISO 8601 with an offset: `±hh:mm`, `±hhmm`, `±hh` or `Z`, with `T` or a space before the time. Parts of a second
/// are cut off. Without an offset nobody can tell which moment is meant, and the text is refused.
impl FromStr for DateTime {
    type Err = InvalidDateTime;

    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        parse(text.as_bytes()).ok_or(InvalidDateTime(()))
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// A moment outside of the years 1 to 9999, an offset of a day or more, or a text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDateTime(());

impl fmt::Display for InvalidDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {EXPECTED}, in the years 1 to 9999")
    }
}

impl std::error::Error for InvalidDateTime {}

impl From<InvalidDateTime> for Error {
    fn from(invalid: InvalidDateTime) -> Self {
        Self::usage(SdkCode::InvalidParams, invalid.to_string())
    }
}

fn parse(text: &[u8]) -> Option<DateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, b'-', [4, 2, 2])?;
    let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" "))?;
    let (time, rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = numbers(time, b':', [2, 2, 2])?;
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let end = fraction.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| *end > 0)?;
            &fraction[end..]
        }
        None => rest,
    };
    let offset = parse_offset(rest)?;
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !exists || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let shown = days(year, month, day) * DAY + hour * 3600 + minute * MINUTE + second;
    DateTime::new(shown - i64::from(offset) * MINUTE, offset).ok()
}

fn parse_offset(text: &[u8]) -> Option<i16> {
    let (sign, clock) = match text {
        b"Z" => return Some(0),
        [b'+', clock @ ..] => (1, clock),
        [b'-', clock @ ..] => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = match clock {
        [_, _] => (number(clock)?, 0),
        [h @ .., b':', _, _] if h.len() == 2 => (number(h)?, number(&clock[3..])?),
        [_, _, _, _] => (number(&clock[..2])?, number(&clock[2..])?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    i16::try_from(hours * 60 + minutes).ok().map(|offset| sign * offset)
}

/// Three numbers of the given widths with a separator between them.
fn numbers(text: &[u8], separator: u8, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(|byte| *byte == separator);
    let mut found = [0; 3];
    for (place, width) in found.iter_mut().zip(widths) {
        *place = number(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(found)
}

/// Digits and nothing else; a sign is none.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// The date of a day counted from 1970-01-01.
///
/// Source: <https://howardhinnant.github.io/date_algorithms.html>
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Counted from March, so that the leap day comes last.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
const A_DAY_OF_MINUTES: u16 = 1440;
/// From 0001-01-01T00:00:00 to 9999-12-31T23:59:59 by the clock that shows it: years of four digits.
const SHOWN: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const EXPECTED: &str = "a date, a time and an offset such as 2026-08-20T12:52:22+03:00";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<(i64, i16)> {
        text.parse().ok().map(|at: DateTime| (at.unix_seconds(), at.offset_minutes()))
    }

    #[test]
    fn moments_are_written_as_the_portal_writes_them() {
        for (seconds, offset, want) in [
            (0, 0, "1970-01-01T00:00:00+00:00"),
            (0, 180, "1970-01-01T03:00:00+03:00"),
            (-1, 0, "1969-12-31T23:59:59+00:00"),
            (951_782_400, 0, "2000-02-29T00:00:00+00:00"),
            (1_787_219_542, 180, "2026-08-20T12:52:22+03:00"),
            (1_787_219_542, -570, "2026-08-20T00:22:22-09:30"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00+00:00"),
            (253_402_300_799, 0, "9999-12-31T23:59:59+00:00"),
        ] {
            let at = DateTime::new(seconds, offset).unwrap();
            assert_eq!(at.to_string(), want);
            assert_eq!(parsed(want), Some((seconds, offset)));
        }
    }

    #[test]
    fn offsets_have_many_spellings() {
        for (text, want) in [
            ("1970-01-01T03:00:05+03:00", Some((5, 180))),
            ("1970-01-01T03:00:05+0300", Some((5, 180))),
            ("1970-01-01 03:00:05+03", Some((5, 180))),
            ("1970-01-01T00:00:05Z", Some((5, 0))),
            ("1970-01-01T00:00:05.999Z", Some((5, 0))),
            ("1970-01-01T00:00:05-00:00", Some((5, 0))),
            ("1970-01-01T00:00:05", None),
            ("1970-01-01T00:00:05.Z", None),
            ("1970-01-01T00:00:05.5", None),
            ("1970-01-01T00:00:05+3", None),
            ("1970-01-01T00:00:05+24:00", None),
            ("1970-01-01T00:00:05+03:60", None),
            ("1970-01-01T00:00:05+03:00:00", None),
            ("1970-01-01T00:00:05+03-00", None),
            ("1970-01-01T24:00:00Z", None),
            ("1970-01-01T00:60:00Z", None),
            ("1970-01-01T00:00:60Z", None),
            ("1970-1-01T00:00:00Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2100-02-29T00:00:00Z", None),
            ("0000-01-01T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-08-20", None),
            ("20.08.2026 12:52:22", None),
            ("+026-08-20T12:52:22Z", None),
            ("", None),
        ] {
            assert_eq!(parsed(text), want, "{text}");
        }
    }

    #[test]
    fn what_has_no_four_digit_year_is_refused() {
        for (seconds, offset) in [
            (i64::MAX, 0),
            (i64::MIN, -1),
            (253_402_300_799, 1),
            (-62_135_596_800, -1),
            (0, 1440),
            (0, -1440),
            (0, i16::MIN + 1),
        ] {
            assert!(DateTime::new(seconds, offset).is_err(), "{seconds} {offset}");
        }
        let error = Error::from(DateTime::new(i64::MAX, 0).unwrap_err());
        assert_eq!(error.code(), "INVALID_PARAMS");
    }

    #[test]
    fn parts_of_a_second_are_cut_off_downwards() {
        let epoch = SystemTime::UNIX_EPOCH;
        for (time, want) in [
            (epoch + Duration::from_millis(1_999), 1),
            (epoch - Duration::from_millis(1), -1),
            (epoch - Duration::from_secs(1), -1),
        ] {
            let at = DateTime::from_system_time(time, 0).unwrap();
            assert_eq!(at.unix_seconds(), want);
            assert!(at.to_system_time().unwrap() <= time);
        }
    }

    #[test]
    fn it_travels_as_text() {
        let at = DateTime::new(0, 180).unwrap();
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, r#""1970-01-01T03:00:00+03:00""#);
        assert_eq!(serde_json::from_str::<DateTime>(&json).unwrap(), at);
        assert!(serde_json::from_str::<DateTime>("5").is_err());
    }

    proptest! {
        #[test]
        fn every_moment_is_read_back(seconds in -62_135_500_000_i64..253_402_200_000, offset in -1439_i16..1440) {
            let at = DateTime::new(seconds, offset).unwrap();
            prop_assert_eq!(at.to_string().parse::<DateTime>(), Ok(at));
        }

        #[test]
        fn days_and_dates_agree(day in -719_162_i64..2_932_897) {
            let (year, month, of_month) = civil(day);
            prop_assert_eq!(days(year, month, of_month), day);
            prop_assert!((1..=12).contains(&month) && (1..=days_in(year, month)).contains(&of_month));
        }

        #[test]
        fn the_next_day_is_the_next_date(day in -719_162_i64..2_932_896) {
            let (year, month, of_month) = civil(day);
            let next = match (month, of_month == days_in(year, month)) {
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
                _ => (year, month, of_month + 1),
            };
            prop_assert_eq!(civil(day + 1), next);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", near in "[0-9-]{8,12}[T ]?[0-9:.]{0,12}[+Z-]?[0-9:]{0,6}") {
            let _ = text.parse::<DateTime>();
            let _ = near.parse::<DateTime>();
        }
    }
}
