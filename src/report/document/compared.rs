//! A run against its baseline: figures, then whose bad debt moved.

use super::{Body, Section, Table};
use crate::escape;
use crate::figures::number::counted;
use crate::report::baseline::{BaselineFigures, DIFFERENCE_HEADINGS};
use crate::report::moved::MOVED_HEADINGS;

/// The figures, and below them the pools and positions that moved, where any did.
pub(in crate::report) fn compared(baseline: &BaselineFigures) -> Vec<Section> {
    let BaselineFigures { scenario, program_digest, .. } = baseline;
    let scenario = escape::name(scenario);
    let program = program_digest.get(..16).unwrap_or(program_digest);
    let program = escape::name(program);
    let title = format!("The same paths under the baseline, {scenario} (program {program})");
    let mut table = Table::new(1, DIFFERENCE_HEADINGS);
    for difference in &baseline.differences {
        let [name, figures @ ..] = difference.cells();
        table.row([name], figures);
    }
    let void = (baseline.void_paths > 0).then(|| {
        let n_paths = counted(baseline.void_paths, "path");
        format!("({n_paths} of the baseline void: its figures are lower bounds)")
    });
    let mut sections = vec![Section::titled(title, table).noted(void)];
    sections.extend(moved(baseline));
    sections
}

fn moved(baseline: &BaselineFigures) -> Vec<Section> {
    let mut pools = Table::new(2, [&["venue", "debt asset"][..], &MOVED_HEADINGS].concat());
    for it in baseline.pools.iter().filter(|pool| pool.is_told()) {
        pools.row([it.venue.clone(), it.debt_asset.clone()], it.moved.cells());
    }
    let mut positions = Table::new(2, [&["position", "venue"][..], &MOVED_HEADINGS].concat());
    for it in &baseline.positions {
        positions.row([it.position.clone(), it.venue.clone()], it.moved.cells());
    }
    let sections = [
        Section::titled("Mean bad debt of the pools, against the baseline", pools),
        Section::titled("Mean bad debt of the positions that moved most", positions),
    ];
    let has_rows = |section: &Section| match &section.body {
        Body::Table(table) => !table.rows.is_empty(),
        Body::Nothing | Body::Lines(_) => false,
    };
    sections.into_iter().filter(has_rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Document;
    use crate::report::fixture;
    use crate::report::format::text;

    fn written(baseline: &BaselineFigures) -> String {
        // As it stands in a report, behind other sections.
        let sections = vec![Section::default()].into_iter().chain(compared(baseline)).collect();
        text::printed(&Document { sections })
    }

    #[test]
    fn a_comparison_is_golden() {
        insta::assert_snapshot!(written(&fixture::baseline()));
    }

    #[test]
    fn void_paths_of_a_baseline_are_told() {
        let told = written(&BaselineFigures { void_paths: 2, ..fixture::baseline() });
        let words = "(2 paths of the baseline void: its figures are lower bounds)";
        assert!(told.contains(words), "{told}");
    }
}
