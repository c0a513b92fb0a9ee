//! Is every position near that is breached at some moved mark within the envelope, however floats
//! round?

use bytemuck::Zeroable;
use proptest::prelude::*;

use super::*;
use crate::engine::cpu::mark_ratios::MarkRatios;
use crate::fixed::mark_of_log;
use crate::lanes::Lanes;
use crate::program::layout::InstrumentRow;
use crate::program::liquidity::{AssetRow, FundRow, LiquidationTerms};

/// A market of so many assets, each with one instrument and no depth.
fn program(n_assets: usize) -> (Program, Liquidity) {
    let mut program = Program::smallest();
    (program.market.n_assets, program.market.n_steps) = (n_assets, 1);
    let price = |asset| InstrumentRow { asset, ..InstrumentRow::zeroed() };
    program.instruments = (0..n_assets as u32).map(price).collect();
    let liquidity = Liquidity {
        curves: Vec::new(),
        assets: vec![AssetRow { curve: NONE, ..AssetRow::zeroed() }; n_assets],
        bands: Vec::new(),
        cross: Vec::new(),
        feeds: Vec::new(),
        stale: Vec::new(),
        terms: LiquidationTerms::zeroed(),
        funds: vec![FundRow::zeroed(); program.actions.len()],
        standing: None,
    };
    (program, liquidity)
}

/// The envelope of impacts on each asset from one to another, on a path of these marks.
fn envelope(envelopes: &[(i32, i32)], marks: &Marks) -> Envelope {
    let (program, liquidity) = program(envelopes.len());
    let mut envelope = Envelope::new(&program, &liquidity);
    envelope.envelope = envelopes.iter().copied().unzip();
    envelope.set_factors();
    envelope.set_floats(marks);
    envelope
}

/// What one asset does: its log mark, its envelope, and how far into that it is moved.
#[derive(Debug, Clone, Copy)]
struct Moved {
    log: i32,
    envelope: (i32, i32),
    impact: i32,
}

impl Moved {
    fn mark(self) -> u32 {
        mark_of_log(self.log.saturating_add(self.impact))
    }
}

fn marks_of(moved: &[Moved]) -> Marks {
    Marks::of_logs(&moved.iter().map(|it| vec![it.log]).collect::<Vec<_>>())
}

fn room_of(moved: &[Moved], marks: &Marks) -> Envelope {
    envelope(&moved.iter().map(|it| it.envelope).collect::<Vec<_>>(), marks)
}

/// Logs of all sizes, most often where marks are so large that their own rounding is none; impacts
/// most often at an end of the envelope.
fn moved() -> impl Strategy<Value = Moved> {
    let log = prop_oneof![
        4 => 5 * OCTAVE..8 * OCTAVE,
        2 => -OCTAVE..OCTAVE,
        1 => -26 * OCTAVE..9 * OCTAVE,
    ];
    let wide = prop_oneof![3 => Just(0), 2 => 0..OCTAVE >> 6, 1 => 0..3 * OCTAVE];
    (log, wide.clone(), wide, 0..4_u32, 0.0..1.0_f64).prop_map(|(log, down, up, at, share)| {
        let impact = match at {
            0 => -down,
            1 => up,
            _ => (f64::from(down) * -share + f64::from(up) * (1.0 - share)) as i32,
        };
        Moved { log, envelope: (-down, up), impact: impact.clamp(-down, up) }
    })
}

/// Against holders and debtors of the asset, as far as the envelope goes.
fn against(moved: Moved, is_owed: bool) -> Moved {
    Moved { impact: if is_owed { moved.envelope.1 } else { moved.envelope.0 }, ..moved }
}

fn term(instrument: u32, coefficient: i32) -> Term {
    let (magnitude, is_negative) = (coefficient.unsigned_abs(), coefficient < 0);
    Term { instrument, magnitude, is_negative, row: 0 }
}

