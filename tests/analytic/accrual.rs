//! Interest on debts and funding on perpetuals, along prices that are known.

use shortfall::book::LegKind;
use shortfall::book::venue::{CompoundV2, Perpetual, Rule, Terms};
use shortfall::market::{Asset, Shock};
use shortfall::units::AssetId;

use crate::support;
use crate::support::edges::{FUNDED_STEP_YEARS, FUNDED_STEPS, dear_funding};
use crate::support::twins::story_of;

const STEP_YEARS: f64 = 1.0 / 365.0;

/// A debt grows as e^{rt}: it is found liquidatable in the first step at whose end
/// C w < D e^{rt}, and its mark is then e^{rt}.
#[test]
fn debts_grow_by_continuous_interest() {
    for (rate, debt) in [(0.05, 79.9), (0.4, 75.0), (1.0, 60.0)] {
        let owed = Asset { borrow_rate: rate, ..support::still(1.0) };
        let assets = vec![support::still(1.0), owed];
        let rule = Rule::CompoundV2(CompoundV2::default());
        let venues = vec![support::venue(rule, vec![support::terms(0.8, 0.08); 2])];
        let legs =
            vec![support::leg(LegKind::Collateral, 0, 100.0), support::leg(LegKind::Debt, 1, debt)];
        let mut scenario =
            support::scenario(support::market(assets), venues, support::book(&[(0, legs)]));
        scenario.run.n_steps = 200;
        scenario.run.step_years = STEP_YEARS;
        let program = support::compiled(&scenario);
        let story = story_of(&program, 1, 0);
        let first = story.events.first().expect("a debt that outgrows its collateral");
        let expected = libm::ceil(libm::log(80.0 / debt) / rate / STEP_YEARS);
        assert_eq!(first.when.step as f64 + 1.0, expected);
        let grown = libm::exp(rate * STEP_YEARS * expected) * 16_777_216.0;
        let mark = first.legs.iter().find(|leg| leg.kind == 1).expect("the debt").mark;
        // Half a unit of the mark, and half a unit of the log price, 2^-25 ln 2 of the mark.
        let bound = 0.5 + (2.07e-8 + 3.5e-9) * grown;
        assert!((f64::from(mark) - grown).abs() <= bound, "{mark} is not {grown}");
    }
}

/// A long pays `funding_rate` of its notional at mark a year, a short receives it. The price rises
/// along a ramp and crashes (or soars) at the end: the loss then is what the margin lacks.
#[test]
fn perpetuals_pay_funding_on_their_notional_at_mark() {
    const N_STEPS: u32 = 40;
    for (size, end) in [(2.0, 0.25), (-2.0, 4.0)] {
        for funding_rate in [0.0, 0.9, -0.9] {
            let tiers = Perpetual::default().tiers;
            let market_terms = Terms { tiers, funding_rate, ..support::terms(1.0, 0.0) };
            let rule = Rule::Perpetual(Perpetual::default());
            let venues = vec![support::venue(rule, vec![support::terms(1.0, 0.0), market_terms])];
            let margin = 120.0;
            let legs =
                vec![support::leg(LegKind::Collateral, 0, margin), support::perp(1, size, 100.0)];
            let mut market = support::market(vec![support::still(1.0), support::still(100.0)]);
            let last = f64::from(N_STEPS - 1) * STEP_YEARS;
            let ramp = Shock { asset: AssetId(1), change: 0.21, at_years: 0.0, over_years: last };
            let change = end / 1.21 - 1.0;
            let crash = Shock { change, at_years: last, over_years: 0.0, ..ramp };
            market.shocks = vec![ramp, crash];
            let mut scenario = support::scenario(market, venues, support::book(&[(0, legs)]));
            scenario.run.n_steps = N_STEPS;
            scenario.run.step_years = STEP_YEARS;
            let program = support::compiled(&scenario);
            let story = story_of(&program, 1, 0);
            let step_price = |step: u32| {
                let share = f64::from(step) / f64::from(N_STEPS - 1);
                if step == N_STEPS { 100.0 * end } else { 100.0 * libm::pow(1.21, share) }
            };
            let notionals = (1..=N_STEPS).map(|step| size * step_price(step));
            let paid = funding_rate * STEP_YEARS * notionals.sum::<f64>();
            let lacking = -(margin + size * (100.0 * end - 100.0) - paid);
            let lost = program.usd(i128::from(story.outcome.realised));
            assert_eq!(story.events.len(), 1);
            assert_eq!(story.events[0].when.step as u32, N_STEPS - 1);
            // Marks are to 2^-24 of the opening notional; their sum is shifted to fit a word.
            let bound = 200.0 * (4.0 + 0.9) / 8_388_608.0 + 2.0 * support::units_usd(&program, 0).0;
            assert!((lost - lacking).abs() <= bound, "{lost} is lost, not {lacking}");
        }
    }
}

/// As above where marks are near the bound of their format throughout: sums of them have to have
/// room for as many marks as there are steps.
#[test]
fn funding_is_paid_in_full_where_marks_are_as_high_as_they_go() {
    let (rate, margin) = (0.9, 100.0);
    let program = support::compiled(&dear_funding(1.0, margin, rate));
    let story = story_of(&program, 1, 0);
    assert_eq!(story.events.len(), 1);
    assert_eq!(story.events[0].when.step as u32, FUNDED_STEPS - 1);
    let notionals = 25_000.0 * f64::from(FUNDED_STEPS - 1) + 25.0;
    let paid = rate * FUNDED_STEP_YEARS * notionals;
    let lacking = paid + 75.0 - margin;
    let lost = program.usd(i128::from(story.outcome.realised));
    // A step's funding is 62 dollars, a unit of what sums are cut to far less than a cent.
    assert!((lost - lacking).abs() < 1e-2, "{lost} is lost, not {lacking}");
}

/// A short pays where the rate is negative: its margin is gone in the step that the rule says, the
/// 60th of 63.
#[test]
fn funding_wears_a_margin_down_in_the_step_that_the_rule_says() {
    let rate = 0.9;
    let a_step = rate * FUNDED_STEP_YEARS * 25_000.0;
    let maintenance = 0.0125 * 25_000.0;
    let cash = 24_900.0 + maintenance + 59.5 * a_step;
    let story = story_of(&support::compiled(&dear_funding(-1.0, cash, -rate)), 1, 0);
    assert_eq!(story.events.len(), 1);
    assert_eq!(story.events[0].when.step + 1, 60);
}
