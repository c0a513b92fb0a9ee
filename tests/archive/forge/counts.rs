//! Forgeries of what was counted: blocks, void paths, worst paths, histograms, counters, pairs.

use shortfall::archive::{POSITIONS, Sealed};
use shortfall::market::Shock;
use shortfall::tail::histogram::Histogram;
use shortfall::tail::worst::Worst;
use shortfall::tail::{BLOCK_PATHS, Digest, Leaf, Outcome, Paired, Scalars, Sums, WorstPath};
use shortfall::units::AssetId;

use super::super::forger::{Forgery, Refused, lossless, parts, replace};
use super::super::{N_PATHS, files, subject, subject_of, whole};
use super::{Truth, truth};

/// Buckets of an octave, as a power of two.
const BUCKET_BITS: u32 = 12;

/// The order of the blocks and what they hold.
#[test]
fn blocks_that_are_exchanged_or_made_up_are_refused() {
    let truth = truth();
    let swapped = truth.forged(|it| {
        let blocks = &mut it.parts[0].tally.blocks;
        let [three, five] = [3, 5].map(|block| blocks[&block].clone());
        blocks.extend([(3, five), (5, three)]);
    });
    truth.refuses(&swapped, Refused::Block, "block 3 (paths 12288 to 16383)");
    let scalars_swapped = truth.forged(|it| {
        let blocks = &mut it.parts[1].tally.blocks;
        let [one, other] = [17, 18].map(|block| blocks[&block].clone());
        let of = |one: &Leaf, other: &Leaf| Leaf::new(one.outcomes, &other.scalars());
        blocks.extend([(17, of(&one, &other)), (18, of(&other, &one))]);
    });
    truth.refuses(&scalars_swapped, Refused::Block, "block 17 (paths 69632 to 73727)");
    let digest = truth.forged(|it| {
        let leaf = it.parts[1].tally.blocks.get_mut(&20).expect("a block");
        *leaf = Leaf::new(Digest([7; 32]), &leaf.scalars());
    });
    truth.refuses(&digest, Refused::Block, "block 20 (paths 81920 to 86015)");
    let void = truth.lied(&|path, it| it.flags |= u32::from(path == 9));
    truth.refuses(&void, Refused::Block, "block 0 (paths 0 to 4095)");
}

/// A void path that is not told of.
#[test]
fn void_paths_that_are_hidden_are_refused() {
    let fall = |step: u32| Shock {
        asset: AssetId(0),
        change: libm::exp2(-28.0) - 1.0,
        at_years: (f64::from(step) - 0.5) / (365.25 * 24.0),
        over_years: 0.0,
    };
    let truth = Truth::new(subject_of(N_PATHS, 1, |it| it.shocks = (1..4).map(fall).collect()));
    let honest = parts(&truth.root);
    let n_void: u64 = honest.iter().map(|part| part.tally.sums.n_saturated).sum();
    assert!(n_void > 0, "no path of this subject is void");
    let hide = |sums: &mut Sums| (sums.n_saturated, sums.first_void) = (0, None);
    let of_sums = truth.forged(|it| it.parts.iter_mut().for_each(|it| hide(&mut it.tally.sums)));
    let words = "its list of sums is not what the scalars of its blocks come to";
    truth.refuses(&of_sums, Refused::Reading, words);
    let moved = truth.forged(|it| {
        let first = &mut it.parts[0].tally.sums.first_void;
        *first = first.map(|path| path + 1);
    });
    truth.refuses(&moved, Refused::Reading, words);
    let of_blocks = truth.forged(|it| {
        for part in &mut it.parts {
            hide(&mut part.tally.sums);
            for leaf in part.tally.blocks.values_mut() {
                let mut scalars: Scalars = leaf.scalars();
                hide(&mut scalars.sums);
                *leaf = Leaf::new(leaf.outcomes, &scalars);
            }
        }
    });
    truth.refuses(&of_blocks, Refused::Block, "has digest");
}

/// Paths that were never walked.
#[test]
fn more_paths_than_were_walked_are_refused() {
    let truth = truth();
    let more = truth.forged(|it| it.n_paths = 52 * BLOCK_PATHS);
    truth.refuses(&more, Refused::Reading, "000000032-000000048 is damaged: it is missing");
    let longer = Truth::new(subject(N_PATHS + 2000, 1));
    let made_up = |path: u64, it: &mut Outcome| {
        if path >= N_PATHS {
            lossless(it);
        }
    };
    let root = longer.lied(&made_up);
    longer.refuses(&root, Refused::Block, "block 34 (paths 139264 to 142497)");
}

