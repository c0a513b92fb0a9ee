//! What one path did, in integers: the unit of exchange between engines, tallies and proofs.

use std::borrow::Cow;

use crate::rows;

/// Paths of a block: the unit of digests, aligned, whatever the batch was.
pub const BLOCK_PATHS: u64 = 4096;

/// Flag: a mark hit its upper bound, or a log price its clamp.
pub const SATURATED: u32 = 1;

/// Flag: a mark fell below 2^-12 of its opening value, where its rounding is no longer small.
pub const SMALL_MARK: u32 = 2;

rows! {
    /// The outcome of one path; money in quanta of the program. The layout is hashed: it is frozen.
    #[derive(Default)]
    pub struct Outcome {
        /// Bad debt written off by a venue on the way, at the marks of the step; not negative.
        pub realised: i64,
        /// Bad debt left on the books by a venue, at the marks of the horizon; not negative.
        pub stranded: i64,
        /// Debt beyond the collateral of positions still open at the horizon; not negative.
        pub under_water: i64,
        /// Debt that liquidators repaid, at the marks of the step.
        pub liquidated: i64,
        /// Liquidation events.
        pub n_events: u32,
        /// Most liquidation events in one step.
        pub largest_step: u32,
        /// Positions that were breached at least once.
        pub n_defaults: u32,
        /// [`SATURATED`] and [`SMALL_MARK`], or'ed.
        pub flags: u32,
    }
}

impl Outcome {
    /// Bad debt of the path. The gross book is below 2^62 quanta at any mark, so the sum fits.
    #[must_use]
    pub fn loss(&self) -> i64 {
        self.realised + self.stranded + self.under_water
    }

    /// The outcomes as little-endian bytes; a cast on the machines that are so themselves.
    #[must_use]
    pub fn bytes_of(outcomes: &[Self]) -> Cow<'_, [u8]> {
        if cfg!(target_endian = "little") {
            Cow::Borrowed(bytemuck::cast_slice(outcomes))
        } else {
            Cow::Owned(outcomes.iter().copied().flat_map(Self::to_le_bytes).collect())
        }
    }

    /// One outcome field by field, for machines whose own order is another.
    fn to_le_bytes(self) -> Vec<u8> {
        let money = [self.realised, self.stranded, self.under_water, self.liquidated];
        let counts = [self.n_events, self.largest_step, self.n_defaults, self.flags];
        let mut bytes: Vec<u8> = money.iter().flat_map(|value| value.to_le_bytes()).collect();
        bytes.extend(counts.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_48_little_endian_bytes() {
        let outcome = Outcome {
            realised: 1,
            stranded: 2,
            under_water: 3,
            liquidated: -4,
            n_events: 5,
            largest_step: 6,
            n_defaults: 7,
            flags: SATURATED | SMALL_MARK,
        };
        assert_eq!(size_of::<Outcome>(), 48);
        assert_eq!(outcome.loss(), 6);
        assert_eq!(outcome.to_le_bytes(), Outcome::bytes_of(&[outcome]).as_ref());
        assert_eq!(outcome.to_le_bytes()[24..32], [252, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(outcome.to_le_bytes()[44..], [3, 0, 0, 0]);
    }
}
