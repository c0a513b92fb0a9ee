//! Tables for pandas, polars and DuckDB: all positions, and the paths of the tail.
//!
//! Equal tables have equal bytes: no compression, no clock, and the writer is named by the version
//! of the run, not of the library.

use std::io;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::figures::positions::{TailTotals, position_figures};
use crate::figures::{Facts, PositionFigures};
use crate::tail::{Level, Ordered, TailShares, Tally};

/// The columns of `positions.parquet`, named as in the summary.
const POSITION_COLUMNS: &str = "message positions {
    required binary position (string);
    required binary venue (string);
    required double probability_of_default;
    required double mean_loss_usd;
    optional double exposure_at_default_usd;
    optional double loss_given_default;
    optional double expected_shortfall_share;
}";

/// The columns of `worst_paths.parquet`.
const PATH_COLUMNS: &str = "message worst_paths {
    required int64 path_idx (integer(64, false));
    required double loss_usd;
}";

/// Rows that are written at a time.
const GROUP_ROWS: usize = 1 << 17;

/// Writes `positions.parquet`: every position in the order of the book, columns as in the summary.
///
/// # Errors
///
/// If `out` cannot be written.
pub fn write_positions(
    tally: &Tally,
    facts: &Facts,
    shares: Option<&TailShares>,
    version: &str,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let totals = shares.map(TailTotals::of);
    let mut writer = Writer::open(POSITION_COLUMNS, version, out)?;
    let idxs: Vec<usize> = (0..tally.counters.positions.len()).collect();
    for group in idxs.chunks(GROUP_ROWS) {
        let rows: Vec<PositionFigures> = group
            .iter()
            .map(|&position_idx| position_figures(tally, facts, totals.as_ref(), position_idx))
            .collect();
        let text = |of: fn(&PositionFigures) -> &str| -> Vec<ByteArray> {
            rows.iter().map(|row| ByteArray::from(of(row))).collect()
        };
        let number =
            |of: fn(&PositionFigures) -> f64| -> Vec<f64> { rows.iter().map(of).collect() };
        let maybe = |of: fn(&PositionFigures) -> Option<f64>| -> Vec<Option<f64>> {
            rows.iter().map(of).collect()
        };
        writer.group(|group| {
            column::<ByteArrayType>(group, &text(|row| &row.position))?;
            column::<ByteArrayType>(group, &text(|row| &row.venue))?;
            column::<DoubleType>(group, &number(|row| row.probability_of_default))?;
            column::<DoubleType>(group, &number(|row| row.mean_loss_usd))?;
            optional(group, &maybe(|row| row.exposure_at_default_usd))?;
            optional(group, &maybe(|row| row.loss_given_default))?;
            optional(group, &maybe(|row| row.expected_shortfall_share))
        })?;
    }
    writer.close()
}

/// Writes `worst_paths.parquet`: the paths of the tail beyond [`Facts::tail_level`], worst first,
/// for replay; as many as the tally keeps.
///
/// # Errors
///
/// If `out` cannot be written.
pub fn write_worst_paths(
    tally: &Tally,
    facts: &Facts,
    version: &str,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let ordered = Ordered::of(tally);
    let mut writer = Writer::open(PATH_COLUMNS, version, out)?;
    for rows in ordered.tail_paths(Level::nearest(facts.tail_level())).chunks(GROUP_ROWS) {
        let idxs: Vec<i64> = rows.iter().map(|path| path.path_idx as i64).collect();
        let losses: Vec<f64> = rows.iter().map(|path| facts.usd(path.loss as f64)).collect();
        writer.group(|group| {
            column::<Int64Type>(group, &idxs)?;
            column::<DoubleType>(group, &losses)
        })?;
    }
    writer.close()
}

/// A file whose row groups are written one after the other.
struct Writer<'o>(SerializedFileWriter<&'o mut Vec<u8>>);

type Group<'g, 'o> = SerializedRowGroupWriter<'g, &'o mut Vec<u8>>;

impl<'o> Writer<'o> {
    fn open(columns: &str, version: &str, out: &'o mut Vec<u8>) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(columns).map_err(io::Error::other)?);
        let made_by = format!("shortfall {version}");
        let properties = WriterProperties::builder().set_created_by(made_by).build();
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties));
        writer.map(Self).map_err(io::Error::other)
    }

    fn group(
        &mut self,
        write: impl FnOnce(&mut Group<'_, 'o>) -> Result<(), ParquetError>,
    ) -> io::Result<()> {
        let mut group = self.0.next_row_group().map_err(io::Error::other)?;
        write(&mut group).map_err(io::Error::other)?;
        group.close().map(|_| ()).map_err(io::Error::other)
    }

    fn close(self) -> io::Result<()> {
        self.0.close().map(|_| ()).map_err(io::Error::other)
    }
}

fn column<T: DataType>(group: &mut Group<'_, '_>, values: &[T::T]) -> Result<(), ParquetError> {
    write::<T>(group, values, None)
}

/// A column in which values may be missing.
fn optional(group: &mut Group<'_, '_>, values: &[Option<f64>]) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    write::<DoubleType>(group, &present, Some(&levels))
}

fn write<T: DataType>(
    group: &mut Group<'_, '_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let beyond = || ParquetError::General("a column beyond the schema".to_owned());
    let mut column = group.next_column()?.ok_or_else(beyond)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, Row};

    use super::*;
    use crate::report::fixture;

    fn rows_of(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> Vec<Row> {
        let (mut out, mut again) = (Vec::new(), Vec::new());
        write(&mut out).unwrap();
        write(&mut again).unwrap();
        assert_eq!(out, again, "equal tables have equal bytes");
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &out).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        assert_eq!(reader.metadata().file_metadata().created_by(), Some("shortfall 0.0.0"));
        reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn every_position_has_a_row_under_the_names_of_its_figures() {
        let (tally, shares, facts) = (fixture::tally(), fixture::shares(), fixture::facts());
        let rows = rows_of(|out| write_positions(&tally, &facts, Some(&shares), "0.0.0", out));
        assert_eq!(rows.len(), tally.counters.positions.len());
        let listed = fixture::summary().positions;
        let json = serde_json::to_value(&listed[0]).unwrap();
        let row = rows.iter().find(|row| {
            row.get_column_iter().any(|(_, it)| *it == Field::Str(listed[0].position.clone()))
        });
        for (name, field) in row.unwrap().get_column_iter() {
            let value: serde_json::Value = match field {
                Field::Str(text) => text.as_str().into(),
                Field::Double(number) => (*number).into(),
                other => panic!("{name} is {other}"),
            };
            assert_eq!(json[name], value, "{name}");
        }
        let first: Vec<&Field> = rows[0].get_column_iter().map(|(_, field)| field).collect();
        assert_eq!(first[0], &Field::Str("whale, the 0th".to_owned()));
        assert_eq!(
            (first[4], first[5], first[6]),
            (&Field::Null, &Field::Null, &Field::Double(0.0))
        );
    }

    #[test]
    fn the_paths_of_the_tail_come_worst_first() {
        let (tally, facts) = (fixture::tally(), fixture::facts());
        let rows = rows_of(|out| write_worst_paths(&tally, &facts, "0.0.0", out));
        assert_eq!(rows.len(), 100);
        let worst = Ordered::of(&tally).worst().to_vec();
        for (row, path) in rows.iter().zip(worst) {
            let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
            let loss = Field::Double(facts.usd(path.loss as f64));
            assert_eq!(fields, [&Field::ULong(path.path_idx), &loss]);
        }
    }
}
