//! How precisely a figure is known that is no mean: its values in sections of the run tell.
//!
//! Asmussen and Glynn, "Stochastic Simulation" (2007), III.5a; for quantiles Nakayama, "Confidence
//! intervals for quantiles using sectioning" (2014): cut the n paths into b sections, evaluate the
//! figure in each, and let the values' spread around the *whole run's* value t_n stand for its
//! error (unlike their own mean, that has no bias to speak of):
//!
//! s^2 = sum_j n_j (t_j - t_n)^2 / ((b - 1) n),  t_n -+ t_{b-1, 0.975} s
//!
//! Where t is the difference of two programs' figures on the same paths, what both have in common
//! cancels in every section, so the interval is that of the pairs.

/// Sections of a run: so many that Student's t is close to the normal, so few that each has a tail.
pub const N_SECTIONS: u64 = 32;

/// The 0.975 quantile of Student's t with 31 degrees of freedom.
const T_31: f64 = 2.039_513_446_396_408;

/// A figure of one section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Paths of the section.
    pub n_paths: u64,
    /// The figure in it.
    pub value: f64,
}

/// Half the width of the 95 % interval of a figure whose value in the whole run is `whole`; `None`
/// unless there are [`N_SECTIONS`] sections.
#[must_use]
pub fn half_width(whole: f64, sections: &[Section]) -> Option<f64> {
    if sections.len() as u64 != N_SECTIONS {
        return None;
    }
    let n_paths: u64 = sections.iter().map(|section| section.n_paths).sum();
    let spread = sections.iter().map(|section| {
        let distance = section.value - whole;
        section.n_paths as f64 * distance * distance
    });
    let variance = spread.sum::<f64>() / ((N_SECTIONS - 1) as f64 * n_paths as f64);
    Some(T_31 * variance.sqrt())
}

/// Least sections in which a mean differs from 0 for their spread to say how precisely it is known;
/// of fewer, the few paths that move it decide alone.
const LEAST_MOVED: u64 = 10;

/// The sections of a figure that is a mean over paths, so that the whole run's value is the mean of
/// theirs: what [`half_width`] says of them without keeping each. The updates are those of West,
/// "Updating mean and variance estimates", CACM 22 (1979).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    n_sections: u64,
    n_moved: u64,
    n_paths: u64,
    mean: f64,
    /// Sum of paths x squared distance from the mean.
    squares: f64,
}

impl Spread {
    /// Adds a section; one without paths says nothing.
    pub fn add(&mut self, section: Section) {
        if section.n_paths == 0 {
            return;
        }
        self.n_sections += 1;
        self.n_moved += u64::from(section.value != 0.0);
        self.n_paths += section.n_paths;
        let distance = section.value - self.mean;
        self.mean += distance * section.n_paths as f64 / self.n_paths as f64;
        self.squares += section.n_paths as f64 * distance * (section.value - self.mean);
    }

    /// Half the width of the 95 % interval; `None` unless there are [`N_SECTIONS`] sections of
    /// which none or enough differ from 0.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        let is_known = self.n_moved == 0 || self.n_moved >= LEAST_MOVED;
        if self.n_sections != N_SECTIONS || !is_known {
            return None;
        }
        let variance = self.squares.max(0.0) / ((N_SECTIONS - 1) as f64 * self.n_paths as f64);
        Some(T_31 * variance.sqrt())
    }
}

/// Where a section of a run begins; the next begins where it ends.
#[must_use]
pub fn start_of(section_idx: u64, n_paths: u64) -> u64 {
    (u128::from(section_idx) * u128::from(n_paths) / u128::from(N_SECTIONS)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_share_all_paths_as_evenly_as_can_be() {
        for n_paths in [0, 31, 32, 33, 100_000, 1 << 40, u64::MAX] {
            let bounds: Vec<u64> = (0..=N_SECTIONS).map(|idx| start_of(idx, n_paths)).collect();
            assert_eq!((bounds[0], bounds[N_SECTIONS as usize]), (0, n_paths));
            let sizes = bounds.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(sizes.clone().max() <= sizes.min().map(|least| least + 1));
        }
    }

    #[test]
    fn equal_values_have_no_width_and_others_that_of_a_hand_calculation() {
        let sections = |values: &dyn Fn(u64) -> f64| -> Vec<Section> {
            (0..N_SECTIONS).map(|idx| Section { n_paths: 10, value: values(idx) }).collect()
        };
        assert_eq!(half_width(7.0, &sections(&|_| 7.0)), Some(0.0));
        // Half of them 3 above, half 3 below: variance 32 9 / 31 of a section, a 32nd of it of all.
        let found = half_width(1.0, &sections(&|idx| if idx % 2 == 0 { 4.0 } else { -2.0 }));
        assert!((found.unwrap() - T_31 * (9.0_f64 / 31.0).sqrt()).abs() < 1e-14);
        assert_eq!(half_width(7.0, &sections(&|_| 7.0)[1..]), None);
    }

    #[test]
    fn a_spread_says_what_its_sections_do_and_nothing_of_too_few() {
        let value = |idx: u64| 1e6 + ((idx * 37) % 32) as f64;
        let sections: Vec<Section> =
            (0..N_SECTIONS).map(|idx| Section { n_paths: 3 + idx, value: value(idx) }).collect();
        let n_paths: u64 = sections.iter().map(|it| it.n_paths).sum();
        let sum: f64 = sections.iter().map(|it| it.n_paths as f64 * it.value).sum();
        let spread = |sections: &[Section]| {
            let mut spread = Spread::default();
            sections.iter().for_each(|section| spread.add(*section));
            spread.half_width()
        };
        let (found, expected) =
            (spread(&sections).unwrap(), half_width(sum / n_paths as f64, &sections).unwrap());
        assert!((found - expected).abs() < 1e-9 * expected, "{found}, not {expected}");
        assert_eq!(spread(&sections[1..]), None);
        let few = |n_moved: usize| {
            let moved = |(idx, it): (usize, &Section)| Section {
                value: if idx < n_moved { it.value } else { 0.0 },
                ..*it
            };
            spread(&sections.iter().enumerate().map(moved).collect::<Vec<_>>())
        };
        assert_eq!((few(0), few(1), few(9)), (Some(0.0), None, None));
        assert!(few(10).is_some());
    }
}
