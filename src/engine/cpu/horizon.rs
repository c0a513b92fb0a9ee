//! Bounds over the whole horizon, a group of paths at a time: lanes are paths, so that a position's
//! coefficients are read once for all of them and no lane waits for a gather.
//!
//! Where a position owes, prices are taken relative to its main debt asset: assets fall together,
//! so that the lowest ratio is much nearer than the lowest price over the highest.

use super::extremes::Extremes;
use super::marks::Marks;
use crate::engine::scan::bounds::{Bounds, constant_of_bound};
use crate::engine::scan::pairs::PairClass;
use crate::engine::scan::ratios::Ratios;
use crate::engine::scan::terms::Term;
use crate::fixed::{Exp2, OCTAVE, ONE_MARK};
use crate::lanes::Lanes;
use crate::program::Program;

/// Paths that are bounded together.
pub(super) const GROUP: usize = 8;

/// A number of every path of a group, a word each, widened once.
type Row = [u64; GROUP];

/// What the bounds are of: extremes of marks and ratios over the horizons of a group of paths.
#[derive(Debug, Clone, Default)]
pub(super) struct Horizon {
    lanes: Lanes,
    n_instruments: usize,
    /// Lowest and highest mark of every instrument, then least and most of every ratio of marks,
    /// Q8.24.
    rows: Vec<Row>,
    /// Least log ratio, Q8.24, path by path; exact only where the path's marks are not strained.
    least: Vec<i32>,
    /// All ones for paths of which nothing is cleared: their ratios are beyond their format.
    unclear: [i64; GROUP],
    most: Vec<i32>,
    /// Scratch: marks of the least and of the most log ratios.
    widened: [Vec<u32>; 2],
}

/// By how much more than their rounding marks may be off, because sales move prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widening {
    /// Log ratios, Q8.24.
    pub(super) log_ratios: i32,
    /// By what factor moved marks may be coarser, which are the smaller, the lower.
    pub(super) coarser: f64,
    /// Marks, by less than 2^-this of themselves; `None` for not at all.
    pub(super) marks_log2: Option<u32>,
}

impl Widening {
    /// Nothing moves.
    pub(super) const NONE: Self = Self { log_ratios: 0, coarser: 1.0, marks_log2: None };

    /// By how much log ratios may be off in all, of the slack of unmoved marks.
    pub(super) fn slack(self, of_marks: i32) -> i32 {
        let rounded = (f64::from(of_marks) * self.coarser).ceil() as i32;
        rounded.saturating_add(self.log_ratios)
    }

    fn of_mark(self, mark: u32) -> u32 {
        self.marks_log2.map_or(0, |log2| (mark >> log2) + 2)
    }
}

impl Horizon {
    pub(super) fn new(program: &Program, ratios: &Ratios, lanes: Lanes) -> Self {
        let n_instruments = program.instruments.len();
        Self {
            lanes,
            n_instruments,
            rows: vec![[0; GROUP]; 2 * (n_instruments + ratios.len())],
            least: vec![0; GROUP * ratios.len()],
            unclear: [0; GROUP],
            most: vec![0; ratios.len()],
            widened: [vec![0; ratios.len()], vec![0; ratios.len()]],
        }
    }

