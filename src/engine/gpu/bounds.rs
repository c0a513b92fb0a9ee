//! What the kernel's bounds read: the book as the CPU scans it, laid out for a workgroup's lanes.
//!
//! Items are bounds first, a position each, then positions that only plain extremes bound, then
//! runs of pairs. Twin: `shaders/bounds.wgsl`.

use super::kernel::Tables;
use crate::engine::cpu::horizon::{Bound, BoundTerm};
use crate::engine::cpu::positions::ScanList;
use crate::program::Program;

/// Ratios of marks at most whose extremes are kept: those that bound the most positions.
const MOST_RATIOS: usize = 64;
/// Bounds that are laid out together, column by column: neighbouring lanes read neighbouring words.
const BLOCK: usize = 32;
/// Pairs of a run at most, and walks over a horizon that an item may ask for, in steps.
const MOST_RUN: usize = 16;
const RUN_STEPS: usize = 4096;
/// Log ratios may be off by this over the lowest mark, and two units of 2^-24; the integer form of
/// `cpu::bound::mark_slack`.
const RATIO_SLACK: u32 = 24_446_451;
/// The lowest mark of which a ratio means anything.
const LEAST_RATIO_MARK: u32 = 256;

/// A run of positions on the same two instruments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    ratio: u32,
    first: u32,
    n: u32,
}

/// The bounds of a program.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    /// Instruments above and below.
    ratios: Vec<[u32; 2]>,
    n_bounds: usize,
    /// Block by block: positions, low and high words of constants, then rows and magnitudes of
    /// each term in turn.
    bounds: Vec<u32>,
    /// Where each block begins in `bounds`, its positive and its negative terms.
    blocks: Vec<[u32; 3]>,
    plain: Vec<u32>,
    run: usize,
    runs: Vec<Run>,
    /// Pairs by class, thresholds falling within it.
    pairs: Vec<u32>,
    thresholds: Vec<i32>,
}

impl Layout {
    /// Lays out a program's bounds.
    pub(super) fn of(program: &Program) -> Self {
        if program.liquidity.is_some() {
            return Self::default();
        }
        let list = ScanList::new(program);
        let n_instruments = program.instruments.len() as u32;
        let mut layout = Self {
            run: (RUN_STEPS / program.market.n_steps).clamp(1, MOST_RUN),
            ..Self::default()
        };
        let position_of = |id: u32| list.others[id as usize].position;
        layout.plain.extend(list.tiered.iter().map(|id| position_of(*id)));
        layout.plain.sort_unstable();
        let kept = layout.keep_ratios(&list, n_instruments);
        for class in &list.pairs {
            let positions = class.scanned.iter().map(|it| it.position);
            match kept[class.ratio as usize] {
                None => layout.plain.extend(positions),
                Some(ratio) => {
                    layout.push_runs(ratio, class.scanned.len());
                    layout.pairs.extend(positions);
                    layout.thresholds.extend(&class.thresholds);
                }
            }
        }
        let row = |term: &BoundTerm| match (term.row / 2).checked_sub(n_instruments) {
            None => Some(term.row / 2),
            Some(ratio) => kept[ratio as usize].map(|ratio| n_instruments + ratio),
        };
        // In the book's order, which has no pattern: where dear positions stood together, some lane
        // would take more of them than another.
        let mut bounds: Vec<&Bound> = list.bounds.bounds.iter().collect();
        bounds.sort_unstable_by_key(|bound| position_of(bound.id));
        let mut rows = Vec::with_capacity(bounds.len());
        for bound in bounds {
            let position = position_of(bound.id);
            let terms = list.bounds.terms_of(bound).iter();
            let terms: Option<Vec<_>> =
                terms.map(|term| Some([row(term)?, term.magnitude])).collect();
            match terms {
                None => layout.plain.push(position),
                Some(terms) => rows.push((position, bound, terms)),
            }
        }
        layout.push_blocks(rows);
        layout
    }

    /// Decides which ratios are kept; the new index of each.
    fn keep_ratios(&mut self, list: &ScanList, n_instruments: u32) -> Vec<Option<u32>> {
        let ratios = list.ratios.all();
        let mut n_users = vec![0; ratios.len()];
        for class in &list.pairs {
            n_users[class.ratio as usize] += class.scanned.len();
        }
        for bound in &list.bounds.bounds {
            for term in list.bounds.terms_of(bound) {
                if let Some(ratio) = (term.row / 2).checked_sub(n_instruments) {
                    n_users[ratio as usize] += 1;
                }
            }
        }
        let mut order: Vec<usize> = (0..ratios.len()).collect();
        order.sort_by_key(|ratio| (std::cmp::Reverse(n_users[*ratio]), *ratio));
        let mut kept = vec![None; ratios.len()];
        for (ratio, idx) in order.into_iter().take(MOST_RATIOS).zip(0..) {
            kept[ratio] = Some(idx);
            self.ratios.push([ratios[ratio].above, ratios[ratio].below]);
        }
        kept
    }

