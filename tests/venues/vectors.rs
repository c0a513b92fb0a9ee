//! The worked cases as written; an unknown field is a figure that no test would read, so none is
//! allowed.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const VECTORS: &str = include_str!("vectors.json");

/// A case before its inputs are known to be those of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(rename = "venue")]
    _venue: String,
    source_repo: String,
    source_path: String,
    source_commit: Option<String>,
    #[serde(rename = "description")]
    _description: String,
    #[serde(rename = "provenance")]
    _provenance: String,
    rule: String,
    inputs: Value,
    expected: Value,
    tol_rel: f64,
    tol_abs: f64,
}

/// A worked case of a rule.
pub(crate) struct Case<I, E> {
    /// What the case starts from.
    pub(crate) inputs: I,
    /// What the venue answers.
    pub(crate) expected: E,
    pub(crate) id: String,
    name: String,
    tol_rel: f64,
    tol_abs: f64,
}

/// The cases of a rule; there are `n_cases` of them.
pub(crate) fn cases<I: DeserializeOwned, E: DeserializeOwned>(
    rule: &str,
    n_cases: usize,
) -> Vec<Case<I, E>> {
    let written: Vec<Written> = serde_json::from_str(VECTORS).expect("cases as JSON");
    let cases: Vec<_> = written.into_iter().filter(|case| case.rule == rule).map(read).collect();
    assert_eq!(cases.len(), n_cases, "cases of {rule}");
    cases
}

fn read<I: DeserializeOwned, E: DeserializeOwned>(case: Written) -> Case<I, E> {
    let commit = case.source_commit.unwrap_or_else(|| "no commit".to_owned());
    let name = format!("{} ({} {} @ {commit})", case.id, case.source_repo, case.source_path);
    Case {
        inputs: serde_json::from_value(case.inputs).unwrap_or_else(|e| panic!("{name}: {e}")),
        expected: serde_json::from_value(case.expected).unwrap_or_else(|e| panic!("{name}: {e}")),
        id: case.id,
        name,
        tol_rel: case.tol_rel,
        tol_abs: case.tol_abs,
    }
}

impl<I, E> Case<I, E> {
    /// `found` is what the venue answers, to the case's tolerance or the format's `bound`.
    #[track_caller]
    pub(crate) fn agree(&self, what: &str, found: f64, expected: f64, bound: f64) {
        let allowed = self.tol_abs.max(self.tol_rel * expected.abs()).max(bound);
        assert!(
            (found - expected).abs() <= allowed,
            "{}: {what} is {found}, not {expected}: off by {:.3e}, more than {allowed:.3e}",
            self.name,
            found - expected,
        );
    }

    /// A fact of the case holds.
    #[track_caller]
    pub(crate) fn hold(&self, what: &str, fact: bool) {
        assert!(fact, "{}: not so: {what}", self.name);
    }
}
