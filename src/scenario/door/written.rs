//! The TOML as text: every value with its place, so that each fault can name its line.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bounds::{self, MOST_VALUES};
use super::error::{Broken, Fault, Faults, Place};
use super::limit::Limit;
use crate::escape;

/// A parsed file: values with their spans, borrowed from the source.
pub(in crate::scenario) struct Written<'s> {
    file: Arc<str>,
    /// Where each line begins.
    line_starts: Vec<usize>,
    root: Spanned<DeValue<'s>>,
}

/// A place in the file: a value, or the gap where one might stand.
#[derive(Clone)]
pub(in crate::scenario) struct Node<'w> {
    written: &'w Written<'w>,
    value: Option<&'w Spanned<DeValue<'w>>>,
    /// Byte at which its key, or else its value, or else its table begins.
    offset: usize,
    key: String,
    /// Keys of this table that its reader does not see.
    hidden: &'static [&'static str],
}

impl<'s> Written<'s> {
    /// Parses the source; its first fault of syntax is the only one, since the rest follow from it.
    pub(in crate::scenario) fn parse(file: &Arc<str>, source: &'s str) -> Result<Self, Box<Fault>> {
        if bounds::n_values(source) > MOST_VALUES {
            let remedy = "put positions, prices and quotes into tables beside the scenario";
            let broken =
                Broken::Limit(Limit::TooMany { what: "values", most: MOST_VALUES as u64, remedy });
            let place = Place { file: Arc::clone(file), ..Place::default() };
            return Err(Box::new(Fault { place, broken }));
        }
        let line_starts: Vec<usize> =
            std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        match DeTable::parse(source) {
            Ok(root) => {
                let span = root.span();
                let root = Spanned::new(span, DeValue::Table(root.into_inner()));
                Ok(Self { file: Arc::clone(file), line_starts, root })
            }
            Err(error) => {
                let place = Place { file: Arc::clone(file), ..Place::default() };
                Err(Box::new(not_toml(place, source, &line_starts, &error)))
            }
        }
    }

    /// The whole file as a table.
    pub(in crate::scenario) fn root(&self) -> Node<'_> {
        Node { written: self, value: Some(&self.root), offset: 0, key: String::new(), hidden: &[] }
    }
}

/// The most characters of what the parser says, which may name what it found.
const MOST_SAID: usize = 160;

fn not_toml(place: Place, source: &str, line_starts: &[usize], error: &toml::de::Error) -> Fault {
    let offset = error.span().map_or(source.len(), |span| span.start.min(source.len()));
    let line = line_of(line_starts, offset);
    let line_start = line_starts[line as usize - 1];
    let before = String::from_utf8_lossy(&source.as_bytes()[line_start..offset]);
    let text = source[line_start..].lines().next().unwrap_or("").trim();
    let broken = Broken::NotToml {
        column: before.chars().count() + 1,
        text: escape::cut(text, escape::CELL_CHARS).into_owned(),
        expected: escape::cut(&error.message().trim_end().replace('\n', ", "), MOST_SAID)
            .into_owned(),
    };
    Fault { place: Place { line: Some(line), ..place }, broken }
}

/// The line of a byte, from 1.
fn line_of(line_starts: &[usize], offset: usize) -> u64 {
    line_starts.partition_point(|start| *start <= offset) as u64
}

impl<'w> Node<'w> {
    /// What stands under a key of this table.
    pub(in crate::scenario) fn get(&self, key: &str) -> Self {
        let found = self.table().and_then(|table| table.get_key_value(key));
        let value = found.map(|(_, value)| value);
        let offset = found.map_or(self.offset, |(key, _)| key.span().start);
        let mut path = self.key.clone();
        if !path.is_empty() {
            path.push('.');
        }
        let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !key.is_empty() && key.chars().all(is_bare) {
            path.push_str(key);
        } else {
            path.push_str(&escape::quoted(key));
        }
        Self { written: self.written, value, offset, key: path, hidden: &[] }
    }

    /// An entry of this list.
    pub(in crate::scenario) fn at(&self, idx: usize) -> Self {
        let value = self.list().and_then(|list| list.get(idx));
        let offset = value.map_or(self.offset, |value| value.span().start);
        let key = format!("{}[{idx}]", self.key);
        Self { written: self.written, value, offset, key, hidden: &[] }
    }

