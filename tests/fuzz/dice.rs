//! Draws and what they do to bytes, text and trees of values; all of it follows from a seed.

use serde_json::{Number, Value};

/// A generator of decisions: SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

/// Pieces of text that inputs take for granted not to be there.
const HOSTILE: [&str; 24] = [
    "",
    "0",
    "-1",
    "1e308",
    "-1e-308",
    "nan",
    "inf",
    "9.3e18s",
    "18446744073709551616",
    "0s",
    "1e9y",
    "\u{0}",
    "\u{202e}",
    "\n",
    "\"",
    "[[",
    "]]",
    "=cmd",
    "../../x",
    ",",
    ";",
    "\u{feff}",
    "1_000",
    "0x7f",
];

impl Dice {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, 0 of none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound.max(1) as u64) as usize
    }

    /// One of some.
    pub(crate) fn of<'t, T>(&mut self, some: &'t [T]) -> &'t T {
        &some[self.below(some.len())]
    }

    /// Mostly 1, seldom many.
    pub(crate) fn few(&mut self) -> usize {
        1 + (self.word().trailing_zeros() as usize / 2).min(6)
    }

    /// Changes bytes in a few places.
    pub(crate) fn harm(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.few() {
            let (at, to) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            let (from, to) = (at.min(to), at.max(to).min(at.min(to) + 64));
            match self.below(8) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = *self.of(&[0, 1, 0x7f, 0x80, 0xff, b'9']),
                2 => drop(bytes.drain(from..to)),
                3 => {
                    let piece = bytes[from..to].to_vec();
                    let at = self.below(bytes.len() + 1);
                    bytes.splice(at..at, piece);
                }
                4 => {
                    // The largest number of 64 bits and of 128, as postcard writes them.
                    let mut number = vec![0xff; *self.of(&[9, 18])];
                    number.push(*self.of(&[1, 3, 0x7f]));
                    let end = self.below(3).min(bytes.len() - at) + at;
                    bytes.splice(at..end, number);
                }
                _ => {
                    let text = self.of(&HOSTILE).as_bytes().to_vec();
                    let end = self.below(8).min(bytes.len() - at) + at;
                    bytes.splice(at..end, text);
                }
            }
        }
    }

    /// Changes numbers among those that postcard wrote, which are of seven bits a byte; what is no
    /// number stays as it is.
    pub(crate) fn harm_numbers(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut numbers: Vec<(u128, Vec<u8>)> = vec![(0, Vec::new())];
        for byte in bytes {
            let (number, written) = numbers.last_mut().expect("there is one");
            if written.len() < 18 {
                *number |= u128::from(byte & 0x7f) << (7 * written.len());
            }
            written.push(*byte);
            if byte & 0x80 == 0 {
                numbers.push((0, Vec::new()));
            }
        }
        let other = self.below(numbers.len());
        for _ in 0..self.few() {
            let at = self.below(numbers.len());
            let was = numbers[at].0;
            let is = match self.below(10) {
                0 => 0,
                1 => was ^ 1,
                2 => was.wrapping_add(2),
                3 => was.saturating_sub(2),
                4 => was.wrapping_mul(2),
                5 => u64::MAX.into(),
                6 => u128::MAX >> self.below(127),
                7 => 1 << self.below(127),
                8 => {
                    // What one loses, another gains.
                    numbers[other].0 = numbers[other].0.wrapping_add(was / 2);
                    numbers[other].1 = varint(numbers[other].0);
                    was - was / 2
                }
                _ => numbers[other].0,
            };
            numbers[at] = (is, varint(is));
        }
        numbers.into_iter().flat_map(|(_, written)| written).collect()
    }

    /// Changes text where it holds numbers and words: one is another, or one of another place.
    pub(crate) fn harm_text(&mut self, text: &str) -> Vec<u8> {
        let is_word = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        let mut pieces: Vec<String> = Vec::new();
        for letter in text.chars() {
            match pieces.last_mut() {
                Some(last) if last.ends_with(is_word) && is_word(letter) => last.push(letter),
                _ => pieces.push(letter.to_string()),
            }
        }
        for _ in 0..self.few() {
            let numbers: Vec<usize> =
                (0..pieces.len()).filter(|at| pieces[*at].parse::<f64>().is_ok()).collect();
            let at = match self.below(4) {
                0 => self.below(pieces.len()),
                _ if numbers.is_empty() => self.below(pieces.len()),
                _ => *self.of(&numbers),
            };
            let number: Option<f64> = pieces[at].parse().ok();
            match (self.below(6), number) {
                (0..=3, Some(number)) => {
                    let factor = *self.of(&[0.5, 0.99, 1.01, 2.0, 10.0, -1.0, 1e-3, 1e6, 0.0]);
                    pieces[at] = format!("{}", number * factor);
                }
                (0, _) => drop(pieces.remove(at)),
                (1, _) => pieces[at] = self.of(&pieces).clone(),
                (2, _) => pieces[at] = format!("{}{}", pieces[at], self.below(1 << 20)),
                (3, _) => {
                    let to = (at + self.below(40)).min(pieces.len());
                    let piece = pieces[at..to].to_vec();
                    pieces.splice(at..at, piece);
                }
                _ => pieces[at] = (*self.of(&HOSTILE)).to_owned(),
            }
            if pieces.is_empty() {
                break;
            }
        }
        let mut bytes = pieces.concat().into_bytes();
        if self.below(8) == 0 {
            self.harm(&mut bytes);
        }
        bytes
    }

    /// A number that stands for none that is usual.
    pub(crate) fn number(&mut self, was: &Number) -> Number {
        let near = was.as_i64().unwrap_or(0);
        let whole = |it: i64| Number::from(it);
        match self.below(16) {
            0 => whole(0),
            1 => whole(1),
            2 => whole(-1),
            3 => whole(i64::MAX),
            4 => whole(i64::MIN),
            5 => Number::from(u64::MAX),
            6 => whole(i32::MAX.into()),
            7 => whole(i32::MIN.into()),
            8 => whole(u32::MAX.into()),
            9 => whole(near.wrapping_add(1)),
            10 => whole(near.wrapping_sub(1)),
            11 => whole(near.wrapping_mul(2)),
            12 => whole(near.wrapping_neg()),
            13 => whole(1 << self.below(63)),
            14 => whole((self.word() >> self.below(64)) as i64),
            _ => {
                let some = [1e308, -1e308, 5e-324, 0.5, -0.0, 1e18];
                Number::from_f64(*self.of(&some)).unwrap_or(near.into())
            }
        }
    }

    /// Changes values of a tree in a few places.
    pub(crate) fn harm_tree(&mut self, tree: &mut Value) {
        for _ in 0..self.few() {
            self.harm_one(tree);
        }
    }

    fn harm_one(&mut self, value: &mut Value) {
        let is_inner = self.below(6) > 0;
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let at = self.below(fields.len());
                if let Some(inner) = fields.values_mut().nth(at) {
                    self.harm_one(inner);
                }
            }
            Value::Array(list) if !list.is_empty() && is_inner => {
                let at = self.below(list.len());
                self.harm_one(&mut list[at]);
            }
            Value::Array(list) => {
                let at = self.below(list.len());
                match self.below(4) {
                    0 => list.clear(),
                    1 if at < list.len() => drop(list.remove(at)),
                    2 if at < list.len() => list.insert(at, list[at].clone()),
                    _ => list.extend(list.clone()),
                }
            }
            Value::Number(number) => *number = self.number(number),
            Value::String(text) => *text = (*self.of(&HOSTILE)).to_owned().repeat(self.few()),
            Value::Bool(is_so) => *is_so = !*is_so,
            Value::Null => *value = self.of(&[Value::from(0), Value::from("")]).clone(),
            Value::Object(_) => *value = Value::Null,
        }
    }
}

/// A number as postcard writes it.
fn varint(mut number: u128) -> Vec<u8> {
    let mut written = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            written.push(byte);
            return written;
        }
        written.push(byte | 0x80);
    }
}
