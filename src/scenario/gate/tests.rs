//! Is a gate or a precision what a person meant, or refused with what would be?

use proptest::prelude::*;

use super::*;

fn known() -> Parameters<'static> {
    let (levels, funds) = (&[0.95, 0.99, 0.999], vec!["dydx", "a > b"]);
    Parameters { levels, funds, pools: Vec::new() }
}

fn figure(name: &str) -> Figure {
    Figure::named(name, &known()).unwrap()
}

fn gate(written: &str) -> Gate {
    parse_gate(written, &known()).unwrap_or_else(|fault| panic!("{written}: {fault}"))
}

fn precision(written: &str) -> Result<Precision, GateFault> {
    parse_precision(written, &known())
}

#[test]
fn a_gate_is_a_figure_a_sign_and_a_bound() {
    let es99 = figure("es99");
    for written in ["es99 > 2.5e6", "es99>2_500_000", "  es99.0 >2500000.0 "] {
        let Gate { quantity, comparison, bound, .. } = gate(written);
        assert_eq!(quantity, Quantity::Figure(es99.clone()), "{written}");
        assert_eq!((comparison, bound), (Comparison::Above, 2.5e6), "{written}");
    }
    let signs = ["mean >= 1", "mean <= 1", "mean > 1", "mean < 1"];
    for (written, (_, comparison)) in signs.iter().zip(Comparison::ALL) {
        assert_eq!(gate(written).comparison, comparison, "{written}");
    }
    assert_eq!(gate("delta.es99 > -5").quantity, Quantity::Delta(es99));
    assert_eq!(gate(" mean>1 ").written, "mean > 1");
}

#[test]
fn shares_are_fractions_or_percents_and_the_rest_is_no_percentage() {
    for written in ["probability > 5%", "probability > 0.05", "fund.a > b.emptied > 5 %"] {
        assert_eq!(gate(written).bound, 0.05, "{written}");
    }
    assert_eq!(gate("delta.probability < -1%").bound, -0.01);
    let fault = |written| parse_gate(written, &known()).unwrap_err();
    assert!(matches!(fault("probability > 5"), GateFault::ShareOutside { .. }));
    assert!(matches!(fault("probability > -1%"), GateFault::ShareOutside { .. }));
    assert!(matches!(fault("delta.probability > 2"), GateFault::ShareOutside { .. }));
    assert!(matches!(fault("mean > 5%"), GateFault::PercentOfNoShare { .. }));
}

#[test]
fn what_is_no_gate_is_told_with_what_would_be() {
    let words = [
        ("", "write a figure"),
        ("es99", "es99 > 2.5e6"),
        ("es99 == 5", "> >= < <="),
        (
            "es95.5 > 1",
            "level 0.955 is not in run.levels: add it there, or name one that is (var95,",
        ),
        ("ES99 > 1", "did you mean `es99`?"),
        ("delta.es98 > 1", "level 0.98 is not in run.levels"),
        ("delta.feedback.difference > 1", "which is no figure of this report"),
        ("loss > 1", "names \"loss\", which is no figure"),
        ("es0.99 > 1", "levels stand in percent here"),
        ("fund.aave.emptied > 1%", "did you mean `fund.dydx.emptied`?"),
        ("es99 > ", "has \"\" for a bound"),
        ("es99 > 2.5m", "write one, as in 2.5e6"),
        ("es99 > inf", "not a finite number"),
        ("es99 > 1e999", "not a finite number"),
        ("es99 > _1", "not a finite number"),
        ("probability > 5", "write 0.05 or 5%"),
        ("mean > 5%", "write a number of USD"),
        ("largest_step > 5%", "write a number of what is counted"),
        ("opening.n > 5%", "write a number of what is counted"),
        ("opening.bad_debt > 5%", "write a number of USD"),
        ("opening.bad_dept > 1", "did you mean `opening.bad_debt`?"),
    ];
    for (written, words) in words {
        let told = parse_gate(written, &known()).unwrap_err().to_string();
        assert!(told.contains(words), "{written}: {told}");
    }
}

#[test]
fn a_precision_is_a_figure_and_half_a_width() {
    let es99 = figure("es99");
    let found = precision("es99 rel 1%").unwrap();
    assert_eq!((found.figure, found.target), (es99, Target::Relative(0.01)));
    let found = precision(" fund.a > b.minimum  abs  1e5 ").unwrap();
    assert_eq!(found.figure, figure("fund.a > b.minimum"));
    assert_eq!(found.target, Target::Absolute(1e5));
    assert_eq!(found.written, "fund.a > b.minimum abs 1e5");
    assert_eq!(precision("probability abs 1%").unwrap().target, Target::Absolute(0.01));
    let words = [
        ("es99", "write a figure, rel or abs"),
        ("es99 1%", "write a figure, rel or abs"),
        ("es99 rel 1 %", "write a figure, rel or abs"),
        ("es99 relative 1%", "write a figure, rel or abs"),
        ("es98 rel 1%", "level 0.98 is not in run.levels"),
        ("es99 rel 0", "not above 0 and at most 1"),
        ("es99 rel 1", ""),
        ("es99 rel 101%", "not above 0 and at most 1"),
        ("es99 abs -1", "not above 0: write"),
        ("es99 abs 1%", "write a number of USD"),
        ("probability abs 2", "write 0.05 or 5%"),
        ("max rel 1%", "more paths do not narrow"),
        ("delta.es99 rel 1%", "more paths do not narrow"),
    ];
    for (written, words) in words {
        match precision(written) {
            Ok(found) => assert!(words.is_empty(), "{found:?}"),
            Err(fault) => {
                let told = fault.to_string();
                assert!(!words.is_empty() && told.contains(words), "{written}: {told}");
            }
        }
    }
}

#[test]
fn every_comparison_fails_on_its_side_of_the_bound() {
    let fails = |comparison: Comparison| [1.0, 2.0, 3.0].map(|it| comparison.fails(it, 2.0));
    assert_eq!(fails(Comparison::Above), [false, false, true]);
    assert_eq!(fails(Comparison::AtLeast), [false, true, true]);
    assert_eq!(fails(Comparison::Below), [true, false, false]);
    assert_eq!(fails(Comparison::AtMost), [true, true, false]);
}

/// What a person may type, and what none would.
fn typed() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "es99",
        "var95",
        "delta.",
        "fund.",
        "dydx",
        ".emptied",
        "mean",
        ">",
        "<",
        "=",
        " ",
        "rel",
        "abs",
        "1",
        "e",
        "5",
        "%",
        ".",
        "_",
        "-",
        "nan",
        "inf",
        "probability",
        "µ",
        "\0",
    ]);
    prop_oneof![
        prop::collection::vec(parts, 0..9).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_refused(written in typed()) {
        match parse_gate(&written, &known()) {
            Ok(gate) => {
                prop_assert!(gate.bound.is_finite());
                // What is shown is read as the same gate.
                prop_assert_eq!(parse_gate(&gate.written, &known()), Ok(gate));
            }
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
        match precision(&written) {
            Ok(found) => prop_assert_eq!(precision(&found.written), Ok(found)),
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
    }
}
