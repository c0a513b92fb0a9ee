//! Times of a table's rows, `1600560000` or `2020-03-12T00:00:00Z`, in nanoseconds since 1970.
//!
//! Days and dates: Howard Hinnant, "chrono-compatible low-level date algorithms".

const NS_PER_S: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// Units of a plain number and the least number of each, as years from 1973 to 5138 are written.
const UNITS_NS: [(i128, i128); 4] = [
    (100_000_000_000_000_000, 1),
    (100_000_000_000_000, 1_000),
    (100_000_000_000, 1_000_000),
    (0, NS_PER_S),
];
/// Before 1973 a number counts from a beginning of its own, and no date is meant.
const FIRST_DATE_NS: i64 = 100_000_000 * NS_PER_S as i64;

/// The time of a number (seconds, milliseconds, microseconds or nanoseconds, told apart by size) or
/// of a date by RFC 3339, in which a blank may stand for the T, midnight may be left out, and no
/// offset means UTC; `None` if it is neither, or before 1678 or after 2261.
pub(super) fn parse(text: &str) -> Option<i64> {
    let ns = number(text).or_else(|| date_and_time(text))?;
    i64::try_from(ns).ok()
}

/// The time as a reader wants it: a date, or seconds where none is meant.
#[must_use]
pub fn shown(ns: i64) -> String {
    let (seconds, rest) = (ns.div_euclid(NS_PER_S as i64), ns.rem_euclid(NS_PER_S as i64));
    let fraction = match rest {
        0 => String::new(),
        _ => format!(".{rest:09}").trim_end_matches('0').to_owned(),
    };
    if (0..FIRST_DATE_NS).contains(&ns) {
        return format!("{seconds}{fraction} s");
    }
    let (year, month, day) = date_of(seconds.div_euclid(SECONDS_PER_DAY));
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}{fraction}Z", second % 60)
}

/// Digits with a sign and a fraction, in nanoseconds.
fn number(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let (_, unit_ns) = UNITS_NS.into_iter().find(|(least, _)| whole >= *least)?;
    Some(sign * (whole * unit_ns + fraction_of(fraction, unit_ns)))
}

/// The digits behind a point as nanoseconds of a unit; what is finer is cut.
fn fraction_of(digits: &str, unit_ns: i128) -> i128 {
    let mut place = unit_ns;
    let digits = digits.bytes().take(9).map(|byte| {
        place /= 10;
        i128::from(byte - b'0') * place
    });
    digits.sum()
}

/// `2020-03-12T07:30:00.5+01:00`, in nanoseconds.
fn date_and_time(text: &str) -> Option<i128> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = fields(date, '-')?;
    let day_idx = day_of(year, month, day)?;
    let second = if rest.is_empty() {
        0
    } else {
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, offset) =
            rest.split_at(rest.find(['Z', 'z', '+', '-', ' ', 'U']).unwrap_or(rest.len()));
        clock_ns(clock)? - offset_ns(offset)?
    };
    Some(i128::from(day_idx * SECONDS_PER_DAY) * NS_PER_S + second)
}

/// `07:30`, `07:30:00` or `07:30:00.5`.
fn clock_ns(clock: &str) -> Option<i128> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = match clock.len() {
        5 => {
            let [hour, minute] = fields(clock, ':')?;
            [hour, minute, 0]
        }
        _ => fields(clock, ':')?,
    };
    // A leap second is the first of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let is_plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then_some(())?;
    let seconds = i128::from(hour * 3_600 + minute * 60 + second);
    Some(seconds * NS_PER_S + fraction_of(fraction, NS_PER_S))
}