/// A position that lacks one at its moved marks is near before anything moves.
fn is_near(moved: &[Moved], coefficients: &[i32]) -> bool {
    let worth = |(it, factor): (&Moved, &i32)| i128::from(*factor) * i128::from(it.mark());
    let products: i128 = moved.iter().zip(coefficients).map(worth).sum();
    let constant: i64 = (-1 - products).try_into().unwrap();
    let marks = marks_of(moved);
    let envelope = room_of(moved, &marks);
    let terms: Vec<Term> = (0..).zip(coefficients).map(|(idx, it)| term(idx, *it)).collect();
    let found = match terms.len() {
        ..=8 => envelope.filter::<8>(constant, &terms, &marks).next(0, 1),
        _ => envelope.filter::<32>(constant, &terms, &marks).next(0, 1),
    };
    found == Some(0)
}

/// Whether a pair of so much weighted collateral is near that lacks as little as its debt can be
/// too large by, at its moved marks; `None` where no word is such a debt.
fn is_pair_near(held: Moved, owed: Moved, weighted: u32) -> Option<bool> {
    if owed.mark() == 0 {
        return None;
    }
    let worth = u64::from(weighted) * u64::from(held.mark());
    let least = worth / u64::from(owed.mark()) + 1;
    let debt = u32::try_from(least).ok().filter(|debt| *debt < 1 << 31)?;
    let marks = marks_of(&[held, owed]);
    let envelope = room_of(&[held, owed], &marks);
    let class = PairClass {
        collateral: 0,
        debt: 1,
        ratio: 0,
        thresholds: Vec::new(),
        scanned: Vec::new(),
        pairs: Vec::new(),
    };
    let mut ratios = MarkRatios::default();
    ratios.begin(1);
    ratios.need(Lanes::widest(), 0, &class, &marks);
    let bound = envelope.least_ratio(&class, weighted, debt);
    Some(ratios.of(0).first_below(bound, 0, |_| true) == Some(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn who_lacks_anything_within_the_room_is_near(
        terms in prop::collection::vec((moved(), any::<i32>(), 0..26_u32), 1..=32),
        is_at_the_worst: bool,
    ) {
        // All together below 2^30.
        let coefficients: Vec<i32> = terms.iter().map(|it| (it.1 >> 6) >> it.2).collect();
        let moved = terms.iter().zip(&coefficients).map(|(it, coefficient)| {
            if is_at_the_worst { against(it.0, *coefficient < 0) } else { it.0 }
        });
        prop_assert!(is_near(&moved.collect::<Vec<_>>(), &coefficients));
    }

    /// Few terms, where the doubt is least: one that is held, against what is owed of another.
    #[test]
    fn two_terms_that_lack_anything_within_the_room_are_near(
        (held, owed) in (moved(), moved()),
        (one, other) in (1..1_i32 << 30, 1..1_i32 << 30),
    ) {
        let moved = [against(held, false), against(owed, true)];
        prop_assert!(is_near(&moved, &[one, -other]));
        prop_assert!(is_near(&moved[..1], &[one]));
        prop_assert!(is_near(&moved[1..], &[-other]));
    }

    #[test]
    fn a_pair_that_lacks_anything_within_the_room_is_near(
        (held, owed) in (moved(), moved()),
        weighted in 1..1_u32 << 30,
        is_at_the_worst: bool,
    ) {
        let (held, owed) = match is_at_the_worst {
            true => (against(held, false), against(owed, true)),
            false => (held, owed),
        };
        prop_assert_ne!(is_pair_near(held, owed, weighted), Some(false));
    }
}

/// The smallest marks, whose own rounding is as large as they are, moved as far as the envelope
/// goes.
#[test]
fn the_smallest_marks_are_near_wherever_they_are_moved() {
    for log in (-26 * OCTAVE..-18 * OCTAVE).step_by(OCTAVE as usize / 16 + 1) {
        for envelope in [(0, 0), (-OCTAVE / 3, OCTAVE / 3), (-3 * OCTAVE, 3 * OCTAVE)] {
            let [down, up] = [envelope.0, envelope.1].map(|impact| Moved { log, envelope, impact });
            assert!(is_near(&[down], &[1 << 29]), "{down:?}");
            assert!(is_near(&[up], &[-1 << 29]), "{up:?}");
            assert!(is_near(&[down, up], &[1 << 28, -1 << 28]), "{down:?}");
            assert_ne!(is_pair_near(down, up, 1 << 20), Some(false), "{down:?}");
        }
    }
}
