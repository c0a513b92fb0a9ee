//! Shares, as people read them.

/// A share in percent, to three digits.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        return "0 %".to_owned();
    }
    let n_digits = 2 - percent.log10().floor() as i32;
    if n_digits > 5 {
        format!("{percent:.1e} %")
    } else {
        format!("{percent:.*} %", n_digits.max(0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_to_three_digits() {
        let told = [1.0, 0.988, 0.0485, 0.000_123_4, 4.13e-9, 0.0].map(percent);
        assert_eq!(told, ["100 %", "98.8 %", "4.85 %", "0.0123 %", "4.1e-7 %", "0 %"]);
    }
}
