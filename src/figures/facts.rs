//! What a report must know besides the tally: of the scenario, and, kept apart, of the run.

use serde::{Deserialize, Serialize};

use super::opening::OpeningFacts;
use crate::tail::{Digest, Tally};
use crate::units::VenueId;

/// What is known of the scenario and its program before the first path. A summary is a function
/// of this and the tally alone, so it holds nothing of clocks, machines or batches; and with a
/// program beside it, it is all that is needed to make the summary again without the scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Name of the scenario.
    pub scenario: String,
    /// Digest of the program, hexadecimal.
    pub program_digest: String,
    /// Key of the generator.
    pub seed: u64,
    /// Steps of a path.
    pub n_steps: u32,
    /// Length of a step.
    pub step_hours: f64,
    /// A quantum of money is two to this power of a dollar.
    pub quantum_log2: i32,
    /// What was liquidatable at the opening marks.
    pub opening: OpeningFacts,
    /// Levels of value at risk and expected shortfall, each between 0 and 1.
    pub levels: Vec<f64>,
    /// Loss from which a path counts as one with bad debt, USD.
    pub materiality_usd: f64,
    /// Most by which rounding changes the loss of one position, quanta.
    pub rounding: i64,
    /// Names of the assets, in the order of their ids.
    pub assets: Vec<String>,
    /// Names of the venues, in the order of their ids.
    pub venues: Vec<String>,
    /// Names of the positions, in the order of the tally's counters.
    pub positions: Vec<PositionLabel>,
    /// Names of the pools, in the order of the tally's counters.
    pub pools: Vec<PoolLabel>,
    /// What couples positions; `None` where nothing does.
    pub coupling: Option<CouplingFacts>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

impl Facts {
    /// Digest of what gives figures their value in dollars and their names: all facts but the
    /// scenario's own name and the notes, which hold the names of files as they were typed.
    ///
    /// # Panics
    ///
    /// Never: every one of them is written as JSON.
    #[must_use]
    pub fn meaning_digest(&self) -> Digest {
        let meaning = Self { scenario: String::new(), notes: Vec::new(), ..self.clone() };
        let bytes = serde_json::to_vec(&meaning)
            .unwrap_or_else(|error| panic!("facts are not written: {error}"));
        Digest(blake3::derive_key("shortfall meaning v1", &bytes))
    }

    /// The name of a venue.
    #[must_use]
    pub fn venue(&self, venue: VenueId) -> &str {
        &self.venues[venue.idx()]
    }

    /// Nominal checks of a path: every position at every step.
    #[must_use]
    pub fn checks_per_path(&self) -> f64 {
        self.positions.len() as f64 * f64::from(self.n_steps)
    }

    /// The level whose tail says who bears the expected shortfall: 0.99, or the first there is.
    #[must_use]
    pub fn tail_level(&self) -> f64 {
        const USUAL: f64 = 0.99;
        let usual = self.levels.iter().copied().find(|level| *level == USUAL);
        usual.or(self.levels.first().copied()).unwrap_or(USUAL)
    }

    /// The loss from which a path counts, quanta, rounded up, and less what rounding may have taken
    /// from it: a loss of exactly the materiality counts.
    #[must_use]
    pub fn materiality(&self) -> i64 {
        self.exact_materiality() - self.materiality_rounding()
    }

    /// What the materiality is lowered by for that, quanta: at most a tenth of it.
    #[must_use]
    pub fn materiality_rounding(&self) -> i64 {
        self.rounding.min(self.exact_materiality() / 10)
    }

    fn exact_materiality(&self) -> i64 {
        libm::ceil(libm::ldexp(self.materiality_usd, -self.quantum_log2)) as i64
    }

    /// A sum over all paths, quanta, as dollars a path.
    pub(super) fn per_path(&self, tally: &Tally, sum: i128) -> f64 {
        self.usd(sum as f64 / tally.sums.n_paths as f64)
    }

