//! Numbers as people read them: grouped by thousands, with the digits that mean something.

use super::unit::Unit;

/// A count, grouped: 1,234,567.
pub(crate) fn count(value: u128) -> String {
    grouped(&value.to_string())
}

/// A count of things by the name of one: 1 path, 1,000 paths.
#[must_use]
pub fn counted(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value.into()))
}

/// Dollars: cents below a thousand, whole dollars above; less than half a cent is said to be so.
#[must_use]
pub fn usd(value: f64) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    let size = value.abs();
    if size >= 999.995 {
        grouped(&format!("{value:.0}"))
    } else if size == 0.0 || size >= 0.005 {
        format!("{value:.2}")
    } else {
        "<0.01".to_owned()
    }
}

/// Dollars with cents, whatever the size: 1,234.50.
pub(crate) fn usd_cents(value: f64) -> String {
    grouped(&format!("{value:.2}"))
}

/// Dollars, or "n/a".
pub(crate) fn usd_or_none(value: Option<f64>) -> String {
    value.map_or_else(|| "n/a".to_owned(), usd)
}

/// A share as a percentage of three digits.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 3))
}

/// A percentage, or "n/a".
pub(crate) fn percent_or_none(share: Option<f64>) -> String {
    share.map_or_else(|| "n/a".to_owned(), percent)
}

/// So many digits, without an exponent down to a millionth; whole numbers keep all of theirs.
pub(crate) fn significant(value: f64, n_digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "n/a".to_owned() };
    }
    if value.abs() < 1e-6 {
        let decimals = (n_digits - 1).max(0) as usize;
        return format!("{value:.decimals$e}");
    }
    let leading = value.abs().log10().floor() as i32;
    let decimals = (n_digits - 1 - leading).max(0) as usize;
    grouped(&format!("{value:.decimals$}"))
}

/// A time in the largest unit of which there are two: minutes, hours, days.
#[must_use]
pub fn duration(hours: f64) -> String {
    let (value, unit) = match hours {
        hours if hours < 1.0 => (hours * 60.0, "min"),
        hours if hours < 48.0 => (hours, "h"),
        hours => (hours / 24.0, "d"),
    };
    format!("{} {unit}", trimmed(&significant(value, 4)))
}

/// Without the zeros that end a fraction.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// A value in its unit: dollars, a percentage, a count, or how many times as much.
pub(crate) fn measured(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Usd => usd(value),
        Unit::Share => percent(value),
        Unit::Count => grouped(&value.to_string()),
        Unit::Factor => format!("{} times", significant(value, 4)),
    }
}

/// The end of an interval, or that so few paths do not tell it.
pub(crate) fn known(end: Option<f64>, unit: Unit) -> String {
    end.map_or_else(|| "not known".to_owned(), |end| measured(end, unit))
}

/// What is known from below alone says so.
pub(crate) fn at_least_if(is_bound: bool, shown: String) -> String {
    if is_bound { format!("at least {shown}") } else { shown }
}

/// Up to a number of two digits and zeros; the value is at least 1.
pub(crate) fn round_up(value: f64) -> f64 {
    let mut unit = 1.0;
    while value / unit > 99.0 {
        unit *= 10.0;
    }
    // A value that is off by a rounding of its own is not the next one.
    (value / unit - 1e-9).ceil() * unit
}

/// Commas between the thousands of a plain decimal number.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::from(sign);
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_the_digits_that_mean_something() {
        let written = [0.0, 0.004, 0.0000001, 0.005, 12.345, 999.994, 999.995, 1e6, -1234.5];
        let expected =
            ["0.00", "<0.01", "<0.01", "0.01", "12.35", "999.99", "1,000", "1,000,000", "-1,234"];
        assert_eq!(written.map(usd), expected);
        assert_eq!(usd_cents(-1_234_567.891), "-1,234,567.89");
        assert_eq!(usd_or_none(None), "n/a");
        assert_eq!(usd(f64::INFINITY), "n/a");
    }

    #[test]
    fn shares_are_percentages_of_three_digits() {
        let written = [0.0, 1.0, 0.0321, 1e-5, 0.5];
        assert_eq!(written.map(percent), ["0 %", "100 %", "3.21 %", "0.00100 %", "50.0 %"]);
        assert_eq!(significant(f64::NAN, 3), "n/a");
    }

    #[test]
    fn counts_and_times_are_grouped_and_named() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.5, 1.0, 36.0, 168.0, 8760.0].map(duration),
            ["30 min", "1 h", "36 h", "7 d", "365 d"]
        );
    }
    #[test]
    fn numbers_are_rounded_up_to_two_digits() {
        let rounded = [1.0, 9.5, 98.2, 99.0, 99.1, 100.0, 101.0, 50_321.0, 51_000.0];
        let expected = [1.0, 10.0, 99.0, 99.0, 100.0, 100.0, 110.0, 51_000.0, 51_000.0];
        assert_eq!(rounded.map(round_up), expected);
    }
}
