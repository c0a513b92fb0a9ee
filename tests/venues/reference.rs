//! The reference rule: pro rata over all legs, one call, debt stays on the books.
//!
//! repay = k D with k = 1 below the full-close health factor, else the close factor; every
//! collateral pays for its value over 1 + bonus; what all of it covers bounds the repayment.

use shortfall::book::venue::{Reference, Rule};

use super::loan::{Amount, Call, Loan, MARKS};

const BONUSES: [f64; 2] = [0.06, 0.10];
/// Values of the collaterals, and of the debts per dollar owed.
const COLLATERALS: [(&str, f64); 2] = [("a", 100.0), ("b", 60.0)];
const DEBTS: [(&str, f64); 2] = [("c", 0.625), ("d", 0.375)];

fn liquidate(debt: f64, marks: [f64; 2]) -> Call {
    let amount = |asset: &str, amount, incentive| Amount {
        asset: asset.to_owned(),
        amount,
        price: 1.0,
        threshold: 0.8,
        incentive,
    };
    let collaterals = COLLATERALS.iter().zip(BONUSES);
    let loan = Loan {
        rule: Rule::Reference(Reference::default()),
        collaterals: collaterals.map(|((name, value), b)| amount(name, *value, 1.0 + b)).collect(),
        debts: DEBTS.iter().map(|(name, share)| amount(name, share * debt, 1.0)).collect(),
    };
    loan.liquidate(marks, |_| ())
}

#[test]
fn all_legs_shrink_alike() {
    let covered: f64 =
        COLLATERALS.iter().zip(BONUSES).map(|((_, value), bonus)| value / (1.0 + bonus)).sum();
    // Health factor 128 / D: healthy, above 0.95, below it, and beyond what the collateral covers.
    for (debt, share) in [(127.0, 0.0), (130.0, 0.5), (140.0, 1.0), (170.0, 1.0)] {
        let repaid = f64::min(share * debt, covered);
        for marks in MARKS {
            let call = liquidate(debt, marks);
            if share == 0.0 {
                assert_eq!(call.before.weighted < call.before.debt, share > 0.0);
                continue;
            }
            // A leg is off by rounding to its unit and by a share cut to 2^-30 of it.
            let close = |what: &str, found: f64, expected: f64| {
                let bound = 2.0 * call.bound_usd;
                assert!((found - expected).abs() <= bound, "{what}: {found}, not {expected}");
            };
            close("repaid", call.repaid_usd(), repaid);
            for (name, value) in COLLATERALS {
                close(name, call.left_usd(name), value * (1.0 - repaid / covered));
            }
            for (name, of_debt) in DEBTS {
                close(name, call.left_usd(name), of_debt * (debt - repaid));
            }
            assert_eq!(call.event.written_off, 0);
        }
    }
}
