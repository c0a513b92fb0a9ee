//! What a file of a table begins with: a byte-order mark, `sep=;`, a header by which its separator
//! is known; or something that is no table at all.

use std::borrow::Cow;
use std::io::{self, Read};

/// What may stand between fields; the first where a header has as many of several.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The most bytes among which the header is looked for.
const MOST_BYTES: usize = 1 << 16;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Beginnings of files that are no table, and what they are called.
const OTHERS: [(&[u8], &str); 4] = [
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"PK\x03\x04", "a workbook or ZIP archive"),
    (b"PAR1", "Parquet"),
];

/// The first bytes of a table.
pub(in crate::scenario) struct Beginning {
    /// What was read beyond the mark and the line that names the separator.
    pub(in crate::scenario) bytes: Vec<u8>,
    /// What stands between fields.
    pub(in crate::scenario) separator: u8,
    /// Lines before those bytes.
    pub(in crate::scenario) n_lines: u64,
    /// What the file is instead of a table.
    pub(in crate::scenario) is_other: Option<&'static str>,
}

/// Reads up to the end of the header.
pub(in crate::scenario) fn begin(source: &mut dyn Read) -> io::Result<Beginning> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() < MOST_BYTES && !bytes.trim_ascii_start().contains(&b'\n') {
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let text = bytes.trim_ascii_start();
    let is_other = OTHERS.iter().find(|(start, _)| text.starts_with(start)).map(|(_, name)| *name);
    let n_blank = bytes.len() - text.len();
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Some(separator) = named(header.trim_ascii_end()) {
        let end = (n_blank + header.len() + 1).min(bytes.len());
        let n_lines = bytes.drain(..end).filter(|byte| *byte == b'\n').count() as u64;
        return Ok(Beginning { bytes, separator, n_lines, is_other });
    }
    let separator = most_frequent(header);
    Ok(Beginning { bytes, separator, n_lines: 0, is_other })
}

/// The separator that a line such as `sep=;` names, as spreadsheets write it.
fn named(line: &[u8]) -> Option<u8> {
    let (name, separator) = line.split_at_checked(4)?;
    match separator {
        // A tab may have been trimmed with the line's end.
        [] if name.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        [separator] if name.eq_ignore_ascii_case(b"sep=") => Some(*separator),
        _ => None,
    }
}

/// The separator that stands in a header most often, outside of quotes.
fn most_frequent(header: &[u8]) -> u8 {
    let mut counts = [0; SEPARATORS.len()];
    let mut is_quoted = false;
    for byte in header {
        is_quoted ^= *byte == b'"';
        if let Some(idx) = SEPARATORS.iter().position(|it| it == byte)
            && !is_quoted
        {
            counts[idx] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let first = counts.iter().position(|count| *count == most);
    SEPARATORS[first.unwrap_or(0)]
}

/// A number with its decimal comma, if it has one, as a point. Behind another separator than `;` a
/// comma before three digits may as well be one of thousands, and stays.
pub(in crate::scenario) fn with_point(text: &str, separator: u8) -> Cow<'_, str> {
    let Some((whole, fraction)) = text.split_once(',') else { return text.into() };
    let whole_digits = whole.trim_start_matches(['-', '+']);
    let may_be_thousands = separator != b';'
        && fraction.len() == 3
        && (1..=3).contains(&whole_digits.len())
        && !whole_digits.starts_with('0');
    if separator == b',' || may_be_thousands || whole.contains('.') || fraction.contains(['.', ','])
    {
        return text.into();
    }
    format!("{whole}.{fraction}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (char, u64, String) {
        let found = begin(&mut text.as_bytes()).expect("bytes");
        let bytes = String::from_utf8(found.bytes).expect("text");
        (found.separator.into(), found.n_lines, bytes)
    }

    #[test]
    fn the_separator_is_that_of_the_header() {
        for (text, separator) in [
            ("a,b;c,d\n", ','),
            ("a;b\n1,5;2,5\n", ';'),
            ("a\tb\r\n1\t2", '\t'),
            ("a|b", '|'),
            ("\"a,b,c\";d", ';'),
            ("alone\n1;2;3", ','),
            ("\n\na;b\n", ';'),
            ("", ','),
        ] {
            assert_eq!(of(text).0, separator, "{text:?}");
        }
    }

    #[test]
    fn marks_and_named_separators_are_skipped() {
        assert_eq!(of("\u{feff}a;b\n1;2"), (';', 0, "a;b\n1;2".to_owned()));
        assert_eq!(of("\u{feff}sep=;\r\na,b;c\n"), (';', 1, "a,b;c\n".to_owned()));
        assert_eq!(of("SEP=\t\na\tb\n"), ('\t', 1, "a\tb\n".to_owned()));
        assert_eq!(of("sep=;"), (';', 0, String::new()));
    }

    #[test]
    fn what_is_no_table_is_called_by_its_name() {
        for (text, name) in [
            ("\u{feff} {\"a\": 1}", Some("JSON")),
            ("\n[1]", Some("JSON")),
            ("PAR1...", Some("Parquet")),
            ("PK\u{3}\u{4}", Some("a workbook or ZIP archive")),
            ("position,venue", None),
        ] {
            assert_eq!(begin(&mut text.as_bytes()).expect("bytes").is_other, name, "{text:?}");
        }
    }

    #[test]
    fn a_decimal_comma_is_a_point_where_it_can_be_nothing_else() {
        for (text, separator, point) in [
            ("1,5", b';', "1.5"),
            ("-1,500", b';', "-1.500"),
            ("1,500", b'\t', "1,500"),
            ("0,500", b'\t', "0.500"),
            ("1000,500", b'|', "1000.500"),
            ("1,5", b'\t', "1.5"),
            ("1,5", b',', "1,5"),
            ("1.234,5", b';', "1.234,5"),
            ("1,234.5", b';', "1,234.5"),
            ("1,234,567", b';', "1,234,567"),
            ("15", b';', "15"),
        ] {
            assert_eq!(with_point(text, separator), point, "{text}");
        }
    }
}
