//! TOML values to types: a serde deserializer whose faults keep their case and their place.
//!
//! The one of the `toml` crate tells faults as text alone; the door needs to know which key, of
//! which kind, and what else would have done. NaN and infinity stop here, whatever reads them.

use std::fmt::Display;

use serde::de::{self, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};
use toml::de::DeValue;

use super::error::{Broken, Fault, Place};
use super::written::Node;
use crate::escape;

/// Why a value is not of a type: what is broken, and where once that is known.
#[derive(Debug)]
pub(in crate::scenario) struct ReadError(Box<(Broken, Option<Place>)>);

impl ReadError {
    fn new(broken: Broken) -> Self {
        Self(Box::new((broken, None)))
    }

    /// Settles the place, if no reader further in has.
    fn at(mut self, node: &Node<'_>) -> Self {
        if self.0.1.is_none() {
            self.0.1 = Some(node.place());
        }
        self
    }

    /// The fault, at the node that was read if nothing within it is known.
    pub(in crate::scenario) fn into_fault(self, node: &Node<'_>) -> Fault {
        let (broken, place) = *self.0;
        Fault { place: place.unwrap_or_else(|| node.place()), broken }
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.0.fmt(f)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: Display>(says: T) -> Self {
        Self::new(wrong_type("this", says.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(wrong_type(&shown(&found), plain(&expected.to_string())))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(n: usize, expected: &dyn Expected) -> Self {
        Self::new(wrong_type(&format!("a list of {n}"), plain(&expected.to_string())))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        let known = known.iter().map(|&word| word.to_owned()).collect();
        Self::new(Broken::UnknownWord { word: name.to_owned(), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        let known = known.iter().map(|&word| word.to_owned()).collect();
        Self::new(Broken::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        let mut error = Self::new(Broken::MissingKey { remedy: "write it in this table" });
        error.0.1 = Some(Place { key: key.to_owned(), ..Place::default() });
        error
    }
}

fn wrong_type(value: &str, expected: String) -> Broken {
    let is_quoted = value.starts_with('"');
    let remedy = match expected.as_str() {
        "a number" | "a whole number" | "true or false" if is_quoted => "write it without quotes",
        "a number" => "write digits, as in 0.5",
        "a whole number" => "write digits without a point, as in 1000",
        "text" => "write it in quotes",
        "a list" => "write it in brackets, as in [1, 2]",
        "a table" => "write its keys in braces, as in { key = 1 }, or under a [header]",
        _ => "write that instead",
    };
    Broken::WrongType { value: value.to_owned(), expected, remedy }
}

/// What was found, as it may stand in a file.
fn shown(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => format!("{value:?}"),
        Unexpected::Str(value) => escape::quoted(value),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => escape::cut(&other.to_string(), escape::CELL_CHARS).into_owned(),
    }
}

/// What serde expected, in plain words.
fn plain(expected: &str) -> String {
    match expected {
        "f64" => "a number",
        "u64" | "u32" | "i64" | "usize" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "path string" | "string" => "text",
        "a sequence" => "a list",
        "a map" => "a table",
        "a tuple of size 3" => "two assets and a correlation, as in [\"ETH\", \"BTC\", 0.85]",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("tuple struct ") => "a list",
        other => other,
    }
    .to_owned()
}

impl<'w> Node<'w> {
    fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value() {
            None => visitor.visit_map(Keys::of(self)),
            Some(DeValue::String(text)) => visitor.visit_str(text),
            Some(DeValue::Integer(value)) => {
                match i64::from_str_radix(value.as_str(), value.radix()) {
                    Ok(number) => visitor.visit_i64(number),
                    // Beyond 64 bits: a number still, if no whole one.
                    Err(_) => visitor.visit_f64(value.as_str().parse().unwrap_or(f64::MAX)),
                }
            }
            Some(DeValue::Float(value)) => match value.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => visitor.visit_f64(number),
                _ => Err(ReadError::new(Broken::NotFinite { value: value.to_string() })),
            },
            Some(DeValue::Boolean(value)) => visitor.visit_bool(*value),
            Some(DeValue::Datetime(_)) => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
            Some(DeValue::Array(_)) => visitor
                .visit_seq(Entries { entries: self.entries().collect::<Vec<_>>().into_iter() }),
            Some(DeValue::Table(_)) => visitor.visit_map(Keys::of(self)),
        }
    }

    /// What stands here, as serde names it.
    fn unexpected(&self) -> Unexpected<'w> {
        match self.value() {
            None => Unexpected::Other("nothing"),
            Some(DeValue::String(text)) => Unexpected::Str(text),
            Some(DeValue::Integer(value)) => Unexpected::Other(value.as_str()),
            Some(DeValue::Float(value)) => Unexpected::Other(value.as_str()),
            Some(DeValue::Boolean(value)) => Unexpected::Bool(*value),
            Some(DeValue::Datetime(_)) => Unexpected::Other("a date"),
            Some(DeValue::Array(_)) => Unexpected::Seq,
            Some(DeValue::Table(_)) => Unexpected::Map,
        }
    }

    /// Settles where an error is: the missing key of this table, or this value.
    fn settle(&self, mut error: ReadError) -> ReadError {
        if let (broken, Some(place)) = &mut *error.0
            && place.file.is_empty()
        {
            debug_assert!(matches!(broken, Broken::MissingKey { .. }), "{broken:?}");
            *place = self.get(&place.key).place();
        }
        error.at(self)
    }
}

impl<'de> de::Deserializer<'de> for Node<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.visit(visitor).map_err(|error| self.settle(error))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.is_written() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value() {
            Some(DeValue::String(text)) => visitor.visit_enum(text.as_ref().into_deserializer()),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"text")),
        }
        .map_err(|error| self.settle(error))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The entries of a list, one after the other.
struct Entries<'w> {
    entries: std::vec::IntoIter<Node<'w>>,
}

impl<'de> de::SeqAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        self.entries.next().map(|entry| seed.deserialize(entry)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// The keys of a table and what stands under them, in the order of the file.
struct Keys<'n, 'w> {
    table: &'n Node<'w>,
    keys: std::vec::IntoIter<&'w str>,
    value: Option<Node<'w>>,
}

impl<'n, 'w> Keys<'n, 'w> {
    fn of(table: &'n Node<'w>) -> Self {
        Self { table, keys: table.keys().into_iter(), value: None }
    }
}

impl<'de> de::MapAccess<'de> for Keys<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some(key) = self.keys.next() else {
            return Ok(None);
        };
        let value = self.table.get(key);
        let read = seed.deserialize(IntoDeserializer::<ReadError>::into_deserializer(key));
        let read = read.map_err(|mut error| {
            if let Broken::UnknownKey { known, .. } = &mut error.0.0 {
                known.extend(self.table.hidden().iter().map(|&word| word.to_owned()));
            }
            error.at(&value)
        })?;
        self.value = Some(value);
        Ok(Some(read))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ReadError> {
        let value = self.value.take().expect("serde asks for a key before its value");
        seed.deserialize(value)
    }
}
