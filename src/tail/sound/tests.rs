//! Is a tally that was counted sound, and none that was not?

use proptest::prelude::*;

use super::*;
use crate::tail::wide::U256;
use crate::tail::{BLOCK_PATHS, Outcome, Shape, Windows};

const SHAPE: Shape = Shape { n_positions: 2, n_steps: 3, n_pools: 1, n_funds: Some(1) };
const WINDOWS: Windows =
    Windows { n_windows: 40, multiplier: 3, window_rows: 1, stride: 1, decides_all: false };

/// A tally of paths with such losses, and of the same paths with others; its counters as if one
/// position had lost everything in the last step.
fn counted(losses: &[i64], others: &[i64], n_worst: usize) -> (Tally, Paired) {
    let outcome = |loss: &i64| Outcome {
        realised: *loss,
        liquidated: 2 * loss,
        n_events: u32::from(*loss > 0),
        largest_step: u32::from(*loss > 0),
        ..Outcome::default()
    };
    let outcomes: Vec<Outcome> = losses.iter().map(outcome).collect();
    let mut tally = Tally::keeping(n_worst, 1000, SHAPE).over(Some(WINDOWS));
    tally.absorb_block(0, &outcomes);
    let sums = tally.sums;
    let counters = &mut tally.counters;
    counters.positions[1].loss = sums.loss;
    counters.positions[1].n_defaults = sums.n_losing;
    counters.positions[1].exposure = sums.loss / 2;
    counters.pools[0] = sums.loss;
    let step = &mut counters.steps[2];
    (step.n_events, step.liquidated, step.loss) =
        (sums.n_events as u64, sums.liquidated, sums.loss);
    let aftermath = counters.aftermath.as_mut().unwrap();
    for loss in losses {
        aftermath.absorb(&[*loss, i64::from(*loss > 0), 1 + loss % 2, 1, loss / 3, 0]);
    }
    let mut paired = Paired::default();
    let others: Vec<Outcome> = others.iter().map(outcome).collect();
    paired.absorb(&outcomes, &others);
    (tally, paired)
}

fn check(tally: &Tally, paired: &Paired) -> Result<(), Unbalanced> {
    tally.check(&(0..tally.sums.n_paths.min(BLOCK_PATHS)))?;
    paired.check(&tally.sums)
}

fn loss() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 2 => 1..20_000_i64, 2 => 0..1_i64 << 40, 1 => 0..1_i64 << 61]
}

proptest! {
    #[test]
    fn what_was_counted_is_sound(
        pairs in proptest::collection::vec((loss(), loss()), 1..200), n_worst in 1..100_usize,
    ) {
        let (losses, others): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
        let (tally, paired) = counted(&losses, &others, n_worst);
        prop_assert_eq!(check(&tally, &paired), Ok(()));
    }
}

