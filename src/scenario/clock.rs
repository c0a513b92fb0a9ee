//! The times of a replay's rows: in order, one step apart, each fault and each liberty told.

use super::error::{Broken, Faults};
use super::replay_fault::Unreplayable;
use super::table::{Row, Table};
use super::{RunSpec, duration, instant};
use crate::units::DAYS_PER_YEAR;

/// What the column may be called; the first that the header has.
const COLUMNS: [&str; 5] = ["t", "timestamp", "datetime", "time", "date"];

const NS_PER_YEAR: f64 = DAYS_PER_YEAR * 86_400.0 * 1e9;
/// By how much the distance of two rows may differ from a step, as a share of it.
const SLACK: f64 = 0.1;
/// By how much the commonest distance may.
const SPACING_SLACK: f64 = 0.01;

/// The times as they are read.
pub(super) struct Clock {
    column: Option<usize>,
    times_ns: Vec<i64>,
    lines: Vec<u64>,
    first_bad: Option<(u64, String)>,
    n_bad: u64,
}

/// What of the table is walked, and how.
pub(super) struct Walked<'a> {
    /// How long a step is.
    pub(super) run: &'a RunSpec,
    /// First and last row that a path reads.
    pub(super) rows: (usize, usize),
    /// Whether rows further apart than a step are a step apart.
    pub(super) allow_gaps: bool,
}

impl Clock {
    /// A clock that reads the table's column of times; none of the columns taken as prices is one.
    pub(super) fn of(table: &Table, is_price: impl Fn(usize) -> bool) -> Self {
        let named =
            |name: &&str| table.columns().iter().position(|it| it.eq_ignore_ascii_case(name));
        let column = COLUMNS.iter().filter_map(named).find(|column| !is_price(*column));
        Self { column, times_ns: Vec::new(), lines: Vec::new(), first_bad: None, n_bad: 0 }
    }

    /// Where the column of times is.
    pub(super) fn column(&self) -> Option<usize> {
        self.column
    }

    /// Reads the time of a row.
    pub(super) fn enter(&mut self, row: &Row<'_>) {
        let Some(column) = self.column else { return };
        let text = String::from_utf8_lossy(row.bytes(column));
        if let Some(time_ns) = instant::parse(&text) {
            self.times_ns.push(time_ns);
            self.lines.push(row.line());
            return;
        }
        self.n_bad += 1;
        self.first_bad.get_or_insert_with(|| (row.line(), text.into_owned()));
    }

    /// The times, once they are found in order; empty where the table has none, `None` after a
    /// fault.
    pub(super) fn close(
        self,
        table: &Table,
        walked: &Walked<'_>,
        notes: &mut Vec<String>,
        faults: &mut Faults,
    ) -> Option<Vec<i64>> {
        let Some(column) = self.column else {
            notes.push(format!(
                "{}: no column `t` says when its rows were, so they are walked as one step each",
                table.name()
            ));
            return Some(Vec::new());
        };
        let key = &table.columns()[column];
        if let Some((line, text)) = self.first_bad {
            let broken = Unreplayable::NotATime { text, n_more: self.n_bad - 1 };
            faults.push(table.fault_at(Some(line), key, Broken::Replay(broken)));
            return None;
        }
        let mut tell = |row: usize, broken| {
            faults.push(table.fault_at(Some(self.lines[row]), key, Broken::Replay(broken)));
            None
        };
        if let Some(row) = self.times_ns.windows(2).position(|pair| pair[1] < pair[0]) {
            let (time, before) = (self.times_ns[row + 1], self.times_ns[row]);
            let (time, before) = (instant::shown(time), instant::shown(before));
            return tell(row + 1, Unreplayable::BackInTime { time, before, line: self.lines[row] });
        }
        let step_ns = walked.run.step_years * NS_PER_YEAR;
        let step = duration::shown(walked.run.step_years);
        if let Some((row, spacing_ns)) = spacing(&self.times_ns, step_ns)
            && (spacing_ns - step_ns).abs() > SPACING_SLACK * step_ns
        {
            let spacing = duration::shown(spacing_ns / NS_PER_YEAR);
            return tell(row, Unreplayable::OtherSpacing { spacing, step });
        }
        let uneven = Uneven::of(&self.times_ns, walked.rows, step_ns);
        if let Some(row) = uneven.first_gap {
            let distance_ns = (self.times_ns[row] - self.times_ns[row - 1]) as f64;
            let first = duration::shown(distance_ns / NS_PER_YEAR);
            if !walked.allow_gaps {
                return tell(row, Unreplayable::Gaps { n: uneven.n_gaps, first, step });
            }
            let n = uneven.n_gaps;
            notes.push(format!(
                "{}:{} {key}: {n} {} not one step of {step} after the row before, the first \
                 {first} after it, walked as one step each (`allow_gaps`)",
                table.name(),
                self.lines[row],
                if n == 1 { "row is" } else { "rows are" },
            ));
        }
        if let Some(row) = uneven.first_same {
            let n = uneven.n_same;
            notes.push(format!(
                "{}:{} {key} = {}: {n} {} the time of the row before, the first here; each row \
                 is walked as one step",
                table.name(),
                self.lines[row],
                instant::shown(self.times_ns[row]),
                if n == 1 { "row has" } else { "rows have" },
            ));
        }
        Some(self.times_ns)
    }
}

