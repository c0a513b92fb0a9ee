//! The bytes of an input on their way: hashed as they are read, unpacked, and bounded.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use super::bounds::{MOST_ROW_BYTES, MOST_SCENARIO_BYTES, MOST_TABLE_BYTES, MOST_UNPACKED_BYTES};
use super::error::Broken;
use super::limit::Limit;
use super::reach::{NotAFile, Source};

/// Bytes that are read at a time.
pub(in crate::scenario) const BUFFER_BYTES: usize = 1 << 17;
/// Bytes of a packed file that are read at a time.
const PACKED_BYTES: usize = 1 << 16;
/// The first bytes of a gzip file, whatever its name.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A bound of a stream that was reached.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(in crate::scenario) enum Excess {
    /// Of the whole.
    #[error("more bytes than may be")]
    Bytes {
        /// How many there may be.
        most: u64,
        /// Whether they were packed.
        is_packed: bool,
    },
    /// Of a row.
    #[error("a row of more bytes than may be")]
    Row,
}

impl Excess {
    pub(in crate::scenario) fn broken(self) -> Broken {
        match self {
            Self::Bytes { most, is_packed: false } => {
                let remedy = "split it, or leave out what is not needed";
                Broken::Limit(Limit::TooMany { what: "bytes", most, remedy })
            }
            Self::Bytes { most, is_packed: true } => {
                let remedy = "unpack it first, and name the file that comes of it";
                Broken::Limit(Limit::TooMany { what: "bytes when unpacked", most, remedy })
            }
            Self::Row => {
                let remedy = "end each row with a line's end, and close what is quoted";
                Broken::Limit(Limit::TooMany {
                    what: "bytes in a row",
                    most: MOST_ROW_BYTES,
                    remedy,
                })
            }
        }
    }
}

/// What a system's error means to the one who named the file.
pub(in crate::scenario) fn unreadable(error: &io::Error) -> Broken {
    let inner = error.get_ref();
    if let Some(excess) = inner.and_then(|it| it.downcast_ref::<Excess>()) {
        return excess.broken();
    }
    if inner.is_some_and(|it| it.is::<NotAFile>()) {
        return Broken::Limit(Limit::NotAFile);
    }
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Broken::NoSuchFile,
        ErrorKind::IsADirectory => Broken::IsAFolder,
        kind => Broken::Unreadable { kind },
    }
}

/// The whole of a short file, as far as one byte beyond the bound.
pub(in crate::scenario) fn read_whole(source: &Source, most: u64) -> io::Result<Vec<u8>> {
    let excess = || io::Error::other(Excess::Bytes { most, is_packed: false });
    let (file, n_bytes) = source.open()?;
    if n_bytes.is_some_and(|n| n > most) {
        return Err(excess());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(excess());
    }
    Ok(bytes)
}

/// Refuses a scenario's text that no file of one may be as long as.
pub(in crate::scenario) fn check_length(toml: &str) -> Result<(), Broken> {
    let excess = Excess::Bytes { most: MOST_SCENARIO_BYTES, is_packed: false };
    if toml.len() as u64 > MOST_SCENARIO_BYTES { Err(excess.broken()) } else { Ok(()) }
}

/// A table's bytes, and what is known of them.
pub(in crate::scenario) struct Stream {
    /// The bytes, unpacked.
    pub(in crate::scenario) bytes: Box<dyn Read>,
    /// How far they may be read.
    pub(in crate::scenario) leash: Leash,
    hasher: Rc<RefCell<blake3::Hasher>>,
}

/// How far a stream may be read before its next row begins.
#[derive(Clone, Default)]
pub(in crate::scenario) struct Leash(Rc<Cell<u64>>);

impl Leash {
    /// A row begins at this byte.
    pub(in crate::scenario) fn begin_row(&self, at: u64) {
        self.0.set(at + MOST_ROW_BYTES + 2 * BUFFER_BYTES as u64);
    }
}

impl Stream {
    pub(in crate::scenario) fn open(source: &Source) -> io::Result<Self> {
        let (file, n_bytes) = source.open()?;
        if n_bytes.is_some_and(|n| n > MOST_TABLE_BYTES) {
            let excess = Excess::Bytes { most: MOST_TABLE_BYTES, is_packed: false };
            return Err(io::Error::other(excess));
        }
        let hasher = Rc::<RefCell<blake3::Hasher>>::default();
        let hashed = Hashed { file, hasher: Rc::clone(&hasher) };
        let mut packed = BufReader::with_capacity(PACKED_BYTES, hashed);
        let is_packed = packed.fill_buf()?.starts_with(&GZIP_MAGIC);
        let leash = Leash::default();
        leash.begin_row(0);
        let (bytes, most): (Box<dyn Read>, u64) = if is_packed {
            (Box::new(MultiGzDecoder::new(packed)), MOST_UNPACKED_BYTES)
        } else {
            (Box::new(packed), MOST_TABLE_BYTES)
        };
        let bounded = Bounded { bytes, n_read: 0, most, is_packed, leash: leash.clone() };
        Ok(Self { bytes: Box::new(bounded), leash, hasher })
    }

    /// BLAKE3 of the file, once all of it is read.
    pub(in crate::scenario) fn blake3(&self) -> blake3::Hash {
        self.hasher.borrow().finalize()
    }
}

/// A file whose bytes are hashed.
struct Hashed {
    file: Box<dyn Read>,
    hasher: Rc<RefCell<blake3::Hasher>>,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.hasher.borrow_mut().update(&buffer[..n]);
        Ok(n)
    }
}

/// Bytes that end with an error at their bound.
struct Bounded {
    bytes: Box<dyn Read>,
    n_read: u64,
    most: u64,
    is_packed: bool,
    leash: Leash,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_read > self.leash.0.get() {
            return Err(io::Error::other(Excess::Row));
        }
        let n = self.bytes.read(buffer)?;
        self.n_read += n as u64;
        if self.n_read > self.most {
            let excess = Excess::Bytes { most: self.most, is_packed: self.is_packed };
            return Err(io::Error::other(excess));
        }
        Ok(n)
    }
}
