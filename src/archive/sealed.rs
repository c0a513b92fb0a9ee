//! Values as files that notice damage: a line that says what it is, the value, a seal.
//!
//! The seal is the BLAKE3 of all that stands before it. A value has one byte string: what is read
//! is written again and must be the same, so that equal runs have equal files.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Damage;
use crate::tail::Digest;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A compiled program.
    Program,
    /// A finished part of a run.
    Segment,
    /// The part of a run that was being walked.
    Checkpoint,
}

/// Bytes of a seal.
const SEAL_BYTES: usize = 32;

impl Kind {
    fn first_line(self) -> String {
        let (kind, format) = match self {
            // 3: what moves prices, by state of the climate.
            Self::Program => ("program", 3),
            // 2: scalars of blocks.
            Self::Segment => ("segment", 2),
            Self::Checkpoint => ("checkpoint", 2),
        };
        format!("shortfall {kind} {format}\n")
    }
}

/// A value as the bytes of its file.
///
/// # Panics
///
/// If the value has parts of unknown length, which none of ours has.
#[must_use]
pub fn pack(kind: Kind, value: &impl Serialize) -> Vec<u8> {
    let begun = kind.first_line().into_bytes();
    let mut bytes = postcard::to_extend(value, begun)
        .unwrap_or_else(|error| panic!("{kind:?} is not written: {error}"));
    let seal = seal(&bytes);
    bytes.extend(seal.0);
    bytes
}

/// The value of a file's bytes.
///
/// # Errors
///
/// If they are of another kind, damaged, or not as [`pack`] writes them.
pub fn unpack<T: Serialize + DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, Damage> {
    let first_line = kind.first_line();
    if !bytes.starts_with(first_line.as_bytes()) {
        return Err(Damage::Kind { expected: first_line.trim_end().to_owned() });
    }
    let (sealed, found) = bytes.split_last_chunk::<SEAL_BYTES>().ok_or(Damage::Seal)?;
    if seal(sealed) != Digest(*found) {
        return Err(Damage::Seal);
    }
    let body = sealed.get(first_line.len()..).ok_or(Damage::Seal)?;
    let value = postcard::from_bytes(body).map_err(Damage::Codec)?;
    if pack(kind, &value) == bytes { Ok(value) } else { Err(Damage::NotCanonical) }
}

/// What stands before and behind the seal of a JSON object, its last field.
const JSON_SEAL: [&[u8]; 2] = [b",\n  \"seal\": \"", b"\"\n}\n"];
/// How an object ends before its seal is put in.
const JSON_END: &[u8] = b"\n}";

/// A value as indented JSON and a line feed.
///
/// # Panics
///
/// If it has a map whose keys are no text, which none of ours has.
#[must_use]
pub fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .unwrap_or_else(|error| panic!("a value is not written: {error}"));
    bytes.push(b'\n');
    bytes
}

/// An object as JSON whose last field is the seal of all before it.
///
/// # Panics
///
/// If it is no object with fields.
#[must_use]
pub fn pack_json(value: &impl Serialize) -> Vec<u8> {
    let plain = json(value);
    let body = plain.strip_suffix(b"\n}\n").unwrap_or_else(|| panic!("an object without fields"));
    let [before, behind] = JSON_SEAL;
    [body, before, seal(body).to_string().as_bytes(), behind].concat()
}

/// The value of a sealed object.
///
/// # Errors
///
/// If its bytes are damaged, or not as [`pack_json`] writes them.
pub fn unpack_json<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Damage> {
    let [before, behind] = JSON_SEAL;
    let split = || {
        let (body, found) = bytes.strip_suffix(behind)?.split_last_chunk::<{ 2 * SEAL_BYTES }>()?;
        Some((body.strip_suffix(before)?, found))
    };
    let (body, found) = split().ok_or(Damage::Seal)?;
    if seal(body).to_string().as_bytes() != found {
        return Err(Damage::Seal);
    }
    let value = serde_json::from_slice(&[body, JSON_END].concat()).map_err(Damage::Json)?;
    if pack_json(&value) == bytes { Ok(value) } else { Err(Damage::NotCanonical) }
}

/// The plain BLAKE3 of bytes, which anyone's tools compute.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// The seal of bytes: BLAKE3 in a context of its own, so that no digest of another kind passes.
#[must_use]
pub fn seal(bytes: &[u8]) -> Digest {
    Digest(blake3::derive_key("shortfall sealed file v1", bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_comes_back_and_no_changed_byte_passes(
            value: (u64, String, Vec<i64>), place: prop::sample::Index, bit in 0_u8..8,
        ) {
            let bytes = pack(Kind::Segment, &value);
            let read: (u64, String, Vec<i64>) = unpack(Kind::Segment, &bytes).unwrap();
            prop_assert_eq!(&read, &value);
            let mut changed = bytes.clone();
            changed[place.index(bytes.len())] ^= 1 << bit;
            prop_assert!(unpack::<(u64, String, Vec<i64>)>(Kind::Segment, &changed).is_err());
            let cut = &bytes[..place.index(bytes.len())];
            prop_assert!(unpack::<(u64, String, Vec<i64>)>(Kind::Segment, cut).is_err());
            prop_assert!(unpack::<(u64, String, Vec<i64>)>(Kind::Checkpoint, &bytes).is_err());
        }
    }

    #[test]
    fn an_object_comes_back_and_no_changed_byte_passes() {
        let value: std::collections::BTreeMap<String, f64> =
            [("a".to_owned(), 0.1), ("b".to_owned(), 1e300)].into();
        let bytes = pack_json(&value);
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(text).unwrap()["seal"].is_string());
        assert_eq!(unpack_json::<std::collections::BTreeMap<String, f64>>(&bytes).unwrap(), value);
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                let read = unpack_json::<std::collections::BTreeMap<String, f64>>(&changed);
                assert!(read.is_err(), "byte {place}, bit {bit}");
            }
            let cut = unpack_json::<std::collections::BTreeMap<String, f64>>(&bytes[..place]);
            assert!(cut.is_err(), "cut at {place}");
        }
    }

    #[test]
    fn a_value_that_was_written_otherwise_is_refused_though_its_seal_is_right() {
        let mut bytes = Kind::Segment.first_line().into_bytes();
        // Five as a variable-length number of two bytes.
        bytes.extend([0x85, 0x00]);
        let seal = seal(&bytes);
        bytes.extend(seal.0);
        assert!(matches!(unpack::<u64>(Kind::Segment, &bytes), Err(Damage::NotCanonical)));
    }
}
