//! Exact arithmetic against what a program computes with the worst marks that it may have: is a
//! healthy position ever breached, and is one ever spared that lacks more than rounding takes?
//!
//! Amounts are multiples of 2^-20 of a unit and marks of 2^-40, shares are parts of 10,000: so
//! every sum of products is a whole number of 128 bits.

use proptest::prelude::*;

use super::*;
use crate::fixed::mark_of_log;

/// Amounts in a unit.
const AMOUNT: i128 = 1 << 20;
/// A mark of 1.
const MARK: i128 = 1 << 40;
/// Amounts whose units a word holds are below this.
const MOST: i128 = 1 << 50;
/// A share of all.
const WHOLE: i128 = 10_000;
/// A mark of 1 as programs have it.
const ONE: i128 = 1 << 24;
/// [`MARK_ERROR`], in 10^10.
const ERROR: i128 = 250;

/// The lowest and the highest mark that a program may have for an exact one.
fn marks_of(exact: i128) -> [i128; 2] {
    // m' = m (1 ± e) ± 1/2, in words: m is exact / 2^16.
    let (denominator, half) = (10_000_000_000 << 16, 5_000_000_000 << 16);
    let low = exact * (10_000_000_000 - ERROR) - half;
    let high = exact * (10_000_000_000 + ERROR) + half;
    [-(-low).div_euclid(denominator), high.div_euclid(denominator)]
}

/// An amount in units; exact, as it has at most 53 bits.
fn units(amount: i128) -> f64 {
    amount as f64 / AMOUNT as f64
}

/// Many cases are drawn anew: extreme marks ask for more units than there are.
fn cases() -> ProptestConfig {
    ProptestConfig { cases: 4000, max_global_rejects: 40_000, ..ProptestConfig::default() }
}

/// Collateral: its amount, the share that counts, its exact mark.
type Held = (i128, i128, i128);

/// Which of the two marks each side has.
#[derive(Debug, Clone, Copy)]
enum Worst {
    /// Collateral is low and debts are high.
    ForBorrower,
    /// The other way round.
    ForVenue,
}

/// What the program adds up of a loan.
fn surplus(at_equality: bool, held: &[Held], owed: &[(i128, i128)], worst: Worst) -> i128 {
    let mut ties = Ties::new(at_equality, Debts::Still);
    let (low, high) = match worst {
        Worst::ForBorrower => (0, 1),
        Worst::ForVenue => (1, 0),
    };
    let mut sum = 0;
    for (amount, share, mark) in held {
        let quantity = ties.collateral(units(*amount));
        let threshold = ties.threshold(*share as f64 / WHOLE as f64, quantity);
        let weighted = weigh(quantity as u32, threshold);
        sum += i128::from(weighted) * marks_of(*mark)[low];
    }
    for (amount, mark) in owed {
        sum -= i128::from(ties.debt(units(*amount))) * marks_of(*mark)[high];
    }
    sum + i128::from(ties.total())
}

/// The debt that all but meets what counts: `parts` of 10^10 of it, cut (or filled) to an amount.
fn debt_of(held: &[Held], others: &[(i128, i128)], mark: i128, parts: i128, fills: bool) -> i128 {
    let counts: i128 = held.iter().map(|(amount, share, mark)| amount * share * mark).sum();
    let others: i128 = others.iter().map(|(amount, mark)| amount * mark).sum();
    // Products of 107 bits and parts of 34 do not fit at once.
    let all = counts / WHOLE / 10_000_000_000 * parts - others;
    if fills { all / mark + AMOUNT / 1000 } else { all / mark - AMOUNT / 1000 }
}

/// Most that rounding takes from what counts against a debt at a mark, 2^-60 of a unit: see the
/// bound in `program::ties`.
fn slack(held: &[Held], mark: i128) -> i128 {
    let last_bit = MARK / ONE;
    let counts = held.iter().map(|(amount, share, mark)| amount * share * mark).sum::<i128>();
    let counts = counts / WHOLE;
    // Four errors of marks, and 1e-10 for their products.
    let of_errors = counts / 10_000_000_000 * (4 * ERROR + 1);
    let units = 3 * held.iter().map(|(.., mark)| mark).sum::<i128>() + 2 * mark;
    let weighted = held.iter().map(|(amount, share, _)| amount * share / WHOLE).sum::<i128>();
    let coefficients = weighted + counts / mark + AMOUNT * (3 * held.len() as i128 + 4);
    of_errors + units * AMOUNT + coefficients * last_bit
}

