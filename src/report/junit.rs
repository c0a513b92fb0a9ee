//! The gates as JUnit XML, which every CI system shows: one test case a gate.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as XmlReport, TestCase, TestCaseStatus, TestSuite};

use super::gates::GateFigures;
use super::gates::closing;
use super::verdict::Verdict;
use crate::escape;

/// Writes the gates of a run of a scenario. A breach is a failure, and what more paths must tell an
/// error.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(scenario: &str, gates: &[GateFigures], out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new(escape::line(scenario));
    suite.add_test_cases(gates.iter().map(|gate| test_case(scenario, gate)));
    if let Some(closing) = closing(gates) {
        suite.set_system_out(closing);
    }
    let mut report = XmlReport::new("shortfall");
    report.add_test_suite(suite);
    report.serialize(out).map_err(io::Error::other)
}

fn test_case(scenario: &str, gate: &GateFigures) -> TestCase {
    let kind = match gate.verdict {
        Verdict::Passed => None,
        Verdict::Inconclusive => Some(NonSuccessKind::Error),
        Verdict::Breached => Some(NonSuccessKind::Failure),
    };
    let [fail_on, verdict, value, low, high] = gate.cells();
    let interval = match (gate.low, gate.high) {
        (None, None) => String::new(),
        _ => format!(" (95 %: {low} to {high})"),
    };
    let told = format!("{}; the figure is {value}{interval}", gate.sentence());
    let status = kind.map_or_else(TestCaseStatus::success, |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(verdict).set_message(&*told);
        status
    });
    let mut case = TestCase::new(escape::line(&fail_on), status);
    case.set_classname(escape::line(scenario)).set_system_out(told);
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn gates_are_test_cases_and_any_xml_parser_reads_them() {
        let scenario = "<we & \"they\">";
        let mut out = Vec::new();
        write(scenario, &fixture::gates(), &mut out).unwrap();
        let xml = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let suite = document.descendants().find(|it| it.has_tag_name("testsuite")).unwrap();
        let counts = ["name", "tests", "failures", "errors"].map(|key| suite.attribute(key));
        assert_eq!(counts, [Some(scenario), Some("3"), Some("1"), Some("1")]);
        let cases: Vec<_> = suite.children().filter(|it| it.has_tag_name("testcase")).collect();
        let names: Vec<_> = cases.iter().filter_map(|case| case.attribute("name")).collect();
        assert_eq!(names, ["es99 > 2.5e6", "mean < 1", "probability >= 50%"]);
        let faults: Vec<Vec<&str>> = cases
            .iter()
            .map(|case| {
                let elements = case.children().filter(|it| it.is_element());
                elements.map(|it| it.tag_name().name()).collect()
            })
            .collect();
        let out = "system-out";
        assert_eq!(faults, [vec!["failure", out], vec!["error", out], vec![out]]);
        let failure = cases[0].children().find(|it| it.has_tag_name("failure")).unwrap();
        assert_eq!(failure.attribute("type"), Some("breached"));
        let told = "es99 > 2.5e6: breached by 500,000 (20 %); the figure is 3,000,000 \
                    (95 %: 2,600,000 to 3,400,000)";
        assert_eq!(failure.attribute("message"), Some(told));
        let whole = suite.children().find(|it| it.has_tag_name("system-out")).unwrap();
        assert_eq!(whole.text(), closing(&fixture::gates()).as_deref());
    }
}
