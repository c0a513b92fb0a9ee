//! This run against a baseline, on the same paths: the difference of every figure and its interval.

use serde::Serialize;

use super::moved::{MovedSections, PoolDifference, PositionDifference};
use crate::figures::number::{known, measured, round_up};
use crate::figures::row::Rests;
use crate::figures::windows::Basis;
use crate::figures::{Facts, Figure, Known, Parameters, Reading, Summary, Unit};
use crate::tail::stat::sectioning::{N_SECTIONS, Section, half_width};
use crate::tail::{Digest, Level, Tally};

/// A run against a baseline of the same seed and number of paths.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineFigures {
    /// Name of the baseline's scenario.
    pub scenario: String,
    /// Digest of the baseline's program, hexadecimal.
    pub program_digest: String,
    /// Digest of the baseline's outcomes.
    pub outcome_digest: Digest,
    /// Void paths of the baseline; absent if there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub void_paths: u64,
    /// Every figure that both runs have.
    pub differences: Vec<DifferenceFigures>,
    /// The pools of both, in this run's order.
    pub pools: Vec<PoolDifference>,
    /// The positions whose mean bad debt moved most, the farthest first.
    pub positions: Vec<PositionDifference>,
}

/// A figure of this run, of the baseline, and their difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DifferenceFigures {
    /// Its name, as in gates.
    pub figure: String,
    /// In this run.
    pub value: f64,
    /// In the baseline.
    pub baseline: f64,
    /// This run's less the baseline's.
    pub difference: f64,
    /// Lower end of the difference's interval; none if too few paths were walked to know one.
    pub low: Option<f64>,
    /// Upper end of the difference's interval.
    pub high: Option<f64>,
    /// What all are measured in.
    pub unit: Unit,
}

/// Collects the figures of both programs, section by section.
pub struct Sections<'a> {
    facts: [&'a Facts; 2],
    rows: Vec<Row>,
    moved: MovedSections<'a>,
}

/// A figure in every section so far.
struct Row {
    figure: Figure,
    sections: Vec<Section>,
}

impl<'a> Sections<'a> {
    /// No section yet of the two scenarios, this run's first. The baseline's facts are to have the
    /// levels and the materiality of this run's, and its positions.
    #[must_use]
    pub fn of(facts: [&'a Facts; 2]) -> Self {
        let has_fund = |venue: &&str| facts.iter().all(|facts| facts.has_fund(venue));
        let funds = facts[0].venues.iter().map(String::as_str).filter(has_fund).collect();
        let levels = &facts[0].levels;
        let all = Figure::gates(&Parameters { levels, funds, ..Parameters::default() });
        let compared = all.into_iter().filter(|figure| figure.row.has_delta());
        let rows = compared.map(|figure| Row { figure, sections: Vec::new() });
        Self { facts, rows: rows.collect(), moved: MovedSections::of(facts) }
    }

    /// Adds a section's tallies, in the order of the facts.
    pub fn absorb(&mut self, tallies: [&Tally; 2]) {
        self.moved.absorb(tallies);
        let n_paths = tallies[0].sums.n_paths;
        let summaries = self.summaries(tallies);
        for row in &mut self.rows {
            let [this, baseline] = summaries.each_ref().map(|it| it.reading(&row.figure));
            if let Some((this, baseline)) = this.zip(baseline) {
                row.sections.push(Section { n_paths, value: this.value - baseline.value });
            }
        }
    }

    /// The differences of all figures, from the tallies of all paths.
    #[must_use]
    pub fn figures(&self, tallies: [&Tally; 2]) -> BaselineFigures {
        let summaries = self.summaries(tallies);
        let basis = Basis::of(tallies);
        let differences = self.rows.iter().filter_map(|row| {
            let [this, baseline] = summaries.each_ref().map(|it| it.reading(&row.figure));
            let are_void = summaries.each_ref().map(|it| it.is_void(&row.figure));
            let difference = row.difference(this?, baseline?, basis);
            Some(difference.bounded(&row.figure, are_void))
        });
        let differences = differences.collect();
        let void_paths = summaries[1].saturated_paths;
        let [_, Summary { scenario, program_digest, outcome_digest, .. }] = summaries;
        let (pools, positions) = (self.moved.pools(tallies), self.moved.positions(tallies));
        BaselineFigures {
            scenario,
            program_digest,
            outcome_digest,
            void_paths,
            differences,
            pools,
            positions,
        }
    }

    fn summaries(&self, tallies: [&Tally; 2]) -> [Summary; 2] {
        [0, 1].map(|side| Summary::of(tallies[side], self.facts[side], None))
    }
}

impl Row {
    fn difference(&self, this: Reading, baseline: Reading, basis: Basis) -> DifferenceFigures {
        let difference = this.value - baseline.value;
        let half_width = match &self.figure {
            figure if figure.row.is_exact() => Some(0.0),
            _ if basis == Basis::Sections && (!self.has_tails() || self.meets_an_atom()) => None,
            _ => basis.half_width(|| half_width(difference, &self.sections)),
        };
        DifferenceFigures {
            figure: self.figure.to_string(),
            value: this.value,
            baseline: baseline.value,
            difference,
            low: half_width.map(|half_width| difference - half_width),
            high: half_width.map(|half_width| difference + half_width),
            unit: self.figure.row.unit,
        }
    }