/// Nothing, `Z`, `UTC` or `+01:00`, by which local time is ahead.
fn offset_ns(offset: &str) -> Option<i128> {
    let offset = offset.trim_start();
    if ["", "Z", "z", "UTC"].contains(&offset) {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits = offset.strip_prefix(['+', '-'])?;
    let [hour, minute] = match digits.len() {
        2 => [fields::<1>(digits, ':')?[0], 0],
        4 => {
            let (hour, minute) = digits.split_at_checked(2)?;
            [fields::<1>(hour, ':')?[0], fields::<1>(minute, ':')?[0]]
        }
        _ => fields(digits, ':')?,
    };
    let is_offset = hour <= 23 && minute <= 59;
    is_offset.then(|| sign * i128::from(hour * 3_600 + minute * 60) * NS_PER_S)
}

/// Numbers of two digits, the first perhaps of four, between separators.
fn fields<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for field in &mut found {
        let part = parts.next()?;
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain || !(part.len() == 2 || (part.len() == 4 && separator == '-')) {
            return None;
        }
        *field = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// Days since 1970-01-01; `None` if there is no such date.
fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let year_of_march = if month > 2 { year } else { year - 1 };
    let era = year_of_march.div_euclid(400);
    let year_of_era = year_of_march.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let found = era * 146_097 + day_of_era - 719_468;
    (date_of(found) == (year, month, day)).then_some(found)
}

/// Year, month and day of so many days since 1970-01-01.
fn date_of(day_idx: i64) -> (i64, i64, i64) {
    let shifted = day_idx + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = NS_PER_S as i64;

    #[test]
    fn numbers_are_seconds_or_finer_by_their_size() {
        // Black Thursday: date -u -d '2020-03-12 10:30' +%s.
        let truth = Some(1_584_009_000 * S);
        for text in ["1584009000", "1584009000000", "1584009000000000", "1584009000000000000"] {
            assert_eq!(parse(text), truth, "{text}");
        }
        assert_eq!(parse("1584009000.25"), Some(1_584_009_000 * S + S / 4));
        assert_eq!(parse("1584009000000.0"), truth);
        for (text, seconds) in [("0", 0), ("3600", 3_600), ("31536000", 31_536_000), ("-5", -5)] {
            assert_eq!(parse(text), Some(seconds * S), "{text}");
        }
        // The ends of a century, in every unit.
        for (seconds, zeros) in [(978_307_200_i64, 0), (978_307_200, 3), (4_102_444_800, 3)] {
            let text = format!("{seconds}{}", "0".repeat(zeros));
            assert_eq!(parse(&text), Some(seconds * S), "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_rfc_3339() {
        let truth = Some(1_584_009_000 * S);
        for text in [
            "2020-03-12T10:30:00Z",
            "2020-03-12t10:30:00z",
            "2020-03-12 10:30:00",
            "2020-03-12 10:30",
            "2020-03-12 10:30:00 UTC",
            "2020-03-12T11:30:00+01:00",
            "2020-03-12T11:30:00+0100",
            "2020-03-12T00:00:00-10:30",
            "2020-03-13T00:30:00.000+14",
        ] {
            assert_eq!(parse(text), truth, "{text}");
        }
        assert_eq!(parse("2020-03-12"), Some(1_583_971_200 * S));
        assert_eq!(parse("1969-12-31T23:59:59.5Z"), Some(-S / 2));
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "garbage",
            "nan",
            "inf",
            "1e9",
            "12:30",
            ".5",
            "-",
            "+5",
            "1_000",
            "2020-02-30",
            "2019-02-29",
            "2020-13-01",
            "2020-00-10",
            "2020-1-1",
            "20200312T000000Z",
            "12/03/2020",
            "2020-03-12T25:00:00Z",
            "2020-03-12T10:60:00Z",
            "2020-03-12T10:30:00+25:00",
            "2020-03-12T10:30:00X",
            "2020-03-12T",
            "2020-03-12Z",
            "1234567-1",
            "9999-12-31",
            "99999999999999999999",
            "2020-03-12T10:30:00.x",
            "２０２０-03-12",
            "2020-03-1２",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn dates_come_back_as_they_were_written() {
        for text in ["2000-02-29T00:00:00Z", "1999-12-31T23:59:59.125Z", "2100-03-01T12:00:00Z"] {
            assert_eq!(parse(text).map(shown).as_deref(), Some(text));
        }
        assert_eq!(shown(3_600 * S), "3600 s");
        assert_eq!(shown(-S), "1969-12-31T23:59:59Z");
        let mut before = day_of(1600, 1, 1).unwrap();
        for (year, days) in (1600..2500).map(|year| (year, 365 + i64::from(is_leap(year)))) {
            let next = day_of(year + 1, 1, 1).unwrap();
            assert_eq!(next - before, days, "{year}");
            before = next;
        }
    }

    fn is_leap(year: i64) -> bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}
