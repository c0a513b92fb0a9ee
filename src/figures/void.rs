//! Void paths: a price left what the numbers hold, so that their losses are lower bounds, and with
//! them every figure over the paths.

use serde::Serialize;

use super::number::counted;
use crate::escape;
use crate::tail::Tally;

/// The void paths of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VoidFigures {
    /// How many.
    pub n_paths: u64,
    /// The first of them.
    pub first_path: u64,
    /// The asset whose price is the first to leave the formats on it; none before it is looked for.
    pub asset: Option<String>,
    /// The step in which it does, from 0.
    pub step_idx: Option<u64>,
}

impl VoidFigures {
    pub(super) fn of(tally: &Tally) -> Option<Self> {
        let (n_paths, first_path) = (tally.sums.n_saturated, tally.sums.first_void?);
        Some(Self { n_paths, first_path, asset: None, step_idx: None })
    }

    /// How many there are, and where the first is lost, in a sentence.
    #[must_use]
    pub fn told(&self) -> String {
        let (n_paths, first) = (counted(self.n_paths, "path"), self.first_path);
        let verb = if self.n_paths == 1 { "is" } else { "are" };
        let place = match (&self.asset, self.step_idx) {
            (Some(asset), Some(step)) => {
                format!(", where {} does in step {step}", escape::name(asset))
            }
            _ => String::new(),
        };
        format!(
            "{n_paths} {verb} void: a price left what the numbers hold; figures are lower bounds \
             (first: path {first}{place})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Figure, Summary, fixture};

    #[test]
    fn every_figure_over_void_paths_is_open_above_and_the_opening_is_not() {
        let (void, sound) = (fixture::void_summary(), fixture::summary());
        for figure in Figure::gates(&fixture::parameters()) {
            let readings = [&void, &sound].map(|of| of.reading(&figure));
            let [Some(found), Some(expected)] = readings else { continue };
            assert_eq!(found.value, expected.value, "{figure}");
            if figure.is_of_opening() {
                assert_eq!(found, expected, "{figure}");
                continue;
            }
            assert_eq!(found.high, None, "{figure}");
            let low = expected.low.filter(|_| figure != fixture::figure("largest_step"));
            assert_eq!(found.low, low, "{figure}");
        }
    }

    #[test]
    fn json_says_at_least_and_has_no_upper_end() {
        let value = |of: &Summary| serde_json::to_value(of).unwrap();
        let (void, sound) = (value(&fixture::void_summary()), value(&fixture::summary()));
        let expected = serde_json::json!({
            "n_paths": 2, "first_path": 17, "asset": "ETH", "step_idx": 4
        });
        assert_eq!((&void["void"], &sound["void"]), (&expected, &serde_json::Value::Null));
        assert_eq!(void["bad_debt"]["at_least"], true);
        assert!(sound["bad_debt"].get("at_least").is_none() && sound.get("void").is_none());
        for end in ["/high_usd", "/value_at_risk/1/high_usd", "/expected_shortfall/1/high_usd"] {
            let found = void["bad_debt"].pointer(end).unwrap();
            assert!(found.is_null(), "{end}: {found}");
        }
    }

    #[test]
    fn void_paths_are_told_with_the_first_of_them() {
        assert_eq!(
            fixture::void_summary().void.unwrap().told(),
            "2 paths are void: a price left what the numbers hold; figures are lower bounds \
             (first: path 17, where ETH does in step 4)"
        );
        let one = VoidFigures { n_paths: 1, first_path: 0, asset: None, step_idx: None };
        assert!(one.told().starts_with("1 path is void: "), "{}", one.told());
    }
}
