//! Tables of text, plain or gzipped: opened, their header checked, read row by row, each fault by
//! line.

use std::io::{self, Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use csv::ByteRecord;

use super::bounds::{MOST_COLUMNS, MOST_ROW_BYTES, MOST_ROWS, MOST_SCENARIO_BYTES};
use super::error::{Broken, Fault, Faults, Input, Place};
use super::limit::Limit;
use super::reach::Source;
use super::separator::{self, Beginning};
use super::spelling::list;
use super::stream::{BUFFER_BYTES, Excess, Stream, read_whole, unreadable};
use super::written::Bounds;

/// An open table, before or at a row.
pub(in crate::scenario) struct Table {
    file: Arc<str>,
    name: String,
    stream: Stream,
    reader: csv::Reader<Box<dyn Read>>,
    columns: Vec<String>,
    record: ByteRecord,
    separator: u8,
    /// Lines before the header that the parser does not see.
    n_skipped: u64,
    n_rows: u64,
}

/// The row that was read last.
pub(in crate::scenario) struct Row<'t> {
    table: &'t Table,
}

/// The whole of a scenario's text.
pub(in crate::scenario) fn read_text(
    path: &Path,
    file: &Arc<str>,
    faults: &mut Faults,
) -> Option<String> {
    let bytes = read_whole(&Source::of_command_line(path), MOST_SCENARIO_BYTES);
    let told = |broken, line| {
        let place = Place { file: Arc::clone(file), line, key: String::new() };
        Fault { place, broken }
    };
    if let Ok(bytes) = &bytes {
        faults.inputs.push(Input { name: name_of(path), blake3: blake3::hash(bytes) });
    }
    match bytes.map(String::from_utf8) {
        Ok(Ok(text)) => Some(text),
        Ok(Err(error)) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count() as u64;
            faults.push(told(Broken::NotUtf8, Some(line)));
            None
        }
        Err(error) => {
            faults.push(told(unreadable(&error), None));
            None
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Table {
    /// Opens a table and reads its header, of which `columns` is an example.
    pub(in crate::scenario) fn open(
        source: &Source,
        columns: &'static str,
        faults: &mut Faults,
    ) -> Option<Self> {
        let file: Arc<str> = source.name.display().to_string().into();
        let told = |broken| {
            let place = Place { file: Arc::clone(&file), ..Place::default() };
            Fault { place, broken }
        };
        let mut stream = match Stream::open(source) {
            Ok(stream) => stream,
            Err(error) => {
                faults.push(told(unreadable(&error)));
                return None;
            }
        };
        let mut bytes = std::mem::replace(&mut stream.bytes, Box::new(io::empty()));
        let beginning = match separator::begin(&mut bytes) {
            Ok(Beginning { is_other: Some(name), .. }) => {
                faults.push(told(Broken::NotATable { name, columns }));
                return None;
            }
            Ok(beginning) => beginning,
            Err(error) => {
                let place = Place { file, line: Some(1), ..Place::default() };
                faults.push(Fault { place, broken: broken_stream(&error) });
                return None;
            }
        };
        let Beginning { bytes: first_bytes, separator, n_lines, .. } = beginning;
        let bytes: Box<dyn Read> = Box::new(Cursor::new(first_bytes).chain(bytes));
        let mut builder = csv::ReaderBuilder::new();
        builder.flexible(true).buffer_capacity(BUFFER_BYTES).delimiter(separator);
        let mut table = Self {
            file,
            name: name_of(&source.name),
            stream,
            reader: builder.from_reader(bytes),
            columns: Vec::new(),
            record: ByteRecord::new(),
            separator,
            n_skipped: n_lines,
            n_rows: 0,
        };
        table.read_header(columns, faults)?;
        Some(table)
    }

    fn read_header(&mut self, columns: &'static str, faults: &mut Faults) -> Option<()> {
        let header = match self.reader.byte_headers() {
            Ok(header) => header.clone(),
            Err(error) => {
                faults.push(self.broken_stream(&error));
                return None;
            }
        };
        if header.is_empty() {
            faults.push(self.fault_at(None, "", Broken::Empty { columns }));
            return None;
        }
        let is_long = header.as_slice().len() as u64 > MOST_ROW_BYTES;
        if is_long || header.len() > MOST_COLUMNS {
            let (what, most) = ("columns", MOST_COLUMNS as u64);
            let remedy = "keep those that are read, and write rows below the header";
            let of_columns = Broken::Limit(Limit::TooMany { what, most, remedy });
            let broken = if is_long { Excess::Row.broken() } else { of_columns };
            faults.push(self.fault_at(Some(self.header_line()), "", broken));
            return None;
        }
        for column in &header {
            let Ok(name) = std::str::from_utf8(column.trim_ascii()) else {
                faults.push(self.fault_at(Some(self.header_line()), "", Broken::NotUtf8));
                return None;
            };
            self.columns.push(name.to_owned());
        }
        Some(())
    }

    /// The file as it was opened.
    pub(in crate::scenario) fn name(&self) -> &str {
        &self.file
    }

    /// The names in the header.
    pub(in crate::scenario) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The line of the header.
    pub(in crate::scenario) fn header_line(&self) -> u64 {
        1 + self.n_skipped
    }

    /// Where the columns of these names are, or one fault of all that are missing, and one for each
    /// that is double.
    pub(in crate::scenario) fn require(
        &self,
        names: &[&str],
        faults: &mut Faults,
    ) -> Option<Vec<usize>> {
        let is_there = |name: &str| self.columns.iter().any(|it| it.eq_ignore_ascii_case(name));
        let missing: Vec<&str> = names.iter().copied().filter(|name| !is_there(name)).collect();
        if !missing.is_empty() {
            let (key, found) = (missing.join(","), self.columns.clone());
            let broken = match missing[..] {
                [name] => Broken::MissingColumn { column: name.to_owned(), found },
                _ => Broken::MissingColumns { found },
            };
            faults.push(self.fault_at(Some(self.header_line()), &key, broken));
        }
        let found: Vec<Option<usize>> = names.iter().map(|name| self.find(name, faults)).collect();
        found.into_iter().collect()
    }

    /// Where a column is, if it is there, in whatever case; a fault if it is there twice.
    pub(in crate::scenario) fn find(&self, name: &str, faults: &mut Faults) -> Option<usize> {
        let columns = || self.columns.iter().enumerate();
        let mut found: Vec<usize> =
            columns().filter(|(_, it)| *it == name).map(|(column, _)| column).collect();
        if found.is_empty() {
            let alike = columns().filter(|(_, it)| it.eq_ignore_ascii_case(name));
            found = alike.map(|(column, _)| column).collect();
        }
        if found.len() > 1 {
            faults.push(self.fault_at(Some(self.header_line()), name, Broken::DoubleColumn));
            return None;
        }
        found.first().copied()
    }

    /// What the reader should know of columns that are not read.
    pub(in crate::scenario) fn note_of_ignored(
        &self,
        is_read: impl Fn(usize) -> bool,
    ) -> Option<String> {
        let columns = self.columns.iter().enumerate();
        let ignored: Vec<&String> =
            columns.filter(|(column, _)| !is_read(*column)).map(|(_, name)| name).collect();
        let file = &self.file;
        (!ignored.is_empty()).then(|| format!("{file}: ignored columns: {}", list(&ignored)))
    }

    /// The next row that has as many fields as the header; ragged ones are told and passed over.
    pub(in crate::scenario) fn next_row(&mut self, faults: &mut Faults) -> Option<Row<'_>> {
        while !faults.are_enough() {
            let (begins, line) = (self.reader.position().byte(), self.reader.position().line());
            self.stream.leash.begin_row(begins);
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    let mut fault = self.broken_stream(&error);
                    if matches!(fault.broken, Broken::Limit(_)) {
                        fault.place.line = Some(line + self.n_skipped);
                    }
                    faults.push(fault);
                    return None;
                }
            }
            self.n_rows += 1;
            if self.n_rows > MOST_ROWS || self.record.as_slice().len() as u64 > MOST_ROW_BYTES {
                let remedy = "split the table into several scenarios' own";
                let of_rows =
                    Broken::Limit(Limit::TooMany { what: "rows", most: MOST_ROWS, remedy });
                let is_many = self.n_rows > MOST_ROWS;
                let broken = if is_many { of_rows } else { Excess::Row.broken() };
                faults.push(self.fault_at(self.line(), "", broken));
                return None;
            }
            let (n_fields, n_columns) = (self.record.len(), self.columns.len());
            if n_fields == n_columns {
                return Some(Row { table: self });
            }
            let broken = Broken::RaggedRow { n_fields, n_columns };
            faults.push(self.fault_at(self.line(), "", broken));
        }
        None
    }

    /// To be called when all rows are read: a table without rows is a fault.
    pub(in crate::scenario) fn end(&self, faults: &mut Faults) -> Option<()> {
        faults.inputs.push(Input { name: self.name.clone(), blake3: self.stream.blake3() });
        if self.n_rows == 0 {
            // A stream that broke before its first row has told its fault.
            if !faults.has_any_of(&self.file) {
                faults.push(self.fault_at(Some(self.header_line()), "", Broken::NoRows));
            }
            return None;
        }
        Some(())
    }

    /// A fault in this file.
    pub(in crate::scenario) fn fault_at(
        &self,
        line: Option<u64>,
        key: &str,
        broken: Broken,
    ) -> Fault {
        let place = Place { file: Arc::clone(&self.file), line, key: key.to_owned() };
        Fault { place, broken }
    }

    fn line(&self) -> Option<u64> {
        self.record.position().map(|position| position.line() + self.n_skipped)
    }

    fn broken_stream(&self, error: &csv::Error) -> Fault {
        let line = Some(self.reader.position().line() + self.n_skipped);
        let broken = match error.kind() {
            csv::ErrorKind::Io(error) => broken_stream(error),
            // With byte records and rows of any length, nothing but the stream can fail.
            _ => Broken::Unreadable { kind: ErrorKind::Other },
        };
        self.fault_at(line, "", broken)
    }
}

