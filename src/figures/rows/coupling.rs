//! The rows of what couples positions: feedback, cascades, backlogs, insurance funds.

use crate::figures::aftermath::InsuranceFundFigures;
use crate::figures::reading::Reading;
use crate::figures::row::{Known, Needs, Parameter, ROW, Rests, Row, Unit};
use crate::figures::summary::Summary;

pub(in crate::figures) static FEEDBACK: [Row; 6] = [
    Row {
        name: "feedback.difference",
        json: "feedback.difference_usd",
        known: Known::Within(Rests::Else),
        needs: Needs::Comparison,
        about: "what finite depth adds to mean bad debt",
        read: |summary, _| {
            let it = summary.feedback.as_ref()?;
            let ends = [it.difference_low_usd, it.difference_high_usd];
            Reading::within(it.difference_usd, it.difference_std_error_usd, ends)
        },
        ..ROW
    },
    Row {
        name: "feedback.amplification",
        json: "feedback.amplification",
        unit: Unit::Factor,
        needs: Needs::Comparison,
        about: "mean bad debt in markets of finite depth over that in infinitely deep ones",
        read: |summary, _| Reading::reported(summary.feedback.as_ref()?.amplification?),
        ..ROW
    },
    Row {
        name: "feedback.with",
        json: "feedback.bad_debt_with_usd",
        needs: Needs::Comparison,
        about: "mean bad debt in markets of finite depth",
        read: |summary, _| Reading::reported(summary.feedback.as_ref()?.bad_debt_with_usd),
        ..ROW
    },
    Row {
        name: "feedback.without",
        json: "feedback.bad_debt_without_usd",
        needs: Needs::Comparison,
        about: "mean bad debt in infinitely deep markets",
        read: |summary, _| Reading::reported(summary.feedback.as_ref()?.bad_debt_without_usd),
        ..ROW
    },
    Row {
        name: "feedback.worse",
        json: "feedback.worse_paths",
        unit: Unit::Count,
        needs: Needs::Comparison,
        about: "paths that lose more in markets of finite depth",
        read: |summary, _| Reading::reported(summary.feedback.as_ref()?.worse_paths as f64),
        ..ROW
    },
    Row {
        name: "feedback.better",
        json: "feedback.better_paths",
        unit: Unit::Count,
        needs: Needs::Comparison,
        about: "paths that lose less in markets of finite depth",
        read: |summary, _| Reading::reported(summary.feedback.as_ref()?.better_paths as f64),
        ..ROW
    },
];

pub(in crate::figures) static CASCADE: [Row; 2] = [
    Row {
        name: "spiral.probability",
        json: "cascade.spiral_probability",
        unit: Unit::Share,
        known: Known::Within(Rests::Else),
        needs: Needs::SameStep,
        about: "share of paths on which sales call for a second round in a step",
        read: |summary, _| {
            let it = &summary.aftermath.as_ref()?.cascade;
            let ends = [it.spiral_probability_low, it.spiral_probability_high];
            Reading::within(it.spiral_probability?, None, ends)
        },
        ..ROW
    },
    Row {
        name: "spiral.rounds",
        json: "cascade.most_rounds",
        unit: Unit::Count,
        needs: Needs::Coupling,
        about: "most rounds of liquidations in one step of one path",
        read: |summary, _| {
            Reading::reported(f64::from(summary.aftermath.as_ref()?.cascade.most_rounds))
        },
        ..ROW
    },
];

