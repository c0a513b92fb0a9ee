//! Whose bad debt a change moves: pools and positions of a run against those of its baseline, on
//! the same paths.

use serde::Serialize;

use crate::figures::number::{known, usd};
use crate::figures::windows::Basis;
use crate::figures::{Facts, PoolLabel, Unit};
use crate::tail::Tally;
use crate::tail::stat::sectioning::{Section, Spread};

/// Positions that a comparison lists.
const N_LISTED: usize = 20;

/// Mean bad debt in this run, in the baseline, and the difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moved {
    /// In this run.
    pub value_usd: f64,
    /// In the baseline.
    pub baseline_usd: f64,
    /// This run's less the baseline's.
    pub difference_usd: f64,
    /// Lower end of the difference's interval; none if too few paths show a difference.
    pub low_usd: Option<f64>,
    /// Upper end of the difference's interval.
    pub high_usd: Option<f64>,
}

/// A pool in both runs; a run that lacks it loses nothing of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolDifference {
    /// The venue.
    pub venue: String,
    /// The asset lent.
    pub debt_asset: String,
    /// Its mean bad debt.
    #[serde(flatten)]
    pub moved: Moved,
}

/// A position in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionDifference {
    /// Its name in the book.
    pub position: String,
    /// Its venue.
    pub venue: String,
    /// Its mean bad debt.
    #[serde(flatten)]
    pub moved: Moved,
}

/// Collects the pools and positions of both programs, section by section.
pub(super) struct MovedSections<'a> {
    facts: [&'a Facts; 2],
    pools: Vec<Pool<'a>>,
    positions: Vec<Spread>,
}

/// A pool, and where each run counts it.
struct Pool<'a> {
    venue: &'a str,
    debt_asset: &'a str,
    places: [Option<usize>; 2],
    spread: Spread,
}

impl<'a> MovedSections<'a> {
    /// No section yet of the two scenarios, this run's first; their books have the same positions.
    pub(super) fn of(facts: [&'a Facts; 2]) -> Self {
        let named = |facts: &'a Facts, label: &'a PoolLabel| {
            (facts.venue(label.venue), label.debt_asset.as_str())
        };
        let mut pools: Vec<Pool<'a>> = Vec::new();
        for (side, facts) in facts.into_iter().enumerate() {
            for (place, label) in facts.pools.iter().enumerate() {
                let (venue, debt_asset) = named(facts, label);
                let is_it =
                    |pool: &&mut Pool<'_>| (pool.venue, pool.debt_asset) == (venue, debt_asset);
                match pools.iter_mut().find(is_it) {
                    Some(pool) => pool.places[side] = Some(place),
                    None => {
                        let mut places = [None; 2];
                        places[side] = Some(place);
                        pools.push(Pool { venue, debt_asset, places, spread: Spread::default() });
                    }
                }
            }
        }
        Self { facts, pools, positions: vec![Spread::default(); facts[0].positions.len()] }
    }

    /// Adds a section's tallies, in the order of the facts.
    pub(super) fn absorb(&mut self, tallies: [&Tally; 2]) {
        let n_paths = tallies[0].sums.n_paths;
        for pool in &mut self.pools {
            let [this, baseline] = of_pool(self.facts, tallies, pool.places);
            pool.spread.add(Section { n_paths, value: this - baseline });
        }
        for (place, spread) in self.positions.iter_mut().enumerate() {
            let [this, baseline] = of_position(self.facts, tallies, place);
            spread.add(Section { n_paths, value: this - baseline });
        }
    }

    /// All pools, in this run's order, then those that only the baseline has.
    pub(super) fn pools(&self, tallies: [&Tally; 2]) -> Vec<PoolDifference> {
        let pools = self.pools.iter().map(|pool| PoolDifference {
            venue: pool.venue.to_owned(),
            debt_asset: pool.debt_asset.to_owned(),
            moved: Moved::of(of_pool(self.facts, tallies, pool.places), &pool.spread, tallies),
        });
        pools.collect()
    }

    /// The positions that moved, the farthest first, and as many of them as are listed.
    pub(super) fn positions(&self, tallies: [&Tally; 2]) -> Vec<PositionDifference> {
        let moved = self.positions.iter().enumerate().map(|(place, spread)| {
            (place, Moved::of(of_position(self.facts, tallies, place), spread, tallies))
        });
        let mut moved: Vec<(usize, Moved)> =
            moved.filter(|(_, moved)| moved.difference_usd != 0.0).collect();
        // A stable sort, so that equals stay in the order of the book.
        moved.sort_by(|(_, a), (_, b)| b.difference_usd.abs().total_cmp(&a.difference_usd.abs()));
        let facts = self.facts[0];
        let listed = moved.into_iter().take(N_LISTED).map(|(place, moved)| PositionDifference {
            position: facts.positions[place].position.clone(),
            venue: facts.venue(facts.positions[place].venue).to_owned(),
            moved,
        });
        listed.collect()
    }
}

fn of_pool(facts: [&Facts; 2], tallies: [&Tally; 2], places: [Option<usize>; 2]) -> [f64; 2] {
    [0, 1].map(|side| {
        let loss = places[side].map_or(0, |place| tallies[side].counters.pools[place]);
        per_path(facts[side], tallies[side], loss)
    })
}

fn of_position(facts: [&Facts; 2], tallies: [&Tally; 2], place: usize) -> [f64; 2] {
    [0, 1].map(|side| {
        per_path(facts[side], tallies[side], tallies[side].counters.positions[place].loss)
    })
}

fn per_path(facts: &Facts, tally: &Tally, sum: i128) -> f64 {
    facts.usd(sum as f64 / tally.sums.n_paths as f64)
}

impl Moved {
    fn of([value_usd, baseline_usd]: [f64; 2], spread: &Spread, tallies: [&Tally; 2]) -> Self {
        let difference_usd = value_usd - baseline_usd;
        let half_width = Basis::of(tallies).half_width(|| spread.half_width());
        // Void paths lose at least what is counted.
        let [this, baseline] = tallies.map(|tally| tally.sums.n_saturated > 0);
        Self {
            value_usd,
            baseline_usd,
            difference_usd,
            low_usd: half_width.filter(|_| !baseline).map(|half_width| difference_usd - half_width),
            high_usd: half_width.filter(|_| !this).map(|half_width| difference_usd + half_width),
        }
    }