/// Why no more of a stream can be read.
fn broken_stream(error: &io::Error) -> Broken {
    match error.kind() {
        ErrorKind::UnexpectedEof => Broken::TruncatedGzip,
        ErrorKind::InvalidInput | ErrorKind::InvalidData => Broken::DamagedGzip,
        _ => unreadable(error),
    }
}

impl<'t> Row<'t> {
    /// The bytes of a field, without the blanks around it.
    pub(in crate::scenario) fn bytes(&self, column: usize) -> &'t [u8] {
        self.table.record[column].trim_ascii()
    }

    /// A field as text.
    pub(in crate::scenario) fn text(&self, column: usize, faults: &mut Faults) -> Option<&'t str> {
        let text = std::str::from_utf8(self.bytes(column)).ok();
        if text.is_none() {
            self.fault(column, Broken::NotUtf8, faults);
        }
        text
    }

    /// A field as a finite number.
    pub(in crate::scenario) fn finite(&self, column: usize, faults: &mut Faults) -> Option<f64> {
        let text = self.text(column, faults)?;
        match separator::with_point(text, self.table.separator).parse::<f64>() {
            Ok(value) if value.is_finite() => return Some(value),
            Ok(_) => self.fault(column, Broken::NotFinite { value: text.to_owned() }, faults),
            Err(_) => self.fault(column, Broken::NotANumber { text: text.to_owned() }, faults),
        }
        None
    }

    /// A field as a number within bounds.
    pub(in crate::scenario) fn number(
        &self,
        column: usize,
        bounds: &Bounds,
        faults: &mut Faults,
    ) -> Option<f64> {
        let value = self.finite(column, faults)?;
        if !bounds.hold(value) {
            self.fault(column, bounds.broken_by(value), faults);
            return None;
        }
        Some(value)
    }

    /// Tells that the row needs a column that the header lacks.
    pub(in crate::scenario) fn missing(&self, column: &str, faults: &mut Faults) {
        faults.push_with(&self.table.file, || {
            let found = self.table.columns.clone();
            let broken = Broken::MissingColumn { column: column.to_owned(), found };
            self.table.fault_at(self.table.line(), column, broken)
        });
    }

    /// The line on which the row begins.
    pub(in crate::scenario) fn line(&self) -> u64 {
        self.table.line().unwrap_or(0)
    }

    /// Tells a fault of a field.
    pub(in crate::scenario) fn fault(&self, column: usize, broken: Broken, faults: &mut Faults) {
        self.fault_with(column, || broken, faults);
    }

    /// Tells a fault of a field, which is made only where it is listed.
    pub(in crate::scenario) fn fault_with(
        &self,
        column: usize,
        broken: impl FnOnce() -> Broken,
        faults: &mut Faults,
    ) {
        let Table { file, columns, .. } = self.table;
        faults
            .push_with(file, || self.table.fault_at(self.table.line(), &columns[column], broken()));
    }
}