/// Up to three collaterals of some 2^28 units each.
fn held(least_mark: f64) -> impl Strategy<Value = Vec<Held>> {
    let amount = (1_i128 << 47)..(1 << 48);
    let share = prop_oneof![Just(5000), Just(8250), Just(8600), Just(10_000), 1_i128..10_000];
    let leg = (amount, share, mark(least_mark));
    proptest::collection::vec(leg, 1..=3)
        .prop_filter("counts for something", |held| held.iter().any(|(_, share, _)| *share > 4000))
}

/// An exact mark; some whose own rounding is the worst there is.
fn mark(least: f64) -> impl Strategy<Value = i128> {
    let any = (least..8.0).prop_map(|mark| (mark * MARK as f64) as i128);
    let half = any.clone().prop_map(|mark| (mark >> 16 << 16) + (1 << 15));
    let whole = any.clone().prop_map(|mark| mark >> 16 << 16);
    prop_oneof![any, half, whole]
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn marks_are_as_near_as_is_said(
        log in -8 * (1 << 24)..7 * (1 << 24_i32),
        between in -0.5..0.5,
    ) {
        // The log price is rounded to its last bit from anywhere between.
        let exact = libm::exp2((f64::from(log) + between) / f64::from(1 << 24));
        let [low, high] = marks_of((exact * MARK as f64) as i128);
        let found = i128::from(mark_of_log(log));
        prop_assert!((low..=high).contains(&found), "{found} is not in {low}..={high}");
    }

    #[test]
    fn rounding_never_breaches_a_healthy_loan(
        held in held(0.01),
        owed in mark(0.01),
        other in proptest::option::of(mark(0.01)),
    ) {
        let other = other.map(|mark| ((1 << 44) / mark * MARK / 7, mark));
        let others: Vec<_> = other.into_iter().collect();
        let last = debt_of(&held, &others, owed, 10_000_000_000, false);
        prop_assume!((0..MOST).contains(&last));
        let debts = [&others[..], &[(last, owed)]].concat();
        prop_assert!(surplus(false, &held, &debts, Worst::ForBorrower) >= 0);
    }

    #[test]
    fn no_loan_that_lacks_more_than_rounding_takes_is_spared(
        held in held(0.01),
        owed in mark(0.01),
    ) {
        let last = debt_of(&held, &[(1, -slack(&held, owed))], owed, 10_000_000_000, true);
        prop_assume!(last < MOST);
        prop_assert!(surplus(false, &held, &[(last, owed)], Worst::ForVenue) < 0);
    }

    /// The bound is no wider than it was said to be: some 2e-7, where no leg is small.
    #[test]
    fn what_rounding_takes_is_some_two_parts_in_ten_million(
        held in proptest::collection::vec((MOST / 8..MOST / 4, Just(WHOLE), mark(1.5)), 1..=3),
        owed in mark(1.5),
    ) {
        let last = debt_of(&held, &[], owed, 10_000_000_000, false);
        prop_assume!(last >= 1 << 47);
        let counts = held.iter().map(|(amount, share, mark)| amount * share * mark).sum::<i128>();
        prop_assert!(slack(&held, owed) <= counts / WHOLE / 10_000_000 * 22 / 10);
    }

    /// Where equality is a breach the same holds the other way round.
    #[test]
    fn rounding_spares_no_loan_at_its_threshold_where_equality_is_a_breach(
        held in held(0.01),
        owed in mark(0.01),
    ) {
        let last = debt_of(&held, &[], owed, 10_000_000_000, true);
        prop_assume!(last < MOST);
        prop_assert!(surplus(true, &held, &[(last, owed)], Worst::ForVenue) < 0);
    }

    #[test]
    fn no_loan_that_has_more_than_rounding_takes_is_breached_where_equality_is_a_breach(
        held in held(0.01),
        owed in mark(0.01),
    ) {
        let last = debt_of(&held, &[(1, slack(&held, owed))], owed, 10_000_000_000, false);
        prop_assume!((0..MOST).contains(&last));
        prop_assert!(surplus(true, &held, &[(last, owed)], Worst::ForBorrower) >= 0);
    }
}

/// A perpetual: its signed size, its entry value in 2^-44 of a unit, its exact mark, its two rates
/// in parts of 10,000, and the notional, an amount, from which the second one counts.
#[derive(Debug, Clone, Copy)]
struct Perp {
    size: i128,
    entry: i128,
    mark: i128,
    rates: [i128; 2],
    floor: i128,
}

