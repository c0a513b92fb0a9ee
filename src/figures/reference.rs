//! The list of figures told to people: the help of `--fail-on`, and the guide's tables.

use std::fmt::Write;

use super::FIGURES;
use super::row::{Of, Row};
use crate::escape;

/// The figures that gates may name, a line each.
#[must_use]
pub fn help() -> String {
    let gates: Vec<(String, &Row)> = rows(true).collect();
    let width = gates.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut help = String::new();
    for (name, row) in gates {
        let _infallible = writeln!(help, "  {name:<width$}  {}", row.about);
    }
    help
}

/// A table of the guide: the figures that gates may name, or all others.
#[must_use]
pub fn markdown(of_gates: bool) -> String {
    let mut table = "| figure | what it is | in JSON |\n|---|---|---|\n".to_owned();
    for (name, Row { about, json, needs, .. }) in rows(of_gates) {
        let about = escape::markdown(about);
        let needs = needs
            .remedy()
            .map_or_else(String::new, |remedy| format!("; asks for {}", escape::markdown(remedy)));
        let _infallible = writeln!(table, "| `{name}` | {about}{needs} | `{json}` |");
    }
    table
}

/// The rows, with a name such as `es99` or `fund.VENUE.emptied`.
fn rows(of_gates: bool) -> impl Iterator<Item = (String, &'static Row)> {
    let named = |of: Of| {
        let example = match of {
            Of::Run => "",
            Of::Level => "99",
            Of::Fund => "VENUE",
            Of::Pool => "VENUE.ASSET",
        };
        move |row: &'static Row| (row.name.replace('*', example), row)
    };
    let all = FIGURES.iter().flat_map(move |group| group.rows.iter().map(named(group.of)));
    all.filter(move |(_, row)| row.is_gate() == of_gates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_the_tables_of_the_list() {
        let guide = include_str!("../guide/gates.md");
        for of_gates in [true, false] {
            let table = markdown(of_gates);
            assert!(guide.contains(&table), "src/guide/gates.md lacks this table:\n\n{table}");
        }
    }

    #[test]
    fn help_has_a_line_for_every_gate_and_fits_where_clap_indents_it() {
        let help = help();
        assert_eq!(help.lines().count(), rows(true).count());
        assert!(help.lines().any(|line| line.trim_start().starts_with("fund.VENUE.minimum ")));
        assert!(help.lines().all(|line| line.len() <= 92), "{help}");
    }
}
