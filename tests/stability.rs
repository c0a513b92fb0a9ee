//! Did a number move?
//!
//! Outcomes are a promise: the same program, seed and path give the same bits on every machine and
//! in every version. To change a number here changes what others have computed and
//! stored, and says **value-breaking** in the commit's message, with the reason.

mod support;

use shortfall::book::LegKind;
use shortfall::book::venue::{
    AaveV3, CompoundV2, MorphoBlue, Perpetual, Reference, Rule, Terms, Tier,
};
use shortfall::fixed::{mark_of_log, normal_shock};
use shortfall::market::rng::{BLOCK_COMMON_JUMPS, BLOCK_DIFFUSION, BLOCK_JUMPS, words};
use shortfall::market::{Asset, CommonJumps, Correlation, JumpSize, Jumps, Market, Shock};
use shortfall::scenario::Scenario;
use shortfall::tail::{BLOCK_PATHS, Tally};
use shortfall::units::AssetId;

const SEED: u64 = 20_260_101;

#[test]
fn words_stay() {
    let found = [
        words(SEED, 0, 0, BLOCK_DIFFUSION),
        words(SEED, 1, 2, BLOCK_DIFFUSION + 3),
        words(SEED, 1 << 40, 8759, BLOCK_JUMPS + 5),
        words(u64::MAX, u64::MAX, u32::MAX, BLOCK_COMMON_JUMPS),
    ];
    assert_eq!(
        found,
        [
            [1832461165, 2331488901, 2139908418, 3064406799],
            [429900331, 692170362, 3006675240, 2773511332],
            [2677212639, 3780819025, 617468481, 2970519091],
            [1041755133, 442325538, 2207214539, 3128897140]
        ]
    );
}

#[test]
fn shocks_stay() {
    let drawn = [0, 1, 0x0123_4567, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xfedc_ba98, u32::MAX];
    assert_eq!(
        drawn.map(normal_shock),
        [-1701332576, -1655288315, -702307210, -181056960, 0, 0, 702307210, 1701332576]
    );
}

#[test]
fn marks_stay() {
    let one = 1 << 24;
    let logs = [i32::MIN, -26 * one, -12 * one - 1, -one / 2, 0, 1, one / 3, 7 * one + 12_345_678];
    assert_eq!(
        logs.map(mark_of_log),
        [0, 0, 4096, 11863283, 16777216, 16777217, 21137967, 3576397010]
    );
}

/// One block of paths and a short one.
fn tally(scenario: &Scenario) -> Tally {
    support::tally(&support::compiled(scenario), BLOCK_PATHS + 904, SEED, 2)
}

/// Outcomes and counters of a scenario, and the sums that a reader can place.
#[track_caller]
fn stays(scenario: &Scenario, sums: [i128; 4], outcomes: &str, counters: &str) {
    let tally = tally(scenario);
    let found = &tally.sums;
    assert_eq!([found.realised, found.stranded, found.under_water, found.liquidated], sums);
    assert_eq!(tally.outcome_digest().to_string(), outcomes);
    assert_eq!(tally.tally_digest().to_string(), counters);
}

/// Three coins that jump, alone and together, and a dollar.
fn coins() -> Market {
    let jumps = Some(Jumps { rate: 6.0, mean: -0.08, deviation: 0.1 });
    let assets = vec![
        support::still(1.0),
        Asset { jumps, borrow_rate: 0.03, ..support::diffusing(60_000.0, 0.6) },
        Asset { drift: 0.05, ..support::diffusing(3_000.0, 0.8) },
        Asset { is_stable: true, borrow_rate: 0.06, ..support::diffusing(1.0, 0.01) },
    ];
    let sizes = [0.0, -0.25, -0.35, -0.01].map(|mean| JumpSize { mean, deviation: mean / -4.0 });
    Market {
        correlation: Correlation::Dense(vec![
            1.0, 0.0, 0.0, 0.0, //
            0.0, 1.0, 0.8, 0.1, //
            0.0, 0.8, 1.0, -0.2, //
            0.0, 0.1, -0.2, 1.0,
        ]),
        common_jumps: Some(CommonJumps { rate: 3.0, sizes: sizes.into() }),
        ..support::market(assets)
    }
}

fn owned(asset: u32, amount: f64) -> shortfall::book::Leg {
    support::leg(LegKind::Collateral, asset, amount)
}

fn owed(asset: u32, amount: f64) -> shortfall::book::Leg {
    support::leg(LegKind::Debt, asset, amount)
}

/// Thirty days of six-hour steps.
fn month(scenario: Scenario) -> Scenario {
    let mut scenario = scenario;
    scenario.run.n_steps = 120;
    scenario.run.step_years = 6.0 * support::HOUR_YEARS;
    scenario
}

