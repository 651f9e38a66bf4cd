//! Dates as the portal prints and reads them.
//!
//! The portal lives three hours east of Greenwich, so that a client which ignores the offset is found out.

use std::time::Duration;

/// The portal's zone, in seconds east of UTC.
pub(crate) const ZONE: i64 = 3 * 3600;

/// A zone that is three hours east of UTC all the year round.
pub(crate) const ZONE_NAME: &str = "Europe/Istanbul";

/// `date('c')`: `2026-08-17T12:30:00+03:00`.
pub(crate) fn iso(at: Duration) -> String {
    iso_local(i64::try_from(at.as_secs()).unwrap_or(i64::MAX).saturating_add(ZONE))
}

fn iso_local(local: i64) -> String {
    let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+03:00")
}

/// The Unix second of a text like `2026-08-17`, `2026-08-17 12:30:00` or `2026-08-17T12:30:00+03:00`.
///
/// Without a zone the portal's own is meant.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let date: Vec<i64> = text.get(..10)?.split('-').map(|part| number(part, 9999)).collect::<Option<_>>()?;
    let [year, month, day] = date[..] else { return None };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let rest = &text[10..];
    let clock = rest.strip_prefix(['T', ' ']).unwrap_or(rest);
    let zone_at = clock.find(['+', '-', 'Z']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let mut seconds = 0;
    let units = [(3600, 24), (60, 60), (1, 60)];
    for (part, (unit, most)) in clock.split(':').zip(units).filter(|(part, _)| !part.is_empty()) {
        seconds += number(part.split('.').next()?, most)? * unit;
    }
    let zone = match zone.split_at_checked(1) {
        None => ZONE,
        Some(("Z", _)) => 0,
        Some((sign, offset)) => {
            let offset = read_offset(&offset.replace(':', ""))?;
            if sign == "-" { -offset } else { offset }
        }
    };
    Some(days(year, month, day) * 86_400 + seconds - zone)
}

/// The seconds of `03` or `0330`.
fn read_offset(digits: &str) -> Option<i64> {
    let number = number(digits, 9999)?;
    Some(if digits.len() > 2 { number / 100 * 3600 + number % 100 * 60 } else { number * 3600 })
}

/// A number of one to four digits, up to `most`.
fn number(digits: &str, most: i64) -> Option<i64> {
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number <= most)
}

/// The date of a day counted from 1970-01-01 (the algorithm of Howard Hinnant's `chrono` paper).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prints_the_portal_zone() {
        assert_eq!(iso(Duration::from_secs(0)), "1970-01-01T03:00:00+03:00");
        assert_eq!(iso(Duration::from_secs(1_787_219_542)), "2026-08-20T12:52:22+03:00");
    }

    #[test]
    fn reads_with_and_without_a_zone() {
        for (text, want) in [
            ("1970-01-01T03:00:00+03:00", Some(0)),
            ("1970-01-01", Some(-ZONE)),
            ("1970-01-01 03:00:05", Some(5)),
            ("1970-01-01T00:00:05Z", Some(5)),
            ("1970-01-01T00:00:05.250Z", Some(5)),
            ("1970-01-01T03:00:00+03", Some(0)),
            ("1970-01-01T24:00:00Z", Some(86_400)),
            ("1970-01-01T25:00:00Z", None),
            ("1970-01-01T00:61:00Z", None),
            ("1970-01-01T00:00:61Z", None),
            ("1970-01-01T9999999999999999999:00:00Z", None),
            ("1970-01-01T9223372036854775807:00:00", None),
            ("1970-01-01T00:00:00+9223372036854775807", None),
            ("1970-01-01T00:00:00+03:00:00", None),
            ("yesterday", None),
            ("2026-13-01", None),
            ("12", None),
        ] {
            assert_eq!(parse(text), want, "{text}");
        }
    }

    #[test]
    fn the_end_of_time_is_printed_too() {
        for at in [u64::MAX, i64::MAX.unsigned_abs(), i64::MAX.unsigned_abs() - 1] {
            assert!(iso(Duration::from_secs(at)).ends_with("+03:00"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            parse(&text);
        }

        #[test]
        fn no_digits_make_it_panic(text in "[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}[T ]?[0-9:.]{0,30}[+Z-]?[0-9:]{0,24}") {
            parse(&text);
        }

        #[test]
        fn every_printed_date_is_read_back(at in 0_u64..8_000_000_000) {
            prop_assert_eq!(parse(&iso(Duration::from_secs(at))), i64::try_from(at).ok());
        }
    }
}
