//! Numbers as people type them: `1000000`, `1_000_000`, `1e6`; falls as fractions.

use std::time::Duration;

use thiserror::Error;

use shortfall::scenario::duration;

/// Why a number on the command line is refused; the command line names flag and value before it.
#[derive(Debug, Clone, PartialEq, Error)]
pub(super) enum NumberError {
    #[error("not a whole number: write it as 1000000, 1_000_000 or 1e6")]
    NotWhole,
    #[error("must be at least {least}")]
    TooSmall { least: u64 },
    #[error("must be at most {most}")]
    TooLarge { most: u64 },
    #[error("not a duration: write a number with its unit, as in 5s, 55m or 12h")]
    NotADuration,
    #[error("must be at most 100y")]
    TooLong,
    #[error("not a fraction: write falls as 0.05,0.1,0.2, without spaces")]
    NotFraction,
    #[error("not a share: write 1% or 0.01, at most 100%")]
    NotAShare,
    #[error("a fall is a fraction from 0 to below 1: write {} for {value} %", value / 100.0)]
    Percent { value: f64 },
    #[error("a fall is a fraction from 0 to below 1: write 0.05 for a fall of 5 %")]
    FallOutside { value: f64 },
}

/// A parser of counts from `least` to `most`.
pub(super) fn count<T: TryFrom<u64>>(
    least: u64,
    most: u64,
) -> impl Fn(&str) -> Result<T, NumberError> + Clone {
    move |written| {
        let value = whole(written)?;
        if value < u128::from(least) {
            return Err(NumberError::TooSmall { least });
        }
        let too_large = NumberError::TooLarge { most };
        let value = u64::try_from(value).ok().filter(|value| *value <= most);
        value.and_then(|value| T::try_from(value).ok()).ok_or(too_large)
    }
}

/// The whole number that was written, exactly; one beyond 128 bits is as good as the largest.
fn whole(written: &str) -> Result<u128, NumberError> {
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix('+').unwrap_or(exponent)),
        None => (written, "0"),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !(is_digits(before) && is_digits(after) && is_digits(exponent)) {
        return Err(NumberError::NotWhole);
    }
    let decimals = after.replace('_', "");
    let decimals = decimals.trim_end_matches('0');
    let digits = format!("{before}{decimals}").replace('_', "");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let exponent: usize = exponent.replace('_', "").parse().unwrap_or(usize::MAX);
    let zeros = exponent.checked_sub(decimals.len()).ok_or(NumberError::NotWhole)?;
    const MOST_DIGITS: usize = u128::MAX.ilog10() as usize;
    if digits.len().saturating_add(zeros) > MOST_DIGITS {
        return Ok(u128::MAX);
    }
    format!("{digits}{}", "0".repeat(zeros)).parse().map_err(|_| NumberError::NotWhole)
}

/// Digits, with `_` between any two of them.
fn is_digits(text: &str) -> bool {
    text.split('_').all(|group| !group.is_empty() && group.bytes().all(|it| it.is_ascii_digit()))
}

/// A hundred years of 365 days: no instant is beyond the clock's last by that much.
const MOST_SECONDS: f64 = 100.0 * 365.0 * 86_400.0;

/// A duration as scenarios write them, `5s`.
pub(super) fn duration(written: &str) -> Result<Duration, NumberError> {
    let seconds = duration::seconds(written).ok_or(NumberError::NotADuration)?;
    if seconds > MOST_SECONDS {
        return Err(NumberError::TooLong);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| NumberError::NotADuration)
}

/// A share of something, as a percentage or a fraction from 0 to 1.
pub(super) fn share(written: &str) -> Result<f64, NumberError> {
    let written = written.trim();
    let (number, scale) = match written.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (written, 1.0),
    };
    let share = number.parse::<f64>().map_err(|_| NumberError::NotAShare)? / scale;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(NumberError::NotAShare) }
}