    /// What tables show of it, under [`MOVED_HEADINGS`].
    pub(super) fn cells(&self) -> [String; 5] {
        [
            usd(self.value_usd),
            usd(self.baseline_usd),
            usd(self.difference_usd),
            known(self.low_usd, Unit::Usd),
            known(self.high_usd, Unit::Usd),
        ]
    }
}

/// The columns of [`Moved::cells`].
pub(super) const MOVED_HEADINGS: [&str; 5] =
    ["this run, USD", "baseline, USD", "difference, USD", "95 % from", "to"];

impl PoolDifference {
    /// Whether either run loses anything of it.
    pub(super) fn is_told(&self) -> bool {
        (self.moved.value_usd, self.moved.baseline_usd) != (0.0, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::fixture;
    use crate::tail::Shape;
    use crate::tail::stat::sectioning::N_SECTIONS;

    const N_PATHS: u64 = 100;

    /// A tally in which position `who` loses so many dollars a path, of its venue's only pool.
    fn tally(who: usize, usd: i128) -> Tally {
        let shape = Shape { n_positions: 30, n_steps: 24, n_pools: 2, n_funds: None };
        let mut tally = Tally::new(1, shape);
        tally.sums.n_paths = N_PATHS;
        let loss = (usd << 16) * i128::from(N_PATHS);
        tally.counters.positions[who].loss = loss;
        tally.counters.pools[who % 2] = loss;
        tally
    }

    #[test]
    fn what_moved_most_comes_first_and_pools_are_paired_by_name() {
        let this = fixture::facts();
        let mut other = fixture::facts();
        other.pools.reverse();
        let facts = [&this, &other];
        let mut sections = MovedSections::of(facts);
        // Position 4 is of the first pool, which is the baseline's second.
        let [here, there] = [tally(4, 7), tally(5, 9)];
        for _ in 0..N_SECTIONS {
            sections.absorb([&here, &there]);
        }
        let positions = sections.positions([&here, &there]);
        let told: Vec<_> = positions
            .iter()
            .map(|it| (&*it.position, &*it.venue, it.moved.difference_usd))
            .collect();
        assert_eq!(told, [("whale, the 5th", "morpho", -9.0), ("whale, the 4th", "aave", 7.0)]);
        let certain = |it: &Moved| (it.low_usd, it.high_usd);
        assert_eq!(certain(&positions[0].moved), (Some(-9.0), Some(-9.0)));
        let pools = sections.pools([&here, &there]);
        let told: Vec<_> = pools
            .iter()
            .map(|it| (&*it.venue, &*it.debt_asset, it.moved.value_usd, it.moved.baseline_usd))
            .collect();
        // The baseline counts what position 5 loses in its second pool, which is the first here.
        assert_eq!(told, [("aave", "USDC", 7.0, 9.0), ("morpho", "DAI", 0.0, 0.0)]);
        assert_eq!(pools.iter().map(PoolDifference::is_told).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_pool_of_one_run_alone_is_lost_by_nothing_in_the_other() {
        let (this, mut other) = (fixture::facts(), fixture::facts());
        other.pools.truncate(1);
        other.pools[0].debt_asset = "GHO".to_owned();
        let mut sections = MovedSections::of([&this, &other]);
        let [here, there] = [tally(4, 7), tally(4, 9)];
        sections.absorb([&here, &there]);
        let pools = sections.pools([&here, &there]);
        let told: Vec<_> = pools
            .iter()
            .map(|it| (&*it.debt_asset, it.moved.value_usd, it.moved.baseline_usd))
            .collect();
        assert_eq!(told, [("USDC", 7.0, 0.0), ("DAI", 0.0, 0.0), ("GHO", 0.0, 9.0)]);
        assert_eq!((pools[0].moved.low_usd, pools[0].moved.high_usd), (None, None));
    }
}
