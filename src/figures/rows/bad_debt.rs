//! The rows of the bad debt of a path.

use crate::figures::reading::Reading;
use crate::figures::row::{Known, ROW, Rests, Row, Unit};

/// The bad debt of a path and its probability.
pub(in crate::figures) static TOTALS: [Row; 2] = [
    Row {
        name: "mean",
        json: "bad_debt.mean_usd",
        known: Known::Within(Rests::Losing),
        rises: true,
        about: "bad debt, mean over paths",
        read: |summary, _| {
            let it = &summary.bad_debt;
            Reading::within(it.mean_usd, it.std_error_usd, [it.low_usd, it.high_usd])
        },
        ..ROW
    },
    Row {
        name: "probability",
        json: "bad_debt.probability",
        unit: Unit::Share,
        known: Known::Within(Rests::Else),
        rises: true,
        about: "share of paths that lose at least materiality_usd",
        read: |summary, _| {
            let it = &summary.bad_debt;
            let ends = [it.probability_low, it.probability_high];
            Reading::within(it.probability, None, ends.map(Some))
        },
        ..ROW
    },
];

pub(in crate::figures) static VALUES_AT_RISK: [Row; 1] = [Row {
    name: "var*",
    json: "bad_debt.value_at_risk.*.value_usd",
    known: Known::Within(Rests::Rank),
    rises: true,
    about: "value at risk at a level of run.levels, in percent",
    read: |summary, of| {
        let found = summary.bad_debt.value_at_risk.iter().find(|it| of.is_level(it.level))?;
        Reading::within(found.value_usd, None, [Some(found.low_usd), found.high_usd])
    },
    ..ROW
}];

pub(in crate::figures) static EXPECTED_SHORTFALLS: [Row; 1] = [Row {
    name: "es*",
    json: "bad_debt.expected_shortfall.*.value_usd",
    known: Known::Within(Rests::Tail),
    rises: true,
    about: "expected shortfall at a level of run.levels, in percent",
    read: |summary, of| {
        let found = summary.bad_debt.expected_shortfall.iter().find(|it| of.is_level(it.level))?;
        Reading::within(found.value_usd, found.std_error_usd, [found.low_usd, found.high_usd])
    },
    ..ROW
}];

/// The worst path, and what the mean is made of.
pub(in crate::figures) static PATHS: [Row; 5] = [
    Row {
        name: "max",
        json: "bad_debt.max_usd",
        known: Known::Walked,
        rises: true,
        about: "bad debt of the worst path; grows with the paths walked",
        read: |summary, _| Reading::exactly(summary.bad_debt.max_usd),
        ..ROW
    },
    Row {
        name: "losing_paths",
        json: "bad_debt.losing_paths",
        unit: Unit::Count,
        about: "paths that lose anything",
        read: |summary, _| Reading::reported(summary.bad_debt.losing_paths as f64),
        ..ROW
    },
    Row {
        name: "realised",
        json: "bad_debt.realised_usd",
        about: "part of the mean: written off on the way",
        read: |summary, _| Reading::reported(summary.bad_debt.realised_usd),
        ..ROW
    },
    Row {
        name: "stranded",
        json: "bad_debt.stranded_usd",
        about: "part of the mean: left on the books",
        read: |summary, _| Reading::reported(summary.bad_debt.stranded_usd),
        ..ROW
    },
    Row {
        name: "under_water",
        json: "bad_debt.under_water_usd",
        about: "part of the mean: of positions still open at the horizon",
        read: |summary, _| Reading::reported(summary.bad_debt.under_water_usd),
        ..ROW
    },
];