#[test]
fn segments_of_another_run_are_refused() {
    let truth = truth();
    let other = truth.place();
    whole(&subject(N_PATHS, 2), &other);
    let key = Sealed::read(&other).expect("sealed").subject.plan.key();
    let others = parts(&other);
    let labelled = truth.forged(|it| it.key = Some(key));
    truth.refuses(&labelled, Refused::Reading, "it belongs to run");
    let sealed_again = truth.forged(|it| it.parts[1] = others[1].clone());
    truth.refuses(&sealed_again, Refused::Tail, "when it is walked again");
    let table = truth.forged(|_| {});
    replace(&table, POSITIONS, &files(&other)[POSITIONS]);
    truth.refuses(&table, Refused::Figures, "positions.parquet is damaged: it is not what");
}

/// The worst paths of a segment, changed.
fn with_worst(it: &mut Forgery, change: impl FnOnce(&mut Vec<WorstPath>)) {
    let worst = &mut it.parts[0].tally.worst;
    let mut paths = worst.sorted();
    change(&mut paths);
    let mut changed = Worst::keeping(worst.n_kept());
    paths.into_iter().for_each(|path| changed.push(path));
    changed.settle();
    *worst = changed;
}

#[test]
fn worst_paths_by_the_names_of_others_are_refused() {
    let truth = truth();
    let root = truth.forged(|it| {
        with_worst(it, |paths| {
            let last = paths.len() - 1;
            let worst = paths[0].path_idx;
            paths[0].path_idx = paths[last].path_idx;
            paths[last].path_idx = worst;
        });
    });
    truth.refuses(&root, Refused::Tail, "when it is walked again");
}

/// What no scalar reaches is seen where its segment is walked again.
#[test]
fn sections_of_a_segment_that_are_changed_are_refused_where_it_is_drawn() {
    let truth = truth();
    let least = truth.least_of_tail();
    let moved = truth.forged(|it| {
        let mut histogram = Histogram::empty();
        with_worst(it, |paths| {
            let bucket = |loss: i64| loss >> (loss.ilog2() - BUCKET_BITS);
            let is_pair = |at: &usize| {
                let [one, next] = [paths[*at].loss, paths[at + 1].loss];
                one < least && next > 0 && one.ilog2() == next.ilog2() && bucket(one) > bucket(next)
            };
            // Of two neighbours on both sides of a border, each gets half of what they lose.
            let pairs = (0..paths.len() - 1).filter(is_pair);
            let at = pairs.min_by_key(|at| paths[*at].loss - paths[at + 1].loss).expect("a pair");
            let both = paths[at].loss + paths[at + 1].loss;
            (paths[at].loss, paths[at + 1].loss) = (both - both / 2, both / 2);
            paths.iter().for_each(|path| histogram.add(path.loss as u64));
        });
        it.parts[0].tally.histogram = histogram;
    });
    truth.refuses(&moved, Refused::Segment, "losses by bucket");
    let swapped = truth.forged(|it| {
        with_worst(it, |paths| {
            let of_tail = paths.partition_point(|path| path.loss >= least);
            let (one, other) = (of_tail + 10, of_tail + 20);
            let first = paths[one].path_idx;
            paths[one].path_idx = paths[other].path_idx;
            paths[other].path_idx = first;
        });
    });
    truth.refuses(&swapped, Refused::Segment, "worst paths");
    let exposure = truth.forged(|it| it.parts[2].tally.counters.positions[0].exposure += 1 << 20);
    truth.refuses(&exposure, Refused::Segment, "counters");
    let whose = truth.forged(|it| {
        let positions = &mut it.parts[0].tally.counters.positions;
        (positions[0].loss, positions[2].loss) = (positions[2].loss, positions[0].loss);
    });
    truth.refuses(&whose, Refused::Segment, "counters");
    let defaults = truth.forged(|it| it.parts[0].tally.counters.positions[2].n_defaults -= 1);
    truth.refuses(&defaults, Refused::Reading, "its count of defaults by position is not what");
}

/// Without depth nothing differs; a forger says that half of all losses is the feedback's.
#[test]
fn pairs_that_are_made_up_are_refused_where_their_segment_is_drawn() {
    let truth = truth();
    let root = truth.forged(|it| {
        it.compares_feedback = true;
        for part in &mut it.parts {
            let outcome = |loss| Outcome { realised: loss, ..Outcome::default() };
            let mut paired = Paired::default();
            for WorstPath { loss, .. } in part.tally.worst.sorted() {
                paired.absorb(&[outcome(loss)], &[outcome(loss / 2)]);
            }
            part.paired = Some(paired);
        }
    });
    truth.refuses(&root, Refused::Segment, "differences without feedback");
}
