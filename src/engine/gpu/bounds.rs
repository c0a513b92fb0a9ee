//! What the kernel's bounds read: the book as the CPU scans it, laid out for a workgroup's lanes.
//!
//! Items are bounds first, a position each, then positions that only plain extremes bound, then
//! runs of pairs. Twin: `shaders/bounds.wgsl`.

use super::tables::Tables;
use super::words::Declarations;
use crate::book::action::to_words;
use crate::engine::scan::bounds::{Bound, BoundTerm};
use crate::engine::scan::list::ScanList;
use crate::program::Program;
use crate::rows;
use crate::rows::Row;

/// Ratios of marks at most whose extremes are kept: those that bound the most positions.
const MOST_RATIOS: usize = 64;
/// Bounds that are laid out together, column by column: neighbouring lanes read neighbouring words.
const BLOCK: usize = 32;
/// Pairs of a run at most, and walks over a horizon that an item may ask for, in steps.
const MOST_RUN: usize = 16;
const RUN_STEPS: usize = 4096;
/// Log ratios may be off by this over the lowest mark, and two units of 2^-24; the integer form of
/// `cpu::extremes::mark_slack`.
const RATIO_SLACK: u32 = 24_446_451;
/// The lowest mark of which a ratio means anything.
const LEAST_RATIO_MARK: u32 = 256;

rows! {
    /// Two instruments, the extremes of whose ratio are kept.
    pub(super) struct RatioRow {
        /// The instrument above the line.
        pub(super) above: u32,
        /// The one below it.
        pub(super) below: u32,
    }

    /// Bounds of one shape that stand together.
    pub(super) struct BlockRow {
        /// Where its words begin.
        pub(super) start: u32,
        /// Positive terms of each bound.
        pub(super) n_positive: u32,
        /// Negative ones.
        pub(super) n_negative: u32,
    }

    /// What a block has of each bound before its terms, column by column.
    pub(super) struct BoundColumn {
        /// The position.
        pub(super) position: u32,
        /// The constant of the bound.
        pub(super) constant: [u32; 2],
    }

    /// A term of each bound of a block, column by column.
    pub(super) struct TermColumn {
        /// The row of extremes that it reads.
        pub(super) row: u32,
        /// Its magnitude.
        pub(super) magnitude: u32,
    }

    /// A run of positions on the same two instruments.
    pub(super) struct RunRow {
        /// The ratio of the two.
        pub(super) ratio: u32,
        /// The first of its pairs.
        pub(super) first: u32,
        /// How many there are.
        pub(super) n: u32,
    }
}

/// Sets the words of a lane's row, a column each, so many columns beyond the first.
fn set_columns<R: Row>(columns: &mut [u32], lane: usize, before: usize, row: R) {
    let words: &[u32] = bytemuck::cast_slice(std::slice::from_ref(&row));
    for (word, column) in words.iter().zip(before..) {
        columns[BLOCK * column + lane] = *word;
    }
}

/// The rows of the tables of bounds.
pub(super) fn declare_rows(to: &mut Declarations<'_>) {
    to.places::<RatioRow>();
    to.table::<BlockRow>();
    to.columns::<BoundColumn>(BLOCK);
    to.columns::<TermColumn>(BLOCK);
    to.table::<RunRow>();
}

/// The bounds of a program.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    ratios: Vec<RatioRow>,
    n_bounds: usize,
    /// Block by block: positions, low and high words of constants, then rows and magnitudes of
    /// each term in turn.
    bounds: Vec<u32>,
    /// Those of `bounds`.
    blocks: Vec<BlockRow>,
    plain: Vec<u32>,
    run: usize,
    runs: Vec<RunRow>,
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
            let of = ratios[ratio];
            self.ratios.push(RatioRow { above: of.above, below: of.below });
        }
        kept
    }

    fn push_runs(&mut self, ratio: u32, n_pairs: usize) {
        let start = self.pairs.len();
        let runs = (0..n_pairs).step_by(self.run).map(|first| RunRow {
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
            self.blocks.push(BlockRow {
                start: start as u32,
                n_positive: n_positive as u32,
                n_negative: n_negative as u32,
            });
            let n_terms = n_positive + n_negative;
            let n_columns = BoundColumn::WORDS + TermColumn::WORDS * n_terms;
            self.bounds.resize(start + BLOCK * n_columns, 0);
            let columns = &mut self.bounds[start..];
            for (lane, (position, bound, terms)) in block.iter().enumerate() {
                let constant = to_words(bound.constant);
                set_columns(columns, lane, 0, BoundColumn { position: *position, constant });
                let (positive, negative) = terms.split_at(bound.n_positive as usize);
                for (first, terms) in [(0, positive), (n_positive, negative)] {
                    for ([row, magnitude], term) in terms.iter().zip(first..) {
                        let before = BoundColumn::WORDS + TermColumn::WORDS * term;
                        let term = TermColumn { row: *row, magnitude: *magnitude };
                        set_columns(columns, lane, before, term);
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
        let in_tables = |block: &BlockRow| BlockRow { start: bounds + block.start, ..*block };
        let blocks: Vec<BlockRow> = self.blocks.iter().map(in_tables).collect();
        vec![
            ("T_RATIOS", tables.push_rows(&self.ratios)),
            ("T_BLOCKS", tables.push_rows(&blocks)),
            ("T_PLAIN", tables.push(&self.plain)),
            ("T_RUNS", tables.push_rows(&self.runs)),
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
    use crate::engine::cpu::extremes::{Extremes, mark_slack};

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