    /// Whether value at risk differs in some sections and not at all in others: it is then an atom,
    /// such as no loss, in some of them only, and their spread says nothing of the whole run's.
    fn meets_an_atom(&self) -> bool {
        let n_equal = self.sections.iter().filter(|section| section.value == 0.0).count();
        self.figure.row.known == Known::Within(Rests::Rank)
            && (1..self.sections.len()).contains(&n_equal)
    }

    /// Whether every section has paths enough beyond the figure's level for a value of its own.
    fn has_tails(&self) -> bool {
        let Some(level) = self.figure.level() else { return true };
        let least = self.sections.iter().map(|section| section.n_paths).min().unwrap_or(0);
        Level::nearest(level).tail_size(least) >= LEAST_TAIL
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Paths beyond a level that make a section's figure one of its tail. Of two, intervals of a
/// shortfall hold the truth in 86 to 95 % of runs; of six, in 93 to 95 %.
const LEAST_TAIL: f64 = 6.0;

impl BaselineFigures {
    /// So many paths have a value of the figure in every section, so that its difference has an
    /// interval: as many as a level asks for, or one a section.
    #[must_use]
    pub fn known_from(figure: &Figure) -> Option<u64> {
        let a_section = figure.level().map_or(1.0, |level| LEAST_TAIL / (1.0 - level));
        Some(round_up(a_section * N_SECTIONS as f64) as u64)
    }

    /// Whether the baseline's figure is one of paths some of which are void.
    #[must_use]
    pub fn is_void(&self, figure: &Figure) -> bool {
        self.void_paths > 0 && !figure.is_of_opening()
    }

    /// A figure's difference, by the figure's name.
    #[must_use]
    pub fn reading(&self, figure: &Figure) -> Option<Reading> {
        let name = figure.to_string();
        let found = self.differences.iter().find(|it| it.figure == name)?;
        Some(Reading { value: found.difference, std_error: None, low: found.low, high: found.high })
    }
}

impl DifferenceFigures {
    /// Without the ends that void paths leave open, of this run or of the baseline: what is lost is
    /// at least what is seen, and how other figures lie nothing says.
    fn bounded(self, figure: &Figure, [this, baseline]: [bool; 2]) -> Self {
        let rises = figure.row.rises;
        let low = self.low.filter(|_| !baseline && (rises || !this));
        let high = self.high.filter(|_| !this && (rises || !baseline));
        Self { low, high, ..self }
    }

    /// What tables show of it, under [`DIFFERENCE_HEADINGS`].
    pub(super) fn cells(&self) -> [String; 6] {
        [
            self.figure.clone(),
            measured(self.value, self.unit),
            measured(self.baseline, self.unit),
            measured(self.difference, self.unit),
            known(self.low, self.unit),
            known(self.high, self.unit),
        ]
    }
}

/// The columns of [`DifferenceFigures::cells`].
pub(super) const DIFFERENCE_HEADINGS: [&str; 6] =
    ["figure", "this run", "baseline", "difference", "95 % from", "to"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture::{self, figure};
    use crate::tail::stat::sectioning::start_of;
    use crate::tail::{Outcome, Shape};

    const N_PATHS: u64 = 20_000;

    /// Every fourth path loses; `shift` moves who and how much.
    fn outcome(path: u64, shift: u64) -> Outcome {
        let word = (path + shift).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let loss = if word.is_multiple_of(4) { word as i64 + (shift as i64) * 1000 } else { 0 };
        Outcome { realised: loss << 10, largest_step: shift as u32, ..Outcome::default() }
    }

    fn tally(paths: std::ops::Range<u64>, shift: u64) -> Tally {
        let shape = Shape { n_positions: 30, n_steps: 24, n_pools: 2, n_funds: None };
        let mut tally = Tally::new(1 << 16, shape);
        let outcomes: Vec<Outcome> = paths.clone().map(|path| outcome(path, shift)).collect();
        tally.absorb_paths(paths.start, &outcomes);
        tally
    }

    fn compared(shifts: [u64; 2]) -> BaselineFigures {
        let facts = fixture::facts();
        let mut sections = Sections::of([&facts, &facts]);
        for idx in 0..N_SECTIONS {
            let paths = || start_of(idx, N_PATHS)..start_of(idx + 1, N_PATHS);
            let [this, baseline] = shifts.map(|shift| tally(paths(), shift));
            sections.absorb([&this, &baseline]);
        }
        let [this, baseline] = shifts.map(|shift| tally(0..N_PATHS, shift));
        sections.figures([&this, &baseline])
    }

    #[test]
    fn a_program_differs_from_itself_by_nothing_with_certainty() {
        for found in compared([3, 3]).differences {
            assert_eq!(found.difference, 0.0, "{found:?}");
            // A section of 625 paths has six beyond 0.99, and none of its own beyond 0.9999.
            let is_known = found.figure != "es99.99" && found.figure != "var99.99";
            let zero = is_known.then_some(0.0);
            assert_eq!((found.low, found.high), (zero, zero), "{found:?}");
        }
    }

    #[test]
    fn a_quantile_that_is_an_atom_in_some_sections_has_no_interval() {
        let row = |n_equal: u64, figure: Figure| {
            let value = |idx| if idx < n_equal { 0.0 } else { 5.0 + (idx % 3) as f64 };
            let section = |idx| Section { n_paths: 1000, value: value(idx) };
            Row { figure, sections: (0..N_SECTIONS).map(section).collect() }
        };
        let reading = Reading { value: 6.0, std_error: None, low: None, high: None };
        let nothing = Reading { value: 0.0, ..reading };
        let low = |row: Row| row.difference(reading, nothing, Basis::Sections).low;
        let var = || figure("var99");
        assert_eq!((low(row(1, var())), low(row(31, var()))), (None, None));
        assert!(low(row(0, var())).is_some() && low(row(1, figure("mean"))).is_some());
        assert!(low(row(1, figure("es99"))).is_some());
    }

    #[test]
    fn differences_change_sign_with_the_sides_and_lie_within_their_intervals() {
        let (there, back) = (compared([3, 0]), compared([0, 3]));
        assert_eq!(there.differences.len(), 14);
        for (one, other) in there.differences.iter().zip(&back.differences) {
            assert_eq!((one.value, one.baseline), (other.baseline, other.value));
            assert_eq!(one.difference, -other.difference);
            assert_eq!((one.low, one.high), (other.high.map(|it| -it), other.low.map(|it| -it)));
            let (low, high) = (one.low.unwrap_or(f64::MIN), one.high.unwrap_or(f64::MAX));
            assert!(low <= one.difference && one.difference <= high, "{one:?}");
        }
        let mean = &there.differences[0];
        assert!(mean.low < mean.high && mean.difference > 0.0, "{mean:?}");
        let step = there.reading(&figure("largest_step")).unwrap();
        assert_eq!((step.value, step.low, step.high), (3.0, Some(3.0), Some(3.0)));
        assert_eq!(there.reading(&figure("backlog.mean")), None);
    }
}
