//! Backends side by side, and how cost grows.

use std::io::{self, Write};

use super::table::Table;
use crate::escape;
use crate::report::bench::{BENCH_HEADINGS, BENCH_NOTES, Bench, Growth};

pub(in crate::report::format) fn write_bench(bench: &Bench, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", escape::line(&bench.headline()))?;
    let mut table = Table::new(1, &BENCH_HEADINGS);
    for backend in &bench.backends {
        table.row(backend.cells());
    }
    table.write(out)?;
    writeln!(out)?;
    BENCH_NOTES.iter().try_for_each(|note| writeln!(out, "{note}"))?;
    writeln!(out, "\n{}", bench.compared())?;
    writeln!(out, "outcomes {}", bench.outcome_digest)?;
    writeln!(out, "tally    {}", bench.tally_digest)
}

pub(in crate::report::format) fn write_growth(
    growth: &[Growth],
    out: &mut dyn Write,
) -> io::Result<()> {
    for (idx, it) in growth.iter().enumerate() {
        let gap = if idx == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}", it.headline())?;
        let mut table = Table::new(0, &it.headings());
        for point in &it.points {
            table.row(point.cells());
        }
        table.write(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::bench::fixture;

    #[test]
    fn the_tables_are_golden() {
        let mut out = Vec::new();
        write_bench(&fixture::bench(), &mut out).unwrap();
        write_growth(&fixture::growth(), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