/// A fall of prices, a fraction from 0 to below 1.
pub(super) fn fall(written: &str) -> Result<f64, NumberError> {
    if let Some(percent) = written.trim().strip_suffix('%') {
        let value = percent.trim().parse().map_err(|_| NumberError::NotFraction)?;
        return Err(fall_outside(value));
    }
    let value: f64 = written.trim().parse().map_err(|_| NumberError::NotFraction)?;
    if (0.0..1.0).contains(&value) { Ok(value) } else { Err(fall_outside(value)) }
}

/// A written 5 means 5 %; -1 or NaN means nothing.
fn fall_outside(value: f64) -> NumberError {
    if (0.0..100.0).contains(&value) {
        NumberError::Percent { value }
    } else {
        NumberError::FallOutside { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_people_write_them() {
        let paths = count::<u64>(1, 1 << 40);
        for written in ["1000000", "1_000_000", "1e6", "1E6", "1e+6", "1.0e6", "0.001e9", "01e6"] {
            assert_eq!(paths(written), Ok(1_000_000), "{written}");
        }
        assert_eq!(paths("1.5e3"), Ok(1_500));
        assert_eq!(paths("1_099_511_627_776"), Ok(1 << 40));
        assert_eq!(count::<u64>(0, u64::MAX)("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_no_count_is_refused() {
        let paths = count::<u64>(1, 1 << 40);
        for written in
            ["", " ", "-5", "1.5", "15e-1", "1e", "e6", "_1", "1_", "1__0", "0x2a", "1,0"]
        {
            assert_eq!(paths(written), Err(NumberError::NotWhole), "{written}");
        }
        for written in ["0", "0e99999999999999999999", "0.0"] {
            assert_eq!(paths(written), Err(NumberError::TooSmall { least: 1 }), "{written}");
        }
        let too_large = Err(NumberError::TooLarge { most: 1 << 40 });
        for written in ["1099511627777", "1e13", "1e40", "1e99999999999999999999"] {
            assert_eq!(paths(written), too_large, "{written}");
        }
        assert_eq!(paths(&"9".repeat(1000)), too_large);
        assert_eq!(count::<u16>(1, 1 << 20)("1e6"), Err(NumberError::TooLarge { most: 1 << 20 }));
    }

    #[test]
    fn falls_are_fractions() {
        assert_eq!(fall("0"), Ok(0.0));
        assert_eq!(fall(" 0.43"), Ok(0.43));
        assert_eq!(fall("5"), Err(NumberError::Percent { value: 5.0 }));
        assert_eq!(fall("5 %"), Err(NumberError::Percent { value: 5.0 }));
        assert_eq!(fall("1"), Err(NumberError::Percent { value: 1.0 }));
        assert_eq!(fall("-0.1"), Err(NumberError::FallOutside { value: -0.1 }));
        assert!(matches!(fall("nan"), Err(NumberError::FallOutside { .. })));
        for written in ["", "five", "%"] {
            assert_eq!(fall(written), Err(NumberError::NotFraction), "{written}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("100y"), Ok(Duration::from_secs(3_153_600_000)));
        for written in ["100.1y", "9.3e18s", "18446744073709551615s", "1e30y"] {
            assert_eq!(duration(written), Err(NumberError::TooLong), "{written}");
        }
        for written in ["5", "", "-5s", "5 seconds", "infs", "1e400s"] {
            assert_eq!(duration(written), Err(NumberError::NotADuration), "{written}");
        }
    }

    #[test]
    fn shares_are_percentages_or_fractions() {
        for (written, is) in [("1%", 0.01), ("0.01", 0.01), ("100 %", 1.0), ("1", 1.0), ("0", 0.0)]
        {
            assert_eq!(share(written), Ok(is), "{written}");
        }
        for written in ["", "%", "101%", "-1%", "2", "nan", "all"] {
            assert_eq!(share(written), Err(NumberError::NotAShare), "{written}");
        }
    }

    #[test]
    fn a_percent_is_answered_with_its_fraction() {
        let error = NumberError::Percent { value: 5.0 };
        let told = "a fall is a fraction from 0 to below 1: write 0.05 for 5 %";
        assert_eq!(error.to_string(), told);
    }
}