    fn push_runs(&mut self, ratio: u32, n_pairs: usize) {
        let start = self.pairs.len();
        let runs = (0..n_pairs).step_by(self.run).map(|first| Run {
            ratio,
            first: (start + first) as u32,
            n: self.run.min(n_pairs - first) as u32,
        });
        self.runs.extend(runs);
    }

    /// Bounds of the same shape stand together, so that the lanes that read a block have as many
    /// terms each; where they have not, terms of magnitude 0 add nothing.
    fn push_blocks(&mut self, mut rows: Vec<(u32, &Bound, Vec<[u32; 2]>)>) {
        let shape = |bound: &Bound| {
            let n_positive = bound.n_positive as usize;
            [n_positive, bound.n_terms as usize - n_positive]
        };
        rows.sort_by_key(|(_, bound, _)| shape(bound));
        self.n_bounds = rows.len();
        for block in rows.chunks(BLOCK) {
            let most = |side: usize| block.iter().map(|(_, it, _)| shape(it)[side]).max();
            let [n_positive, n_negative] = [0, 1].map(|side| most(side).unwrap_or(0));
            let start = self.bounds.len();
            self.blocks.push([start as u32, n_positive as u32, n_negative as u32]);
            self.bounds.resize(start + BLOCK * (3 + 2 * (n_positive + n_negative)), 0);
            for (lane, (position, bound, terms)) in block.iter().enumerate() {
                let mut set =
                    |column: usize, word| self.bounds[start + BLOCK * column + lane] = word;
                set(0, *position);
                set(1, bound.constant as u32);
                set(2, (bound.constant >> 32) as u32);
                let (positive, negative) = terms.split_at(bound.n_positive as usize);
                for (first, terms) in [(0, positive), (n_positive, negative)] {
                    for ([row, magnitude], term) in terms.iter().zip(first..) {
                        set(3 + 2 * term, *row);
                        set(4 + 2 * term, *magnitude);
                    }
                }
            }
        }
    }

    /// Ratios whose extremes are kept.
    pub(super) fn n_ratios(&self) -> usize {
        self.ratios.len()
    }

    /// What a lane takes at a time.
    pub(super) fn n_items(&self) -> usize {
        self.n_bounds + self.plain.len() + self.runs.len()
    }

    /// Appends everything to the tables; names and values of the kernel's constants.
    pub(super) fn fill(&self, tables: &mut Tables) -> Vec<(&'static str, u32)> {
        let bounds = tables.push(&self.bounds);
        let blocks: Vec<[u32; 3]> =
            self.blocks.iter().map(|[start, n, m]| [bounds + start, *n, *m]).collect();
        let runs: Vec<[u32; 3]> =
            self.runs.iter().map(|run| [run.ratio, run.first, run.n]).collect();
        vec![
            ("T_RATIOS", tables.push(self.ratios.as_flattened())),
            ("T_BLOCKS", tables.push(blocks.as_flattened())),
            ("T_PLAIN", tables.push(&self.plain)),
            ("T_RUNS", tables.push(runs.as_flattened())),
            ("T_PAIRS", tables.push(&self.pairs)),
            ("T_THRESHOLDS", tables.push_i32(&self.thresholds)),
            ("BLOCK", BLOCK as u32),
            ("RUN", self.run.max(1) as u32),
            ("N_BOUNDS", self.n_bounds as u32),
            ("FIRST_RUN", (self.n_bounds + self.plain.len()) as u32),
            ("N_ITEMS", self.n_items() as u32),
            ("RATIO_SLACK", RATIO_SLACK),
            ("LEAST_RATIO_MARK", LEAST_RATIO_MARK),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cpu::bound::mark_slack;
    use crate::engine::cpu::marks::Extremes;

    #[test]
    fn the_kernel_s_slack_is_at_least_the_cpu_s_and_little_more() {
        let slack = |low| mark_slack(Extremes { low, high: low });
        assert_eq!(slack(LEAST_RATIO_MARK - 1), None);
        for low in (LEAST_RATIO_MARK..1 << 17).chain((17..31).map(|log| (1 << log) - 1)) {
            let ours = (RATIO_SLACK / low + 2) as i32;
            let theirs = slack(low).unwrap();
            assert!((theirs..=theirs + 1).contains(&ours), "{low}: {ours} for {theirs}");
        }
    }
}
