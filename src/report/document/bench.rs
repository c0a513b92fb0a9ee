//! Backends side by side, and how cost grows.

use super::{Document, Line, Section, Table};
use crate::report::bench::{BENCH_HEADINGS, BENCH_NOTES, Bench, Growth};

pub(in crate::report) fn bench(bench: &Bench) -> Document {
    let mut table = Table::new(1, BENCH_HEADINGS);
    for backend in &bench.backends {
        let [name, rates @ ..] = backend.cells();
        table.row([name], rates);
    }
    let notes = BENCH_NOTES.map(|note| Line::Plain(note.to_owned())).to_vec();
    let compared = vec![
        Line::Plain(bench.compared()),
        Line::Plain(format!("outcomes {}", bench.outcome_digest)),
        Line::Plain(format!("tally    {}", bench.tally_digest)),
    ];
    let sections = vec![
        Section::headline(bench.headline()),
        Section::untitled(table),
        Section::untitled(notes),
        Section::untitled(compared),
    ];
    Document { sections }
}

pub(in crate::report) fn growth(growth: &[Growth]) -> Document {
    let section = |it: &Growth| {
        let mut table = Table::new(0, it.headings());
        it.points.iter().for_each(|point| table.row([], point.cells()));
        Section::titled(it.headline(), table)
    };
    Document { sections: growth.iter().map(section).collect() }
}

#[cfg(test)]
mod tests {
    use crate::report::bench::fixture;
    use crate::report::format::{Answer, text};

    #[test]
    fn the_tables_are_golden() {
        let (bench, growth) = (fixture::bench(), fixture::growth());
        let all = [Answer::Bench(&bench), Answer::Growth(&growth)].map(|it| text::written(&it));
        insta::assert_snapshot!(all.concat());
    }
}