    /// The extremes of one path of the group, which begins at its opening.
    ///
    /// Where marks are small or saturated, or moved by an octave, or a ratio is beyond its format,
    /// nothing of the path is cleared.
    pub(super) fn set(&mut self, ratios: &Ratios, lane: usize, marks: &Marks, widening: Widening) {
        let (of_marks, of_ratios) = self.rows.split_at_mut(2 * self.n_instruments);
        for (rows, extremes) in of_marks.chunks_exact_mut(2).zip(marks.whole()) {
            let Extremes { low, high } = *extremes;
            rows[0][lane] = low.saturating_sub(widening.of_mark(low)).into();
            rows[1][lane] = high.saturating_add(widening.of_mark(high)).into();
        }
        let n_ratios = ratios.len();
        let least = &mut self.least[lane * n_ratios..(lane + 1) * n_ratios];
        let most = &mut *self.most;
        let slack = marks.slack().map_or(i32::MAX, |slack| widening.slack(slack));
        let [lowest, highest] = &mut self.widened;
        let (exp2, by) = (Exp2::for_lanes(), slack.saturating_add(1));
        self.lanes.run(
            #[inline(always)]
            || {
                for ((idx, least), most) in (0..).zip(&mut *least).zip(&mut *most) {
                    let ratio = ratios.all()[idx];
                    let (above, below) = (marks.logs_of(ratio.above), marks.logs_of(ratio.below));
                    (*least, *most) = extremes(above, below);
                }
                // Wider by what rounds the marks, and by a unit of the log and one of the ratio for
                // the rounding of the ratio itself.
                for (mark, least) in lowest.iter_mut().zip(&*least) {
                    *mark = exp2.mark_of_log(least.saturating_sub(by)).saturating_sub(1);
                }
                for (mark, most) in highest.iter_mut().zip(&*most) {
                    *mark = exp2.mark_of_log(most.saturating_add(by)).saturating_add(1);
                }
            },
        );
        // An octave more, and a ratio may leave its format, or a mark be moved beyond twice itself.
        self.unclear[lane] = if slack >= OCTAVE { -1 } else { 0 };
        for ((rows, low), high) in of_ratios.chunks_exact_mut(2).zip(lowest).zip(highest) {
            rows[0][lane] = (*low).into();
            rows[1][lane] = (*high).into();
        }
    }

    /// How many of a class, the first, the least ratio of a path does not clear, log ratios being
    /// off by at most `slack`.
    pub(super) fn n_eligible(&self, lane: usize, class: &PairClass, slack: i32) -> usize {
        let n_ratios = self.least.len() / GROUP;
        let least = self.least[lane * n_ratios + class.ratio as usize].saturating_sub(slack);
        if class.thresholds[0] <= least {
            return 0;
        }
        class.thresholds.partition_point(|threshold| *threshold > least)
    }

    /// Whether the horizon of a path clears a position without tiers as it stands now.
    #[inline(always)]
    pub(super) fn clears(&self, lane: usize, constant: i64, terms: &[Term]) -> bool {
        let mut bound = constant_of_bound(constant, terms);
        for term in terms {
            // The least of what is held, the most of what is owed.
            let row = self.rows.get(term.row as usize + usize::from(term.is_negative));
            bound += term.signed_times(row.map_or(ONE_MARK, |row| row[lane] as u32));
        }
        bound | self.unclear[lane] >= 0
    }

    /// Appends what the horizon of a path does not clear to that path's list.
    pub(super) fn clear(&self, bounds: &Bounds, eligible: &mut [Vec<u32>]) {
        let rows = &*self.rows;
        self.lanes.run(
            #[inline(always)]
            || {
                for bound in &bounds.bounds {
                    let terms = bounds.terms_of(bound);
                    let (positive, negative) = terms.split_at(bound.n_positive as usize);
                    let mut sums = [bound.constant; GROUP];
                    for term in positive {
                        for (sum, value) in sums.iter_mut().zip(&rows[term.row as usize]) {
                            *sum += product(term.magnitude, *value);
                        }
                    }
                    for term in negative {
                        for (sum, value) in sums.iter_mut().zip(&rows[term.row as usize]) {
                            *sum -= product(term.magnitude, *value);
                        }
                    }
                    for (sum, unclear) in sums.iter_mut().zip(self.unclear) {
                        *sum |= unclear;
                    }
                    if sums.iter().fold(0, |any, sum| any | sum) < 0 {
                        for (eligible, sum) in eligible.iter_mut().zip(sums) {
                            if sum < 0 {
                                eligible.push(bound.id);
                            }
                        }
                    }
                }
            },
        );
    }
}

/// A product of words; the rows' upper words are 0, which one multiplication a lane needs to know.
#[inline(always)]
fn product(magnitude: u32, value: u64) -> i64 {
    (u64::from(magnitude) * (value & 0xffff_ffff)) as i64
}

/// The least and the most of a - b.
#[inline(always)]
fn extremes(above: &[i32], below: &[i32]) -> (i32, i32) {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for (above, below) in above.iter().zip(below) {
        let ratio = above.wrapping_sub(*below);
        low = low.min(ratio);
        high = high.max(ratio);
    }
    (low, high)
}