    /// Whether a venue of that name has an insurance fund.
    #[must_use]
    pub fn has_fund(&self, venue: &str) -> bool {
        let funds = self.coupling.iter().flat_map(|it| &it.funds);
        funds.filter(|fund| fund.is_fund()).any(|fund| self.venue(fund.venue) == venue)
    }

    /// Quanta in dollars; scaling by a power of two is exact.
    #[must_use]
    pub fn usd(&self, quanta: f64) -> f64 {
        libm::ldexp(quanta, self.quantum_log2)
    }
}

/// What a position is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionLabel {
    /// Its name in the book.
    pub position: String,
    /// Its venue, by place: books are long, and venues few.
    pub venue: VenueId,
    /// Whether it owes and owns nothing when the first step begins, so that it defaults there and
    /// no call can liquidate it; left out where it is not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bare: bool,
}

/// What a pool is called: the lenders of one asset at one venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolLabel {
    /// The venue, by place.
    pub venue: VenueId,
    /// The name of the asset lent.
    pub debt_asset: String,
}

/// What couples the positions of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouplingFacts {
    /// When sales move prices; `None` where no market has a bound, so that none does.
    pub feedback: Option<FeedbackTiming>,
    /// The insurance fund of every venue, in the order of the tally's.
    pub funds: Vec<FundFacts>,
}

/// When sales move prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackTiming {
    /// In the next step.
    NextStep,
    /// In the same step, round after round.
    SameStep,
}

/// The insurance fund of a venue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundFacts {
    /// The venue, by place.
    pub venue: VenueId,
    /// What it holds at the opening.
    pub initial_usd: f64,
    /// What a closed position pays into it, a share of the notional.
    pub fee: f64,
}

impl FundFacts {
    /// Whether there is one at all.
    #[must_use]
    pub fn is_fund(&self) -> bool {
        self.initial_usd > 0.0 || self.fee > 0.0
    }
}

/// How a run went: the only figures that differ between two runs of the same scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Which backend walked the paths.
    pub backend: String,
    /// The name of the graphics adapter, if one took part.
    pub adapter: Option<String>,
    /// Threads of the host.
    pub threads: usize,
    /// Vector lanes of these threads, `portable`, `avx2` or `avx512`; empty in a record that was
    /// written before they were named.
    #[serde(default)]
    pub lanes: String,
    /// Paths of a batch.
    pub batch: u64,
    /// Paths that it walked; those of a run that it went on with are left out.
    pub walked_paths: u64,
    /// Time from the first path to the last.
    pub wall_seconds: f64,
    /// Time of all threads of the host.
    pub cpu_seconds: f64,
    /// Wall time that went into saving what was done.
    pub checkpoint_seconds: f64,
    /// Paths a second of wall time; `None` if no time was measured.
    pub paths_per_second: Option<f64>,
    /// Nominal checks of a position at a step, a second of the host's CPU time.
    pub checks_per_cpu_second: Option<f64>,
    /// What was asked for and could not be had.
    pub fallbacks: Vec<String>,
}

impl RunFacts {
    /// Fills in the rates from the times; a path has so many nominal checks.
    #[must_use]
    pub fn with_rates(mut self, checks_per_path: f64) -> Self {
        let rate = |count: f64, seconds: f64| (seconds > 0.0).then(|| count / seconds);
        let n_paths = self.walked_paths as f64;
        self.paths_per_second = rate(n_paths, self.wall_seconds);
        self.checks_per_cpu_second = rate(n_paths * checks_per_path, self.cpu_seconds);
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::figures::fixture;

    #[test]
    fn materiality_is_lowered_by_the_rounding_and_by_a_tenth_of_itself_at_most() {
        let facts = |materiality_usd: f64, rounding: i64| {
            let facts = super::Facts { materiality_usd, rounding, ..fixture::facts() };
            (facts.materiality(), facts.materiality_rounding())
        };
        // A quantum of 2^-16 dollars.
        assert_eq!(facts(1.0, 3), (65_533, 3));
        assert_eq!(facts(1.0, 40_000), (65_536 - 6_553, 6_553));
        assert_eq!(facts(0.0, 3), (0, 0));
    }
}
