//! How large an input may be: every bound in one place, each with what it leaves room for.
//!
//! | bound | most | room for |
//! |---|---|---|
//! | bytes of a scenario | 8 MiB | a matrix of all assets, fully written |
//! | values in it | 1.2 million | the same; a key counts as 3 values, a table as 10 |
//! | assets | 1,024 | every asset of the largest venues |
//! | assets of a matrix that is repaired | 256 | seconds; with more, factors say it better |
//! | assets x steps | 2^25 | 1,024 assets over 3 years of hours, 33 over a million steps |
//! | terms of venues | 2^20 | 1,024 venues that take 1,024 assets each; a tier counts as one |
//! | shocks, stale stretches, gates | 1,024 each | |
//! | bytes of a table | 8 GiB | a book of 100 million rows |
//! | bytes that a gzip unpacks to | 1 GiB | a book of 20 million rows |
//! | bytes of a row, columns | 256 KiB, 4,096 | a column for every asset, and what else is there |
//! | rows of a table | 2^26 | |
//! | positions of a book | 2^24 | |
//! | rows of amount 0 | 2^24 | |
//! | rows of a position | 2^16 | legs that were written fill by fill |
//! | rows and prices of a replay | 2^22, 2^24 | eight years of minutes; 100 assets by the hour |
//! | bytes of a name | 256 | an address and more |
//! | faults | 10,000 | reading stops there; 20 a file are listed, 200 in all |

/// Bytes of a scenario.
pub(in crate::scenario) const MOST_SCENARIO_BYTES: u64 = 8 << 20;
/// Values of a scenario, by what they take in memory: a key counts as 3, a table as 10, be it named
/// by a header or by a part of a dotted key.
pub(in crate::scenario) const MOST_VALUES: usize = 1_200_000;
/// Assets of a correlation matrix whose eigenvalues are sought.
pub(in crate::scenario) const MOST_NEAREST: usize = 256;
/// Prices of one path: assets x steps.
pub(in crate::scenario) const MOST_ASSET_STEPS: u64 = 1 << 25;
/// Assets of all venues, and their tiers.
pub(in crate::scenario) const MOST_TERMS: usize = 1 << 20;
/// Shocks, stretches without reports, gates.
pub(in crate::scenario) const MOST_ENTRIES: usize = 1024;
/// Bytes of a table that is not packed.
pub(in crate::scenario) const MOST_TABLE_BYTES: u64 = 8 << 30;
/// Bytes that a packed table unpacks to.
pub(in crate::scenario) const MOST_UNPACKED_BYTES: u64 = 1 << 30;
/// Bytes of a row, its separators and quotes included.
pub(in crate::scenario) const MOST_ROW_BYTES: u64 = 256 << 10;
/// Columns of a table.
pub(in crate::scenario) const MOST_COLUMNS: usize = 4096;
/// Rows of a table.
pub(in crate::scenario) const MOST_ROWS: u64 = 1 << 26;
/// Positions of a book.
pub(in crate::scenario) const MOST_POSITIONS: usize = 1 << 24;
/// Rows of a position.
pub(in crate::scenario) const MOST_ROWS_OF_POSITION: u32 = 1 << 16;
/// Rows of amount 0 in a book.
pub(in crate::scenario) const MOST_ZERO_ROWS: u64 = 1 << 24;
/// Rows of a table that is replayed.
pub(in crate::scenario) const MOST_REPLAY_ROWS: usize = 1 << 22;
/// Prices of a table that is replayed.
pub(in crate::scenario) const MOST_REPLAY_PRICES: usize = 1 << 24;
/// Bytes of a name.
pub(in crate::scenario) const MOST_NAME_BYTES: usize = 256;
/// Faults at which reading stops.
pub(in crate::scenario) const MOST_FAULTS: u64 = 10_000;

/// About how many values a text of TOML holds, told from its signs alone; what stands in quotes and
/// comments counts as well, which is on the safe side.
pub(in crate::scenario) fn n_values(text: &str) -> usize {
    let (mut n, mut n_dots) = (0, 0);
    let (mut begins_line, mut is_header) = (true, false);
    for byte in text.bytes() {
        let own = match byte {
            b',' | b'{' | b'\n' => 1,
            b'=' => 3,
            b'[' if begins_line => 10,
            b'[' => 1,
            b'.' => {
                n_dots += 1;
                0
            }
            _ => 0,
        };
        // Of the dots those of keys count, which are known by what ends them.
        let is_key = byte == b'=' || byte == b'\n' && is_header;
        n += own + if is_key { 10 * n_dots } else { 0 };
        if own > 0 {
            (n_dots, is_header) = (0, byte == b'[' && (begins_line || is_header));
        }
        begins_line = byte == b'\n' || begins_line && byte.is_ascii_whitespace();
    }
    n
}

#[cfg(test)]
mod tests {
    use super::n_values;

    #[test]
    fn values_are_counted_by_what_they_take() {
        for (text, n) in [
            ("", 0),
            ("a = 1\n", 4),
            ("a = [0.5, 0.25,\n1.0]\n", 3 + 1 + 1 + 1 + 1 + 1),
            ("[[assets]]\nname = \"x\"\n", 10 + 1 + 1 + 4),
            ("[a.b.c]\n", 10 + 20 + 1),
            ("a.b.c = 0.5\n", 20 + 4),
            ("a = { b.c = 1, d = 2 }\n", 3 + 1 + 10 + 3 + 1 + 3 + 1),
        ] {
            assert_eq!(n_values(text), n, "{text}");
        }
    }
}