/// The commonest distance of two rows, of several the one nearest to a step, and the row behind the
/// first such; `None` where no time passes.
fn spacing(times_ns: &[i64], step_ns: f64) -> Option<(usize, f64)> {
    let mut distances: Vec<(i64, usize)> = times_ns
        .windows(2)
        .zip(1..)
        .map(|(pair, row)| (pair[1].saturating_sub(pair[0]), row))
        .filter(|(distance, _)| *distance > 0)
        .collect();
    distances.sort_unstable();
    let away = |distance: i64| (distance as f64 - step_ns).abs();
    let alike = distances.chunk_by(|a, b| a.0 == b.0);
    let commonest = alike
        .max_by(|a, b| a.len().cmp(&b.len()).then_with(|| away(b[0].0).total_cmp(&away(a[0].0))))?;
    Some((commonest[0].1, commonest[0].0 as f64))
}

/// Rows that are not one step after the row before.
#[derive(Default)]
struct Uneven {
    first_gap: Option<usize>,
    n_gaps: u64,
    first_same: Option<usize>,
    n_same: u64,
}

impl Uneven {
    fn of(times_ns: &[i64], (first, last): (usize, usize), step_ns: f64) -> Self {
        let mut found = Self::default();
        for row in first + 1..=last {
            let distance = times_ns[row].saturating_sub(times_ns[row - 1]);
            if distance == 0 {
                found.n_same += 1;
                found.first_same.get_or_insert(row);
            } else if (distance as f64 - step_ns).abs() > SLACK * step_ns {
                found.n_gaps += 1;
                found.first_gap.get_or_insert(row);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_distance_is_the_spacing() {
        assert_eq!(spacing(&[0, 60, 120, 500, 560], 60.0), Some((1, 60.0)));
        assert_eq!(spacing(&[0, 60, 120, 500, 560], 380.0), Some((1, 60.0)));
        assert_eq!(spacing(&[0, 60, 180], 120.0), Some((2, 120.0)), "of two, the nearest");
        assert_eq!(spacing(&[5, 5, 5], 60.0), None);
        assert_eq!(spacing(&[5], 60.0), None);
    }

    #[test]
    fn rows_off_the_step_are_counted_among_those_that_are_walked() {
        let times = [0, 60, 60, 125, 300, 330, 900];
        let uneven = Uneven::of(&times, (0, 5), 60.0);
        assert_eq!((uneven.n_same, uneven.first_same), (1, Some(2)));
        assert_eq!((uneven.n_gaps, uneven.first_gap), (2, Some(4)));
        let none = Uneven::of(&times, (0, 1), 60.0);
        assert_eq!((none.n_same, none.n_gaps), (0, 0));
    }
}
