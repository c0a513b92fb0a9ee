//! Durations as people write them, `"12h"`, in years of 365 days.

use crate::units::DAYS_PER_YEAR;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The units, and how many seconds each is.
const UNITS: &[(char, f64)] = &[
    ('s', 1.0),
    ('m', 60.0),
    ('h', 3_600.0),
    ('d', SECONDS_PER_DAY),
    ('w', 7.0 * SECONDS_PER_DAY),
    ('y', DAYS_PER_YEAR * SECONDS_PER_DAY),
];

/// The years of a number and one of `s m h d w y`; `None` if it is no duration or negative.
pub(super) fn years(written: &str) -> Option<f64> {
    let years = seconds(written)? / (DAYS_PER_YEAR * SECONDS_PER_DAY);
    years.is_finite().then_some(years)
}

/// The seconds of a number and one of `s m h d w y`; `None` if it is no duration or negative.
#[must_use]
pub fn seconds(written: &str) -> Option<f64> {
    let written = written.trim();
    let unit = written.chars().next_back()?;
    let (_, unit_seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number: f64 = written[..written.len() - unit.len_utf8()].trim_end().parse().ok()?;
    let seconds = number * unit_seconds;
    (number >= 0.0 && seconds.is_finite()).then_some(seconds)
}

/// A duration fit to read: the largest unit of which there is at least one.
pub(super) fn shown(years: f64) -> String {
    let seconds = years * DAYS_PER_YEAR * SECONDS_PER_DAY;
    let mut units = UNITS.iter().rev().filter(|(name, _)| *name != 'w');
    let (name, unit_seconds) =
        units.find(|(_, unit_seconds)| seconds >= *unit_seconds).unwrap_or(&UNITS[0]);
    format!("{}{name}", (seconds / unit_seconds * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_365_days() {
        assert_eq!(years("1y"), Some(1.0));
        assert_eq!(years("365d"), Some(1.0));
        assert_eq!(years("8760h"), Some(1.0));
        assert_eq!(years("1h"), Some(1.0 / 8760.0));
        assert_eq!(years("0.25y"), Some(0.25));
        assert_eq!(years(" 90 m "), Some(5400.0 / 31_536_000.0));
        assert_eq!(years("1w"), years("7d"));
        assert_eq!(years("0s"), Some(0.0));
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for written in ["", "h", "1", "1 hour", "-1h", "nanh", "infd", "1e400s", "1H", "1µ", "ｈ"]
        {
            assert_eq!(years(written), None, "{written:?}");
        }
    }

    #[test]
    fn durations_are_shown_in_their_largest_unit() {
        assert_eq!(shown(168.0 / 8760.0), "7d");
        assert_eq!(shown(1.5 / 8760.0), "1.5h");
        assert_eq!(shown(0.0), "0s");
        assert_eq!(shown(2.0), "2y");
    }
}
