//! Marks of one step of one path at prices that sales have moved, as they are on the market and as
//! the venues read them.

use std::ops::RangeInclusive;

use crate::engine::cpu::marks::Marks;
use crate::fixed::{Exp2, OCTAVE, ONE_MARK, SMALL_MARK, mark_of_log};
use crate::lanes::Lanes;
use crate::program::Program;
use crate::program::layout::{INSTRUMENT_PRICE, from_words};

/// Log marks, Q8.24, between which a mark is neither small nor saturated.
const LEAST_USUAL_LOG: i32 = -11 * OCTAVE;
/// Above.
const MOST_USUAL_LOG: i32 = 8 * OCTAVE - (1 << 20);
/// An impact below an octave, either way, leaves these between the two.
const USUAL_MARKS: RangeInclusive<u32> = ONE_MARK >> 9..=ONE_MARK << 6;

/// Marks that are found together.
const ABREAST: usize = 8;

/// The marks, by instrument.
#[derive(Debug, Clone)]
pub(super) struct MovedMarks<'a> {
    program: &'a Program,
    lanes: Lanes,
    /// The asset of each, and which reading of its price the venue has.
    asset_of: Vec<u32>,
    reading_of: Vec<u32>,
    /// Whether venues may read late.
    is_late: bool,
    /// Growth of every instrument by interest after each step, step by step.
    growths: Vec<i32>,
    /// Where the present step's begin.
    growth: usize,
    sums: Vec<u64>,
    has_sums: bool,
    /// Whether no mark of the path meets an end of its format while impacts are below an octave.
    is_usual: bool,
    /// Whether they are those of the present prices.
    stand: bool,
    /// Marks on the market, once they are asked for; beyond the last there may be others.
    pub(super) market: Vec<u32>,
    /// Marks as venues that read late have them.
    late: Vec<u32>,
    /// Whether a mark on the market met the upper bound of its format, and whether one was small.
    pub(super) strained: (bool, bool),
}

impl<'a> MovedMarks<'a> {
    pub(super) fn new(program: &'a Program, lanes: Lanes, is_late: bool) -> Self {
        let n_instruments = program.instruments.len();
        Self {
            program,
            lanes,
            asset_of: program.instruments.iter().map(|it| it.asset).collect(),
            reading_of: program
                .instruments
                .iter()
                .map(|it| it.reading(program.market.n_assets) as u32)
                .collect(),
            is_late,
            growths: growths(program),
            growth: 0,
            sums: vec![0; n_instruments],
            has_sums: program.instruments.iter().any(|it| it.kind != INSTRUMENT_PRICE),
            is_usual: false,
            stand: false,
            market: vec![0; n_instruments.next_multiple_of(ABREAST)],
            late: vec![0; n_instruments.next_multiple_of(ABREAST)],
            strained: (false, false),
        }
    }

    /// A new path, of these marks before anything moves them.
    pub(super) fn begin(&mut self, marks: &Marks) {
        let prices = self.program.instruments.iter().zip(marks.whole());
        let mut prices = prices.filter(|(it, _)| it.kind == INSTRUMENT_PRICE);
        self.is_usual = prices.all(|(_, whole)| {
            USUAL_MARKS.contains(&whole.low) && USUAL_MARKS.contains(&whole.high)
        });
        self.sums.fill(0);
        self.strained = (false, false);
    }

    /// Whether no mark of the path meets an end of its format while impacts are below an octave.
    pub(super) fn are_usual(&self) -> bool {
        self.is_usual
    }

    /// Passes over the first steps, in which venues read the market itself.
    pub(super) fn skip(&mut self, n_skipped: usize, logs: &[i32]) {
        let n_steps = self.program.market.n_steps;
        for (instrument, sum) in self.program.instruments.iter().zip(&mut self.sums) {
            if instrument.kind != INSTRUMENT_PRICE {
                let skipped = &logs[instrument.asset as usize * n_steps..][..n_skipped];
                *sum = skipped.iter().map(|log| u64::from(mark_of_log(*log))).sum();
            }
        }
    }