pub(in crate::figures) static BACKLOG: [Row; 5] = [
    Row {
        name: "backlog.probability",
        json: "backlog.probability",
        unit: Unit::Share,
        known: Known::Within(Rests::Else),
        needs: Needs::Coupling,
        about: "share of paths that end with a position waiting for a liquidator",
        read: |summary, _| {
            let it = &summary.aftermath.as_ref()?.backlog;
            Reading::within(
                it.probability,
                None,
                [it.probability_low, it.probability_high].map(Some),
            )
        },
        ..ROW
    },
    Row {
        name: "backlog.mean",
        json: "backlog.mean_usd",
        known: Known::Within(Rests::Else),
        needs: Needs::Coupling,
        about: "debt and notional of the positions that wait, mean over paths",
        read: |summary, _| {
            let it = &summary.aftermath.as_ref()?.backlog;
            Reading::within(it.mean_usd, it.std_error_usd, [it.low_usd, it.high_usd])
        },
        ..ROW
    },
    Row {
        name: "backlog.max",
        json: "backlog.max_usd",
        needs: Needs::Coupling,
        about: "debt and notional of the positions that wait, on the path with the most",
        read: |summary, _| Reading::reported(summary.aftermath.as_ref()?.backlog.max_usd),
        ..ROW
    },
    Row {
        name: "backlog.positions",
        json: "backlog.mean_positions",
        unit: Unit::Count,
        needs: Needs::Coupling,
        about: "positions that wait, mean over paths",
        read: |summary, _| Reading::reported(summary.aftermath.as_ref()?.backlog.mean_positions),
        ..ROW
    },
    Row {
        name: "backlog.waiting",
        json: "backlog.mean_waiting_steps",
        unit: Unit::Count,
        needs: Needs::Coupling,
        about: "steps from breach to liquidation, mean over liquidations",
        read: |summary, _| {
            Reading::reported(summary.aftermath.as_ref()?.backlog.mean_waiting_steps?)
        },
        ..ROW
    },
];

pub(in crate::figures) static FUNDS: [Row; 6] = [
    Row {
        name: "fund.*.emptied",
        json: "insurance_funds.*.emptied_probability",
        unit: Unit::Share,
        known: Known::Within(Rests::Else),
        needs: Needs::Fund,
        about: "share of paths on which a venue's insurance fund is emptied",
        read: |summary, of| {
            let it = fund_of(summary, of)?;
            let ends = [it.emptied_probability_low, it.emptied_probability_high];
            Reading::within(it.emptied_probability, None, ends.map(Some))
        },
        ..ROW
    },
    Row {
        name: "fund.*.minimum",
        json: "insurance_funds.*.path_minimum_usd.mean",
        known: Known::Within(Rests::Else),
        needs: Needs::Fund,
        about: "least of a venue's insurance fund on a path, mean over paths",
        read: |summary, of| {
            let it = &fund_of(summary, of)?.path_minimum_usd;
            Reading::within(it.mean, it.std_error, [it.mean_low, it.mean_high])
        },
        ..ROW
    },
    Row {
        name: "fund.*.opening",
        json: "insurance_funds.*.initial_usd",
        needs: Needs::Fund,
        about: "a venue's insurance fund at the opening",
        read: |summary, of| Reading::reported(fund_of(summary, of)?.initial_usd),
        ..ROW
    },
    Row {
        name: "fund.*.p05",
        json: "insurance_funds.*.path_minimum_usd.p05",
        needs: Needs::Fund,
        about: "least of a venue's insurance fund on a path, quantile at 0.05",
        read: |summary, of| Reading::reported(fund_of(summary, of)?.path_minimum_usd.p05),
        ..ROW
    },
    Row {
        name: "fund.*.p01",
        json: "insurance_funds.*.path_minimum_usd.p01",
        needs: Needs::Fund,
        about: "least of a venue's insurance fund on a path, quantile at 0.01",
        read: |summary, of| Reading::reported(fund_of(summary, of)?.path_minimum_usd.p01),
        ..ROW
    },
    Row {
        name: "fund.*.lowest",
        json: "insurance_funds.*.path_minimum_usd.lowest",
        needs: Needs::Fund,
        about: "a venue's insurance fund on the path that leaves least of it",
        read: |summary, of| Reading::reported(fund_of(summary, of)?.path_minimum_usd.lowest),
        ..ROW
    },
];

fn fund_of<'a>(summary: &'a Summary, of: &Parameter) -> Option<&'a InsuranceFundFigures> {
    let Parameter::Fund(venue) = of else { return None };
    summary.aftermath.as_ref()?.insurance_funds.iter().find(|fund| fund.venue == *venue)
}
