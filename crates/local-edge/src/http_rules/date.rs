//! HTTP dates: written one way, read in the three forms RFC 9110 asks recipients to accept.

use std::time::SystemTime;

use http::HeaderValue;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a date. The weekday is not looked at and letters have no case; anything else out of form makes it invalid, because
/// an invalid `Expires` means "already expired".
pub(crate) fn http_date(value: &HeaderValue) -> Option<SystemTime> {
    let text = value.to_str().ok()?.trim();
    match *text.split(' ').collect::<Vec<_>>().as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [weekday, day, month, year, time, zone]
            if weekday.len() == 4 && weekday.ends_with(',') && is_gmt(zone) =>
        {
            instant(digits(day, 2)?, month, digits(year, 4)?, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [weekday, date, time, zone] if weekday.ends_with(',') && is_gmt(zone) => {
            let [day, month, year] = *date.split('-').collect::<Vec<_>>().as_slice() else { return None };
            let year = digits(year, 2)?;
            instant(digits(day, 2)?, month, if year < 70 { 2000 } else { 1900 } + year, time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, "", day, time, year] => instant(digits(day, 1)?, month, digits(year, 4)?, time),
        [_, month, day, time, year] => instant(digits(day, 2)?, month, digits(year, 4)?, time),
        _ => None,
    }
}

/// Writes a date.
pub(crate) fn format_http_date(time: SystemTime) -> Option<HeaderValue> {
    let timestamp = Timestamp::try_from(time).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp).ok()?;
    HeaderValue::from_str(&text).ok()
}

fn is_gmt(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("GMT")
}

fn digits(text: &str, length: usize) -> Option<i16> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn instant(day: i16, month: &str, year: i16, time: &str) -> Option<SystemTime> {
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))? + 1;
    let [hour, minute, second] = *time.split(':').collect::<Vec<_>>().as_slice() else { return None };
    let part = |text| digits(text, 2).and_then(|number| i8::try_from(number).ok());
    // A leap second is written 60 and not known to the calendar.
    let time = Time::new(part(hour)?, part(minute)?, part(second)?.min(59), 0).ok()?;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp().into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(text: &'static str) -> Option<SystemTime> {
        http_date(&HeaderValue::from_static(text))
    }

    #[test]
    fn the_three_forms_of_one_instant_read_the_same() {
        let instant = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(instant));
        assert_eq!(read("Sunday, 06-Nov-94 08:49:37 GMT"), Some(instant));
        assert_eq!(read("Sun Nov  6 08:49:37 1994"), Some(instant));
        assert_eq!(read("SUN, 06 NOV 1994 08:49:37 gmt"), Some(instant));
        assert_eq!(format_http_date(instant).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_date_out_of_form_is_invalid() {
        for text in [
            "0",
            "",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov  1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
