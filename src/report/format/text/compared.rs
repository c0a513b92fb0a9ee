//! A run against its baseline, told to people: figures, then whose bad debt moved.

use std::io::{self, Write};

use super::table::Table;
use crate::escape;
use crate::figures::number::counted;
use crate::report::baseline::{BaselineFigures, DIFFERENCE_HEADINGS};
use crate::report::moved::MOVED_HEADINGS;

/// Writes nothing where there is no baseline.
pub(super) fn write(baseline: Option<&BaselineFigures>, out: &mut dyn Write) -> io::Result<()> {
    let Some(baseline) = baseline else { return Ok(()) };
    let BaselineFigures { scenario, program_digest, .. } = baseline;
    let scenario = escape::name(scenario);
    let program = program_digest.get(..16).unwrap_or(program_digest);
    let program = escape::name(program);
    writeln!(out, "\nThe same paths under the baseline, {scenario} (program {program})")?;
    let mut table = Table::new(1, &DIFFERENCE_HEADINGS);
    for difference in &baseline.differences {
        table.row(difference.cells());
    }
    table.write(out)?;
    if baseline.void_paths > 0 {
        let n_paths = counted(baseline.void_paths, "path");
        writeln!(out, "  ({n_paths} of the baseline void: its figures are lower bounds)")?;
    }
    write_moved(baseline, out)
}

fn write_moved(baseline: &BaselineFigures, out: &mut dyn Write) -> io::Result<()> {
    let pools: Vec<_> = baseline.pools.iter().filter(|pool| pool.is_told()).collect();
    if !pools.is_empty() {
        writeln!(out, "\nMean bad debt of the pools, against the baseline")?;
        let mut table = Table::new(2, &[&["venue", "debt asset"][..], &MOVED_HEADINGS].concat());
        for pool in pools {
            let names = [pool.venue.clone(), pool.debt_asset.clone()];
            table.row(names.into_iter().chain(pool.moved.cells()));
        }
        table.write(out)?;
    }
    if !baseline.positions.is_empty() {
        writeln!(out, "\nMean bad debt of the positions that moved most")?;
        let mut table = Table::new(2, &[&["position", "venue"][..], &MOVED_HEADINGS].concat());
        for it in &baseline.positions {
            let names = [it.position.clone(), it.venue.clone()];
            table.row(names.into_iter().chain(it.moved.cells()));
        }
        table.write(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_comparison_is_golden() {
        let mut out = Vec::new();
        write(Some(&fixture::baseline()), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn void_paths_of_a_baseline_are_told() {
        let mut out = Vec::new();
        let baseline = BaselineFigures { void_paths: 2, ..fixture::baseline() };
        write(Some(&baseline), &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        let words = "(2 paths of the baseline void: its figures are lower bounds)";
        assert!(told.contains(words), "{told}");
    }
}