/// Values below are in 2^-60 of a unit, times [`WHOLE`].
const VALUE: i128 = AMOUNT * MARK * WHOLE;

impl Perp {
    /// Its profit less its maintenance margin.
    fn exact(&self) -> i128 {
        let notional = self.size.abs() * self.mark;
        let above = (notional - self.floor * MARK).max(0);
        let margin = notional * self.rates[0] + above * (self.rates[1] - self.rates[0]);
        (self.size * self.mark - (self.entry << 16)) * WHOLE - margin
    }

    /// The same as a program has it, at a mark.
    fn computed(&self, ties: &mut Ties, mark_of: impl Fn(i128) -> i128) -> i128 {
        let size = units(self.size);
        let rates = self.rates.map(|rate| rate as f64 / WHOLE as f64);
        let given_back = units(self.floor) * (rates[1] - rates[0]);
        let (mut most, mut least) = (0, i128::MAX);
        for (rate, given_back) in [(rates[0], 0.0), (rates[1], given_back)] {
            let coefficient = ties.coefficient(size - rate * size.abs());
            let deduction = ties.constant(given_back * ONE as f64);
            most = most.max(coefficient.unsigned_abs());
            let coefficient = i128::from(coefficient);
            least = least.min(coefficient * mark_of(coefficient) + i128::from(deduction));
        }
        ties.count(most);
        ties.count_entry();
        let entry = libm::round(self.entry as f64 / MARK as f64 / 16.0 * ONE as f64);
        least - entry as i128
    }
}

/// What the program adds up of an account with so much cash, at a mark of 1.
fn account(at_equality: bool, cash: i128, perps: &[Perp], worst: Worst) -> i128 {
    let mut ties = Ties::new(at_equality, Debts::None);
    let mut sum = 0;
    for perp in perps {
        let mark_of = |coefficient: i128| {
            let is_low = match worst {
                Worst::ForBorrower => coefficient > 0,
                Worst::ForVenue => coefficient < 0,
            };
            marks_of(perp.mark)[usize::from(!is_low)]
        };
        sum += perp.computed(&mut ties, mark_of);
    }
    let quantity = ties.collateral(units(cash));
    let threshold = ties.threshold(1.0, quantity);
    sum += i128::from(weigh(quantity as u32, threshold)) * ONE;
    sum + i128::from(ties.total())
}

fn perps(least_mark: f64) -> impl Strategy<Value = Vec<Perp>> {
    let rate = 1_i128..1000;
    let of =
        (1_i128 << 45..1 << 47, any::<bool>(), mark(least_mark), 1.0..1.25, (rate.clone(), rate));
    let perp = of.prop_map(|(size, is_long, mark, dearer, (first, more))| {
        // Bought dearer, or sold cheaper, than it is: cash makes up for it.
        let dearer = if is_long { dearer } else { 1.0 / dearer };
        let entry = (size as f64 * mark as f64 * dearer) as i128 >> 16;
        let (size, entry) = if is_long { (size, entry) } else { (-size, -entry) };
        Perp { size, entry, mark, rates: [first, first + more], floor: size.abs() }
    });
    proptest::collection::vec(perp, 1..=2)
}

/// The cash with which an account is at its margin, and more by a share of its notional in 10^10.
fn cash_of(perps: &[Perp], off: i128) -> i128 {
    let lacks: i128 = -perps.iter().map(Perp::exact).sum::<i128>();
    let notional: i128 = perps.iter().map(|perp| perp.size.abs() * perp.mark).sum();
    lacks.div_euclid(VALUE / AMOUNT) + notional / MARK * off / 10_000_000_000
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn rounding_never_closes_a_healthy_account(perps in perps(0.01)) {
        let cash = cash_of(&perps, 0) + 1;
        prop_assume!((0..MOST).contains(&cash));
        prop_assert!(account(false, cash, &perps, Worst::ForBorrower) >= 0);
    }

    #[test]
    fn no_account_below_its_margin_by_two_parts_in_ten_million_is_spared(perps in perps(1.5)) {
        let cash = cash_of(&perps, -2000);
        prop_assume!((0..MOST).contains(&cash));
        prop_assert!(account(false, cash, &perps, Worst::ForVenue) < 0);
    }

    #[test]
    fn rounding_spares_no_account_at_its_margin_where_equality_is_a_breach(perps in perps(0.01)) {
        let cash = cash_of(&perps, 0) - 1;
        prop_assume!((0..MOST).contains(&cash));
        prop_assert!(account(true, cash, &perps, Worst::ForVenue) < 0);
    }
}
