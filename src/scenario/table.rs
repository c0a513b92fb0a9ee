//! Tables of text, plain or gzipped: opened, their header checked, read row by row, each fault by
//! line.

use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use super::error::{Broken, Fault, Faults, Input, Place};
use super::separator::{self, Beginning};
use super::spelling::list;
use super::written::Bounds;

/// Bytes that the parser takes at a time.
const BUFFER_BYTES: usize = 1 << 20;
/// The first bytes of a gzip file, whatever its name.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An open table, before or at a row.
pub(super) struct Table {
    file: Arc<str>,
    reader: csv::Reader<Box<dyn Read>>,
    columns: Vec<String>,
    record: ByteRecord,
    separator: u8,
    /// Lines before the header that the parser does not see.
    n_skipped: u64,
    n_rows: u64,
}

/// The row that was read last.
pub(super) struct Row<'t> {
    table: &'t Table,
}

/// The whole of a text file.
pub(super) fn read_text(path: &Path, file: &Arc<str>, faults: &mut Faults) -> Option<String> {
    let bytes =
        if path.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { std::fs::read(path) };
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
            faults.push(told(unreadable(error.kind()), None));
            None
        }
    }
}

/// What a system's error means to the one who named the file.
fn unreadable(kind: ErrorKind) -> Broken {
    match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Broken::NoSuchFile,
        ErrorKind::IsADirectory => Broken::IsAFolder,
        kind => Broken::Unreadable { kind },
    }
}

/// A table's bytes, unpacked, and the file that they are in.
fn open(path: &Path) -> std::io::Result<(Box<dyn Read>, Input)> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    // Read whole, so that the digest is that of the rows, and a pipe will do.
    let bytes = std::fs::read(path)?;
    let input = Input { name: name_of(path), blake3: blake3::hash(&bytes) };
    let is_gzip = bytes.starts_with(&GZIP_MAGIC);
    let bytes = Cursor::new(bytes);
    Ok((if is_gzip { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) }, input))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Table {
    /// Opens a table and reads its header, of which `columns` is an example.
    pub(super) fn open(path: &Path, columns: &'static str, faults: &mut Faults) -> Option<Self> {
        let file: Arc<str> = path.display().to_string().into();
        let told = |broken| {
            let place = Place { file: Arc::clone(&file), ..Place::default() };
            Fault { place, broken }
        };
        let mut bytes = match open(path) {
            Ok((bytes, input)) => {
                faults.inputs.push(input);
                bytes
            }
            Err(error) => {
                faults.push(told(unreadable(error.kind())));
                return None;
            }
        };
        let beginning = match separator::begin(&mut bytes) {
            Ok(Beginning { is_other: Some(name), .. }) => {
                faults.push(told(Broken::NotATable { name, columns }));
                return None;
            }
            Ok(beginning) => beginning,
            Err(error) => {
                let place = Place { file, line: Some(1), ..Place::default() };
                faults.push(Fault { place, broken: broken_stream(error.kind()) });
                return None;
            }
        };
        let Beginning { bytes: first_bytes, separator, n_lines, .. } = beginning;
        let bytes: Box<dyn Read> = Box::new(Cursor::new(first_bytes).chain(bytes));
        let mut builder = csv::ReaderBuilder::new();
        builder.flexible(true).buffer_capacity(BUFFER_BYTES).delimiter(separator);
        let mut table = Self {
            file,
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
    pub(super) fn name(&self) -> &str {
        &self.file
    }

    /// The names in the header.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The line of the header.
    pub(super) fn header_line(&self) -> u64 {
        1 + self.n_skipped
    }

    /// Where the columns of these names are, or one fault of all that are missing, and one for each
    /// that is double.
    pub(super) fn require(&self, names: &[&str], faults: &mut Faults) -> Option<Vec<usize>> {
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
    pub(super) fn find(&self, name: &str, faults: &mut Faults) -> Option<usize> {
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
    pub(super) fn note_of_ignored(&self, is_read: impl Fn(usize) -> bool) -> Option<String> {
        let columns = self.columns.iter().enumerate();
        let ignored: Vec<&String> =
            columns.filter(|(column, _)| !is_read(*column)).map(|(_, name)| name).collect();
        let file = &self.file;
        (!ignored.is_empty()).then(|| format!("{file}: ignored columns: {}", list(&ignored)))
    }

    /// The next row that has as many fields as the header; ragged ones are told and passed over.
    pub(super) fn next_row(&mut self, faults: &mut Faults) -> Option<Row<'_>> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    faults.push(self.broken_stream(&error));
                    return None;
                }
            }
            self.n_rows += 1;
            let (n_fields, n_columns) = (self.record.len(), self.columns.len());
            if n_fields == n_columns {
                return Some(Row { table: self });
            }
            let broken = Broken::RaggedRow { n_fields, n_columns };
            faults.push(self.fault_at(self.line(), "", broken));
        }
    }

    /// To be called when all rows are read: a table without rows is a fault.
    pub(super) fn end(&self, faults: &mut Faults) -> Option<()> {
        if self.n_rows == 0 {
            // A stream that broke before its first row has told its fault.
            if !faults.listed().iter().any(|fault| fault.place.file == self.file) {
                faults.push(self.fault_at(Some(self.header_line()), "", Broken::NoRows));
            }
            return None;
        }
        Some(())
    }

    /// A fault in this file.
    pub(super) fn fault_at(&self, line: Option<u64>, key: &str, broken: Broken) -> Fault {
        let place = Place { file: Arc::clone(&self.file), line, key: key.to_owned() };
        Fault { place, broken }
    }

    fn line(&self) -> Option<u64> {
        self.record.position().map(|position| position.line() + self.n_skipped)
    }

    fn broken_stream(&self, error: &csv::Error) -> Fault {
        let line = Some(self.reader.position().line() + self.n_skipped);
        let kind = match error.kind() {
            csv::ErrorKind::Io(error) => error.kind(),
            // With byte records and rows of any length, nothing but the stream can fail.
            _ => ErrorKind::Other,
        };
        self.fault_at(line, "", broken_stream(kind))
    }
}