    /// This table without some of its keys, for a reader that does not know them.
    pub(in crate::scenario) fn without(mut self, hidden: &'static [&'static str]) -> Self {
        self.hidden = hidden;
        self
    }

    /// Whether something stands here.
    pub(in crate::scenario) fn is_written(&self) -> bool {
        self.value.is_some()
    }

    /// Whether a table stands here.
    pub(in crate::scenario) fn is_table(&self) -> bool {
        self.table().is_some()
    }

    /// Whether a list stands here.
    pub(in crate::scenario) fn is_list(&self) -> bool {
        self.list().is_some()
    }

    /// The keys of this table in the order of the file, less the hidden ones.
    pub(in crate::scenario) fn keys(&self) -> Vec<&'w str> {
        let mut keys: Vec<_> = self.table().into_iter().flat_map(|table| table.keys()).collect();
        keys.sort_by_key(|key| key.span().start);
        let names = keys.into_iter().map(|key| key.get_ref().as_ref());
        names.filter(|name| !self.hidden.contains(name)).collect()
    }

    /// The entries of this list; none if it is no list.
    pub(in crate::scenario) fn entries(&self) -> impl Iterator<Item = Self> + '_ {
        (0..self.list().map_or(0, |list| list.len())).map(|idx| self.at(idx))
    }

    /// Whether this list has no more entries than there may be, or a fault.
    pub(in crate::scenario) fn has_at_most(&self, most: usize, faults: &mut Faults) -> bool {
        let n = self.list().map_or(0, |list| list.len());
        if n > most {
            let remedy = "join those that can be one, or split the scenario";
            let most = most as u64;
            faults.push(self.fault(Broken::Limit(Limit::TooMany {
                what: "entries",
                most,
                remedy,
            })));
        }
        n <= most
    }

    /// The value, if something stands here.
    pub(in crate::scenario) fn value(&self) -> Option<&'w DeValue<'w>> {
        self.value.map(Spanned::get_ref)
    }

    /// Keys that the table's reader does not see but that may stand there.
    pub(in crate::scenario) fn hidden(&self) -> &'static [&'static str] {
        self.hidden
    }

    /// The line, from 1.
    pub(in crate::scenario) fn line(&self) -> u64 {
        line_of(&self.written.line_starts, self.offset)
    }

    /// Where this is.
    pub(in crate::scenario) fn place(&self) -> Place {
        let file = Arc::clone(&self.written.file);
        Place { file, line: Some(self.line()), key: self.key.clone() }
    }

    /// The file.
    pub(in crate::scenario) fn file(&self) -> &Arc<str> {
        &self.written.file
    }

    /// A fault here.
    pub(in crate::scenario) fn fault(&self, broken: Broken) -> Fault {
        Fault { place: self.place(), broken }
    }

    /// The value as a type; its first fault is told, and `None` returned.
    pub(in crate::scenario) fn read<T: DeserializeOwned>(&self, faults: &mut Faults) -> Option<T> {
        match T::deserialize(self.clone()) {
            Ok(value) => Some(value),
            Err(error) => {
                faults.push(error.into_fault(self));
                None
            }
        }
    }

    /// Tells a fault unless the value lies within the bounds.
    pub(in crate::scenario) fn check(&self, value: f64, bounds: &Bounds, faults: &mut Faults) {
        if !bounds.hold(value) {
            faults.push(self.fault(bounds.broken_by(value)));
        }
    }

    fn table(&self) -> Option<&'w DeTable<'w>> {
        self.value().and_then(DeValue::as_table)
    }

    fn list(&self) -> Option<&'w [Spanned<DeValue<'w>>]> {
        self.value().and_then(DeValue::as_array).map(|list| &list[..])
    }
}

/// What a number may be, both ends included.
pub(in crate::scenario) struct Bounds {
    pub(in crate::scenario) low: f64,
    pub(in crate::scenario) high: f64,
    /// As in "is not ...".
    pub(in crate::scenario) bound: &'static str,
    pub(in crate::scenario) remedy: &'static str,
}

impl Bounds {
    /// Whether the value lies within; NaN never does.
    pub(in crate::scenario) fn hold(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The fault of a value that does not.
    pub(in crate::scenario) fn broken_by(&self, value: f64) -> Broken {
        Broken::OutOfBounds { value, bound: self.bound, remedy: self.remedy }
    }
}
