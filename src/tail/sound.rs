//! Can a tally that was read be that of any paths? Its parts are sums of the same losses, so that
//! each bounds the others: what does not add up was not counted.
//!
//! That makes figures of it possible, too: no rank without a bucket, no negative variance, no sum
//! beyond its format however many tallies are merged. Whether it is true is for those to say who
//! walk the paths again.

mod amounts;

use std::ops::Range;

use thiserror::Error;

use super::sums::LOSS_BOUND;
use super::windows::Batches;
use super::{Aftermath, Counters, Paired, Sums, Tally};
use amounts::{is_of, is_of_powers};

/// A part of a tally that does not go with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("its {part} cannot be: {rule}")]
pub struct Unbalanced {
    /// Which.
    pub part: &'static str,
    /// What it does not obey.
    pub rule: &'static str,
}

fn holds(is_so: bool, part: &'static str, rule: &'static str) -> Result<(), Unbalanced> {
    if is_so { Ok(()) } else { Err(Unbalanced { part, rule }) }
}

impl Tally {
    /// Checks that all of its parts can be of the same paths.
    ///
    /// # Errors
    ///
    /// The first that cannot.
    pub fn check(&self, paths: &Range<u64>) -> Result<(), Unbalanced> {
        self.check_sums(paths)?;
        self.check_worst(paths)?;
        let sums = &self.sums;
        check_counters(&self.counters, sums)?;
        self.counters.aftermath.as_ref().map_or(Ok(()), |it| {
            let shape = [self.counters.positions.len(), self.counters.steps.len()];
            check_aftermath(it, sums.n_paths, shape)
        })?;
        self.batches.as_ref().map_or(Ok(()), |it| check_batches(it, sums))
    }

    fn check_sums(&self, paths: &Range<u64>) -> Result<(), Unbalanced> {
        let sums = &self.sums;
        let n_paths = paths.end.saturating_sub(paths.start);
        holds(sums.n_paths == n_paths, "number of paths", "it is that of its stretch")?;
        let buckets: Vec<_> = self.histogram.worst_first().collect();
        let n_losses: u128 = buckets.iter().map(|it| u128::from(it.bucket.n)).sum();
        holds(n_losses == n_paths.into(), "histogram", "it holds each path once")?;
        let is_below = buckets.first().is_none_or(|it| it.low < LOSS_BOUND);
        holds(is_below, "histogram", "no path loses as much as 2^62")?;
        let n_losing: u64 = buckets.iter().filter(|it| it.low > 0).map(|it| it.bucket.n).sum();
        holds(sums.n_losing == n_losing, "losing paths", "they are those with a loss")?;
        let is_sum = is_of(&buckets, n_paths, sums.loss, sums.loss_squared);
        holds(is_sum, "loss", "it and its square are the sums of the histogram's")?;
        let parts = [sums.realised, sums.stranded, sums.under_water];
        let whole = parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(*part));
        let is_whole = whole == Some(sums.loss) && parts.iter().all(|part| *part >= 0);
        holds(is_whole, "loss", "it is what was realised, stranded and under water")?;
        let materiality = self.materiality.max(1);
        let n_from = |bound: i64| buckets.iter().take_while(move |it| it.low >= bound);
        let surely: u64 = n_from(materiality).map(|it| it.bucket.n).sum();
        let maybe = buckets.iter().take_while(|it| it.high >= materiality);
        let at_most: u64 = maybe.map(|it| it.bucket.n).sum();
        let is_material = (surely..=at_most).contains(&sums.n_material);
        holds(is_material, "material paths", "they are those with at least the materiality")?;
        let most_liquidated = i128::from(n_paths) * i128::from(i64::MAX);
        let is_liquidated = (0..=most_liquidated).contains(&sums.liquidated);
        holds(is_liquidated, "liquidated volume", "it is not negative, nor beyond any path's")?;
        let most_events = u128::from(n_paths) * u128::from(u32::MAX);
        let n_events = sums.n_events;
        let is_events = n_events <= most_events
            && u128::from(sums.largest_step) <= n_events
            && (n_events == 0) == (sums.largest_step == 0);
        holds(is_events, "events", "they are at least those of the largest step")?;
        let first = sums.first_void;
        let is_void = sums.n_saturated <= n_paths
            && first.is_some() == (sums.n_saturated > 0)
            && first.is_none_or(|path| paths.contains(&path));
        holds(is_void, "void paths", "they are among its paths, and the first is one")?;
        holds(sums.n_small_marks <= n_paths, "paths of small marks", "they are among its paths")
    }

    /// The worst paths are different ones of the stretch, and fill the histogram from above.
    fn check_worst(&self, paths: &Range<u64>) -> Result<(), Unbalanced> {
        let worst = self.worst.sorted();
        let mut idxs: Vec<u64> = worst.iter().map(|it| it.path_idx).collect();
        idxs.sort_unstable();
        let are_apart =
            idxs.iter().all(|it| paths.contains(it)) && idxs.is_sorted_by(|one, next| one < next);
        holds(are_apart, "worst paths", "each is one of its paths, and there once")?;
        let mut rest = &worst[..];
        for filled in self.histogram.worst_first() {
            let n =
                rest.iter().take_while(|it| (filled.low..=filled.high).contains(&it.loss)).count();
            let sum: i128 = rest[..n].iter().map(|it| i128::from(it.loss)).sum();
            rest = &rest[n..];
            let (n, sum) = (n as u64, sum.unsigned_abs());
            let left = filled.bucket.n.checked_sub(n).zip(filled.bucket.sum.checked_sub(sum));
            let is_part = left.is_some_and(|(n, sum)| {
                let least = u128::from(n) * filled.low as u128;
                (least..=u128::from(n) * filled.high as u128).contains(&sum)
            });
            let is_whole = left.is_some_and(|(n, _)| n == 0) || rest.is_empty();
            holds(is_part && is_whole, "worst paths", "they are the histogram's largest losses")?;
            if rest.is_empty() {
                break;
            }
        }
        holds(rest.is_empty(), "worst paths", "they are the histogram's largest losses")
    }
}