/// Why no more of a stream can be read.
fn broken_stream(kind: ErrorKind) -> Broken {
    match kind {
        ErrorKind::UnexpectedEof => Broken::TruncatedGzip,
        ErrorKind::InvalidInput | ErrorKind::InvalidData => Broken::DamagedGzip,
        kind => unreadable(kind),
    }
}

impl<'t> Row<'t> {
    /// The bytes of a field, without the blanks around it.
    pub(super) fn bytes(&self, column: usize) -> &'t [u8] {
        self.table.record[column].trim_ascii()
    }

    /// A field as text.
    pub(super) fn text(&self, column: usize, faults: &mut Faults) -> Option<&'t str> {
        let text = std::str::from_utf8(self.bytes(column)).ok();
        if text.is_none() {
            self.fault(column, Broken::NotUtf8, faults);
        }
        text
    }

    /// A field as a finite number.
    pub(super) fn finite(&self, column: usize, faults: &mut Faults) -> Option<f64> {
        let text = self.text(column, faults)?;
        match separator::with_point(text, self.table.separator).parse::<f64>() {
            Ok(value) if value.is_finite() => return Some(value),
            Ok(_) => self.fault(column, Broken::NotFinite { value: text.to_owned() }, faults),
            Err(_) => self.fault(column, Broken::NotANumber { text: text.to_owned() }, faults),
        }
        None
    }

    /// A field as a number within bounds.
    pub(super) fn number(
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
    pub(super) fn missing(&self, column: &str, faults: &mut Faults) {
        let found = self.table.columns.clone();
        let broken = Broken::MissingColumn { column: column.to_owned(), found };
        faults.push(self.table.fault_at(self.table.line(), column, broken));
    }

    /// The line on which the row begins.
    pub(super) fn line(&self) -> u64 {
        self.table.line().unwrap_or(0)
    }

    /// Tells a fault of a field.
    pub(super) fn fault(&self, column: usize, broken: Broken, faults: &mut Faults) {
        faults.push(self.table.fault_at(self.table.line(), &self.table.columns[column], broken));
    }
}