fn reference_lending() -> Scenario {
    let venues = vec![
        support::venue(Rule::Reference(Reference::default()), vec![support::terms(0.8, 0.06); 4]),
        support::venue(
            Rule::CompoundV2(CompoundV2::default()),
            vec![support::terms(0.75, 0.08); 4],
        ),
    ];
    let book = support::book(&[
        (0, vec![owned(1, 2.0), owed(3, 80_000.0)]),
        (0, vec![owned(1, 1.0), owned(2, 10.0), owed(3, 50_000.0), owed(0, 15_000.0)]),
        (0, vec![owned(3, 100_000.0), owed(2, 22.0)]),
        (1, vec![owned(2, 10.0), owed(0, 20_500.0)]),
        (1, vec![owned(2, 7.0), owned(3, 900.0), owed(1, 0.2), owed(3, 3_000.0)]),
    ]);
    month(support::scenario(coins(), venues, book))
}

fn aave_and_morpho() -> Scenario {
    let morpho = Rule::MorphoBlue(MorphoBlue::default());
    let bonus = morpho.liquidation().default_bonus(0.86);
    let venues = vec![
        support::venue(Rule::AaveV3(AaveV3::default()), vec![support::terms(0.83, 0.05); 4]),
        support::venue(morpho, vec![support::terms(0.86, bonus); 4]),
    ];
    let book = support::book(&[
        (0, vec![owned(1, 0.05), owed(3, 2_300.0)]),
        (0, vec![owned(1, 3.0), owned(2, 20.0), owed(3, 150_000.0), owed(0, 30_000.0)]),
        (0, vec![owned(2, 50.0), owed(1, 1.9)]),
        (1, vec![owned(2, 10.0), owed(3, 24_000.0)]),
        (1, vec![owned(1, 1.5), owed(0, 72_000.0)]),
    ]);
    month(support::scenario(coins(), venues, book))
}

fn perpetuals() -> Scenario {
    let tiers = vec![
        Tier { floor_usd: 0.0, rate: 0.0125 },
        Tier { floor_usd: 100_000.0, rate: 0.025 },
        Tier { floor_usd: 1_000_000.0, rate: 0.05 },
    ];
    let terms = Terms { tiers, funding_rate: 0.11, ..support::terms(1.0, 0.0) };
    let rule = Perpetual { close_cost: 0.0005, ..Perpetual::default() };
    let venues = vec![support::venue(Rule::Perpetual(rule), vec![terms; 4])];
    let book = support::book(&[
        (0, vec![owned(0, 9_000.0), support::perp(1, 1.0, 59_000.0)]),
        (0, vec![owned(0, 9_000.0), support::perp(1, -1.0, 61_000.0)]),
        (
            0,
            vec![
                owned(0, 200_000.0),
                support::perp(1, 20.0, 60_000.0),
                support::perp(2, -150.0, 3_100.0),
            ],
        ),
        (0, vec![owned(0, 2_000.0), owned(1, 0.1), support::perp(2, 12.0, 2_900.0)]),
    ]);
    let mut market = coins();
    let at_years = 10.0 / 365.0;
    market.shocks.push(Shock { asset: AssetId(2), change: -0.15, at_years, over_years: 0.01 });
    month(support::scenario(market, venues, book))
}

#[test]
fn a_program_stays() {
    let digest = support::compiled(&aave_and_morpho()).digest();
    assert_eq!(
        digest.to_hex().as_str(),
        "2415353de2358dc8a19bf0b55a94bf1ea609846430c1c1dee62851e6557d7090"
    );
}

#[test]
fn reference_and_compound_lending_stay() {
    stays(
        &reference_lending(),
        [0, 36487558880761473, 0, 7077970497555927444],
        "7ea6e985b81a7510adbbe92a924fe3759422148a21f84f5cdb2757abd5aa3a29",
        "bf2b8875be966b850c2e38098ad9a64863b0d6501b97a7e3ebd4768e3f43a4ef",
    );
}

#[test]
fn aave_and_morpho_lending_stay() {
    stays(
        &aave_and_morpho(),
        [143869960348982762, 0, 0, 15429420864131197017],
        "02f3e253c47cfaad33ad06100f384c840ce5097e8e716770928731a5d3e07830",
        "6b020b580b216ff1195aaf202312c8aaae663865994c4a4271f45d74ceefbc7b",
    );
}

#[test]
fn perpetuals_stay() {
    stays(
        &perpetuals(),
        [102407026359759763, 0, 0, 6063618465030144000],
        "64cc7505edb20182613c3779870e1f42e6844e3b5c2e769183a8ed8c60847fd8",
        "bbe7e7c8412fa26624db5d6b8407c6e012cc75f8e92a35097fad62d94ab337a9",
    );
}