/// The sum of amounts; `None` if one is negative, or it is beyond all.
fn total(mut amounts: impl Iterator<Item = i128>) -> Option<i128> {
    amounts.try_fold(0_i128, |sum, it| sum.checked_add(it).filter(|_| it >= 0))
}

/// Sums over positions, steps and pools are those over paths.
fn check_counters(counters: &Counters, sums: &Sums) -> Result<(), Unbalanced> {
    let n_paths = sums.n_paths;
    let loss = Some(sums.loss);
    let positions = &counters.positions;
    let is_loss = total(positions.iter().map(|it| it.loss)) == loss;
    holds(is_loss, "losses by position", "they add up to the loss")?;
    let is_count = |it: &super::PositionCount| {
        let most = i128::from(it.n_defaults) * i128::from(i64::MAX);
        it.n_defaults <= n_paths && (0..=most).contains(&it.exposure)
    };
    let rule = "each is on some of the paths, with something at stake";
    holds(positions.iter().all(is_count), "defaults by position", rule)?;
    let is_loss = total(counters.steps.iter().map(|it| it.loss)) == loss;
    holds(is_loss, "losses by step", "they add up to the loss")?;
    let is_volume = total(counters.steps.iter().map(|it| it.liquidated));
    let rule = "it adds up to the liquidated volume";
    holds(is_volume == Some(sums.liquidated), "volume by step", rule)?;
    let n_events: u128 = counters.steps.iter().map(|it| u128::from(it.n_events)).sum();
    holds(n_events == sums.n_events, "events by step", "they add up to the events")?;
    // Debts of less than 2^-32 of a position's are in no pool.
    let is_pools = total(counters.pools.iter().copied()).is_some_and(|it| it <= sums.loss);
    holds(is_pools, "losses by pool", "they add up to no more than the loss")
}

fn check_aftermath(
    it: &Aftermath,
    n_paths: u64,
    [n_positions, n_steps]: [usize; 2],
) -> Result<(), Unbalanced> {
    holds(it.n_paths == n_paths, "aftermath", "it is of all paths")?;
    let most = u128::from(it.n_backlogged) * n_positions as u128;
    let is_backlog =
        it.n_backlogged <= n_paths && (u128::from(it.n_backlogged)..=most).contains(&it.n_waiting);
    holds(
        is_backlog,
        "backlog",
        "on each path that has one a position waits, and no more than all",
    )?;
    let most = u128::from(n_paths) * (n_positions * n_steps) as u128;
    holds(it.n_left <= most, "positions left", "they are no more than there are, a step")?;
    let is_rounds = it.n_spiralling <= n_paths && (it.n_spiralling > 0) == (it.most_rounds > 1);
    holds(is_rounds, "rounds", "some path has more than one if the most are")?;
    let drawn = it.funds.iter().map(|fund| &fund.drawn);
    for amounts in std::iter::once(&it.backlog).chain(drawn) {
        holds(amounts.is_of(n_paths), "aftermath", "its amounts are those of its histograms")?;
    }
    let is_emptied = it.funds.iter().all(|fund| fund.n_emptied <= n_paths);
    holds(is_emptied, "emptied funds", "they are so on some of the paths")
}

fn check_batches(it: &Batches, sums: &Sums) -> Result<(), Unbalanced> {
    let n_paths: u128 = it.batches.iter().map(|it| u128::from(it.n_paths)).sum();
    let n_material: u128 = it.batches.iter().map(|it| u128::from(it.n_material)).sum();
    let loss = it.batches.iter().try_fold(0_i128, |sum, batch| {
        let most = i128::from(batch.n_paths) * i128::from(LOSS_BOUND);
        let is_own = (0..=most).contains(&batch.loss) && batch.n_material <= batch.n_paths;
        sum.checked_add(batch.loss).filter(|_| is_own)
    });
    let is_all = n_paths == sums.n_paths.into()
        && n_material == sums.n_material.into()
        && loss == Some(sums.loss);
    holds(is_all, "batches of windows", "they add up to all paths")
}

impl Paired {
    /// Checks that it can be of the paths of a tally, all of whose parts agree.
    ///
    /// # Errors
    ///
    /// What cannot.
    pub fn check(&self, sums: &Sums) -> Result<(), Unbalanced> {
        let Self { n_paths, with, without, worse, better } = self;
        let is_same = *n_paths == sums.n_paths && *with == sums.loss;
        holds(is_same, "paired paths", "they are the tally's, and lose as much")?;
        let most = i128::from(*n_paths) * i128::from(LOSS_BOUND);
        holds(
            (0..=most).contains(without),
            "paired paths",
            "without it, too, they lose something",
        )?;
        let is_within = |n: Option<u64>| n.is_some_and(|n| n <= *n_paths);
        let is_apart = is_within(worse.n.checked_add(better.n));
        holds(is_apart, "paired paths", "each is better, worse, or neither")?;
        let are_powers = is_of_powers(worse, *n_paths) && is_of_powers(better, *n_paths);
        holds(are_powers, "paired paths", "sums, squares and cubes go together")?;
        let difference = worse.sum as i128 - better.sum as i128;
        holds(difference == with - without, "paired paths", "differences add up")
    }
}

#[cfg(test)]
mod tests;