/// One field of a sound tally is another.
#[test]
fn no_sum_may_be_another() {
    let losses: Vec<i64> = (0..100).map(|idx| if idx < 60 { 0 } else { idx * idx * 999 }).collect();
    let other = |loss: &i64| if loss % 4 == 0 { 2 * loss } else { loss / 2 };
    let others: Vec<i64> = losses.iter().map(other).collect();
    let (tally, paired) = counted(&losses, &others, 10);
    assert_eq!(check(&tally, &paired), Ok(()));
    type Change = fn(&mut Tally, &mut Paired);
    let changes: &[Change] = &[
        |it, _| it.sums.n_paths += 1,
        |it, _| it.sums.loss -= 1,
        |it, _| it.sums.realised = -1,
        |it, _| (it.sums.realised, it.sums.stranded) = (i128::MAX, i128::MAX),
        |it, _| it.sums.loss_squared = U256::default(),
        |it, _| it.sums.loss_squared = it.sums.loss_squared.times(2),
        |it, _| it.sums.n_losing += 1,
        |it, _| it.sums.n_material = 0,
        |it, _| it.sums.n_material = 41,
        |it, _| it.sums.liquidated = -1,
        |it, _| it.sums.n_events += 1,
        |it, _| it.sums.largest_step = u32::MAX,
        |it, _| it.sums.n_saturated = 1,
        |it, _| (it.sums.n_saturated, it.sums.first_void) = (1, Some(100)),
        |it, _| it.sums.n_small_marks = 101,
        |it, _| it.histogram.add(0),
        |it, _| it.counters.positions[0].loss = 1,
        |it, _| it.counters.positions[0].loss = i128::MIN,
        |it, _| it.counters.positions[1].n_defaults = 101,
        |it, _| it.counters.positions[1].exposure = i128::MAX,
        |it, _| it.counters.steps[0].loss = i128::MAX,
        |it, _| it.counters.steps[0].liquidated = 1,
        |it, _| it.counters.steps[0].n_events = u64::MAX,
        |it, _| it.counters.pools[0] = i128::MAX,
        |it, _| it.counters.pools[0] = -1,
        |it, _| it.counters.aftermath.as_mut().unwrap().n_paths = 0,
        |it, _| it.counters.aftermath.as_mut().unwrap().n_backlogged = 101,
        |it, _| it.counters.aftermath.as_mut().unwrap().n_waiting = u128::MAX,
        |it, _| it.counters.aftermath.as_mut().unwrap().n_spiralling = 0,
        |it, _| it.counters.aftermath.as_mut().unwrap().most_rounds = 1,
        |it, _| it.counters.aftermath.as_mut().unwrap().n_left = u128::MAX,
        |it, _| it.counters.aftermath.as_mut().unwrap().backlog.sum += 1,
        |it, _| it.counters.aftermath.as_mut().unwrap().backlog.largest = i64::MAX,
        |it, _| it.counters.aftermath.as_mut().unwrap().funds[0].n_emptied = 101,
        |it, _| it.counters.aftermath.as_mut().unwrap().funds[0].drawn.squared = U256::default(),
        |it, _| it.batches.as_mut().unwrap().batches[0].n_paths = u64::MAX,
        |it, _| it.batches.as_mut().unwrap().batches[0].loss = -1,
        |it, _| it.batches.as_mut().unwrap().batches[0].n_material += 1,
        |_, it| it.n_paths = 0,
        |_, it| it.with += 1,
        |_, it| it.without = i128::MIN,
        |_, it| it.worse.n = u64::MAX,
        |_, it| it.worse.sum += 1,
        |_, it| it.worse.squared = U256::default(),
        |_, it| it.better.cubed = U256::product(u128::MAX, u128::MAX),
        |_, it| it.better.largest = 0,
    ];
    for (place, change) in changes.iter().enumerate() {
        let (mut tally, mut paired) = (tally.clone(), paired);
        change(&mut tally, &mut paired);
        let paths = 0..100;
        let found = tally.check(&paths).and_then(|()| paired.check(&tally.sums));
        assert!(found.is_err(), "change {place}");
    }
}

#[test]
fn worst_paths_are_the_largest_losses_of_the_stretch() {
    let losses: Vec<i64> = (0..100).map(|idx| idx * 1_000_003).collect();
    let (tally, _) = counted(&losses, &losses, 10);
    let others = |change: fn(&mut super::super::WorstPath)| {
        let mut worst = super::super::worst::Worst::keeping(10);
        for (place, mut path) in tally.worst.sorted().into_iter().enumerate() {
            if place == 3 {
                change(&mut path);
            }
            worst.push(path);
        }
        let mut tally = tally.clone();
        tally.worst = worst;
        tally.check(&(0..100))
    };
    assert_eq!(others(|_| ()), Ok(()));
    assert!(others(|it| it.path_idx = 100).is_err(), "no path of it");
    assert!(others(|it| it.path_idx = 99).is_err(), "a path twice");
    assert!(others(|it| it.loss -= 1).is_err(), "another loss");
    assert!(others(|it| it.loss = 0).is_err(), "a loss that is not of the largest");
}