    /// The next step, of log prices on the market, by asset, and as venues read them, by feed where
    /// there are feeds.
    pub(super) fn step(&mut self, step: usize, market: &[i32], late: &[i32]) {
        let (read, of) =
            if self.is_late { (late, &self.reading_of) } else { (market, &self.asset_of) };
        self.growth = step * self.program.instruments.len();
        if self.has_sums {
            let instruments = self.program.instruments.iter().zip(of);
            for ((instrument, of), sum) in instruments.zip(&mut self.sums) {
                if instrument.kind != INSTRUMENT_PRICE {
                    *sum += u64::from(mark_of_log(read[*of as usize]));
                }
            }
        }
    }

    /// Prices have moved, by some impacts: logs as in [`Self::step`].
    ///
    /// Marks at the ends of their format are looked at even if no caller asks.
    pub(super) fn forget(&mut self, impacts: &[i32], market: &[i32], late: &[i32]) {
        self.stand = false;
        let is_narrow = impacts.iter().fold(true, |all, impact| all & (impact.abs() < OCTAVE));
        if self.is_usual && is_narrow {
            return;
        }
        let mut is_strained = false;
        let growths = &self.growths[self.growth..];
        for (instrument, growth) in self.program.instruments.iter().zip(growths) {
            let log = market[instrument.asset as usize] + growth;
            is_strained |= !(LEAST_USUAL_LOG..=MOST_USUAL_LOG).contains(&log);
        }
        if is_strained {
            self.strain(market, late);
        }
    }

    /// Computes the marks, unless they stand.
    #[inline]
    pub(super) fn set(&mut self, market: &[i32], late: &[i32]) {
        if !self.stand {
            self.compute(market, late);
        }
    }

    fn compute(&mut self, market: &[i32], logs_late: &[i32]) {
        self.stand = true;
        let Self { lanes, asset_of, reading_of, market: now, late, .. } = self;
        let growths = &self.growths[self.growth..];
        let exp2 = Exp2::for_lanes();
        let set = |marks: &mut [u32], logs: &[i32], of: &[u32]| {
            // Logs first, then all marks at once.
            for ((mark, of), growth) in marks.iter_mut().zip(of).zip(growths) {
                *mark = (logs[*of as usize] + growth) as u32;
            }
            lanes.run(
                #[inline(always)]
                || marks.iter_mut().for_each(|mark| *mark = exp2.mark_of_log(*mark as i32)),
            );
        };
        set(now, market, asset_of);
        if self.is_late {
            set(late, logs_late, reading_of);
        }
        if self.has_sums {
            for (idx, instrument) in self.program.instruments.iter().enumerate() {
                if instrument.kind != INSTRUMENT_PRICE {
                    let sum = (self.sums[idx] >> instrument.sum_shift) as u32;
                    self.market[idx] = sum;
                    self.late[idx] = sum;
                }
            }
        }
    }

    /// Whether price marks on the market are at the ends of their format.
    fn strain(&mut self, market: &[i32], late: &[i32]) {
        self.set(market, late);
        let instruments = self.program.instruments.iter().zip(&self.market);
        for (_, mark) in instruments.filter(|(it, _)| it.kind == INSTRUMENT_PRICE) {
            self.strained.0 |= *mark == u32::MAX;
            self.strained.1 |= *mark < SMALL_MARK;
        }
    }

    /// Whether interest puts an instrument above its asset's price in this step.
    #[inline]
    pub(super) fn has_grown(&self, instrument: u32) -> bool {
        self.growths[self.growth + instrument as usize] > 0
    }

    /// Whether venues may read other marks than the market's.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Marks as venues read them, once they are asked for.
    #[inline(always)]
    pub(super) fn read(&self) -> &[u32] {
        if self.is_late { &self.late } else { &self.market }
    }

    /// The running sum behind an instrument, before the step that comes next.
    pub(super) fn sum(&self, instrument: usize) -> u64 {
        self.sums[instrument]
    }
}

/// Growth of every instrument by interest, Q8.24, after each step, step by step.
fn growths(program: &Program) -> Vec<i32> {
    let steps = 1..=program.market.n_steps as i64;
    let grown = |accrual: i64, step: i64| accrual.wrapping_mul(step).wrapping_add(1 << 31);
    let of_step = |step| {
        let accruals = program.instruments.iter().map(|it| from_words(it.accrual));
        accruals.map(move |accrual| (grown(accrual, step) >> 32) as i32)
    };
    steps.flat_map(of_step).collect()
}
