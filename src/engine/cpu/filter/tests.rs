//! Is every step at which the exact surplus is negative near, however floats round?

use proptest::prelude::*;

use super::Filter;
use crate::engine::cpu::marks::Marks;
use crate::engine::scan::terms::Term;
use crate::lanes::Lanes;

/// A surplus along a path: marks term by term, step by step.
#[derive(Debug, Clone)]
struct Case {
    constant: i64,
    coefficients: Vec<i32>,
    marks: Vec<Vec<u32>>,
}

impl Case {
    fn n_steps(&self) -> usize {
        self.marks[0].len()
    }

    /// The surplus but for its constant.
    fn products(&self, step: usize) -> i128 {
        let terms = self.coefficients.iter().zip(&self.marks);
        terms.map(|(factor, marks)| i128::from(*factor) * i128::from(marks[step])).sum()
    }

    fn exact(&self, step: usize) -> i128 {
        i128::from(self.constant) + self.products(step)
    }

    /// With the constant that makes the surplus of a step so much.
    fn closed_at(mut self, step: usize, surplus: i64) -> Self {
        self.constant = (i128::from(surplus) - self.products(step)).try_into().unwrap();
        self
    }

    /// The surplus as floats have it, term after term: with this the worst of many is found.
    fn in_floats(&self, step: usize) -> f32 {
        let mut sum = self.constant as f32;
        for (factor, marks) in self.coefficients.iter().zip(&self.marks) {
            sum += *factor as f32 * marks[step] as f32;
        }
        sum
    }

    fn terms(&self) -> Vec<Term> {
        let term = |(coefficient, instrument): (&i32, u32)| Term {
            instrument,
            magnitude: coefficient.unsigned_abs(),
            is_negative: *coefficient < 0,
            row: 0,
        };
        self.coefficients.iter().zip(0..).map(term).collect()
    }

    /// Every step with a negative surplus is near, for the least size of filter that takes it.
    fn check(&self) -> Result<(), TestCaseError> {
        match self.coefficients.len() {
            ..=3 => self.check_of::<3>(),
            4 => self.check_of::<4>(),
            5..=8 => self.check_of::<8>(),
            9..=32 => self.check_of::<32>(),
            _ => self.check_of::<128>(),
        }
    }

    fn check_of<const N: usize>(&self) -> Result<(), TestCaseError> {
        let marks = Marks::of_words(&self.marks);
        let terms = self.terms();
        let exactly = |term: &Term| term.coefficient() as f32;
        let of = Filter::<N>::of(&marks, self.constant, &terms, exactly);
        let of_few = Filter::<N>::of_few(&marks, self.constant, &terms, |term| {
            let high = marks.whole()[term.instrument as usize].high as f32;
            (exactly(term), exactly(term).abs() * high)
        });
        // As where quantities shrink: from other coefficients to these, none beyond the most.
        let mut instruments = [0; N];
        let (mut before, mut after, mut most) = ([0.0; N], [0.0; N], [0.0; N]);
        for (idx, term) in terms.iter().enumerate() {
            instruments[idx] = term.instrument;
            after[idx] = exactly(term);
            (before[idx], most[idx]) = (-after[idx], after[idx].abs());
        }
        let mut set = Filter::<N>::new(&marks, self.constant, instruments, before, most);
        set.set(after);
        for (name, filter) in [("of", of), ("of_few", of_few), ("new", set)] {
            for step in (0..self.n_steps()).filter(|step| self.exact(*step) < 0) {
                for lanes in Lanes::here() {
                    let found = lanes.run(
                        #[inline(always)]
                        || filter.next(step, self.n_steps()),
                    );
                    let surplus = self.exact(step);
                    let what = format!("{name}, {lanes}: {surplus} passes for healthy");
                    prop_assert_eq!(found, Some(step), "{}", what);
                }
            }
        }
        Ok(())
    }
}

/// A word near 2^log2 that a float rounds by all but half a unit, to where the caller wants it, and
/// such that the product of two of them is rounded as far once more.
fn word(log2: u32, along: u64, is_rounded_up: bool) -> u64 {
    let whole = 1_u64 << log2;
    let Some(bits_lost) = log2.checked_sub(23).filter(|lost| *lost > 0) else { return whole };
    let half = 1 << (bits_lost - 1);
    let kept = whole + (along << bits_lost);
    if is_rounded_up { kept + half + 1 } else { kept + half - 1 }
}

/// The worst that n terms can do near 2^log2: a constant so large that all others but the last are
/// hardly more than half a unit of the sum, and are rounded up to one; and a last term that takes
/// all of it back but for what is lacking, and is rounded the same way, as are its factors.
fn worst(n_terms: usize, log2: u32, constant_is_negative: bool) -> Case {
    // The last term is positive then, and rounded up in absolute value.
    let up = constant_is_negative;
    let sign = if up { 1 } else { -1 };
    let factor_log2 = log2.div_ceil(2).min(30);
    // 2048 x 2049 / 2^23 is hardly more than half a unit of the product, 2047 x 2048 hardly less.
    let (first, second) = if up { (2049, 2048) } else { (2047, 2048) };
    let mark = word(log2 - factor_log2, first, up) as u32;
    let half_log2 = log2 - 24;
    let small_log2 = half_log2.min(31);
    let small_mark = (1 << small_log2) + (1 << small_log2.saturating_sub(23));
    let small_factor = 1 << (half_log2 - small_log2);
    let case = |along: u64| {
        let mut coefficients = vec![small_factor; n_terms - 1];
        let mut marks = vec![vec![small_mark]; n_terms - 1];
        // Another last factor of the same roundings gives the constant another one.
        coefficients.push(sign * (word(factor_log2, second, up) as i32 - sign * along as i32));
        marks.push(vec![mark]);
        Case { constant: 0, coefficients, marks }.closed_at(0, -1)
    };
    let off = |case: &Case| case.in_floats(0);
    let cases = (0..16).map(case);
    cases.max_by(|a, b| off(a).total_cmp(&off(b))).unwrap()
}

#[test]
fn what_lacks_one_is_near_though_every_product_and_sum_is_rounded_up() {
    for n_terms in 1..=128 {
        for log2 in [26, 30, 37, 44, 50, 55, 58, 61] {
            for constant_is_negative in [false, true] {
                let case = worst(n_terms, log2, constant_is_negative);
                assert_eq!(case.exact(0), -1);
                case.check().unwrap_or_else(|error| panic!("{error}: {case:?}"));
            }
        }
    }
}

/// These cases are what they are meant to be: floats are off by about as much as n + 1 roundings
/// of the larger side can come to; all n + 3 of them cannot be at their worst at once.
#[test]
fn the_worst_cases_are_off_by_nearly_all_that_roundings_can_come_to() {
    for n_terms in [1, 2, 8, 32, 128] {
        for constant_is_negative in [false, true] {
            let case = worst(n_terms, 60, constant_is_negative);
            let most = (n_terms + 1) as f32 * libm::exp2f(60.0 - 24.0);
            let off = case.in_floats(0);
            assert!(off > 0.9 * most, "{n_terms} terms: {off} of {most}");
        }
    }
}

/// At the ends of the formats: the largest coefficients, marks and constants, and the smallest.
#[test]
fn the_largest_and_the_smallest_words_are_near_when_they_lack_one() {
    let case = |coefficients: &[i32], marks: &[u32]| {
        let marks = marks.iter().map(|mark| vec![*mark]).collect();
        Case { constant: 0, coefficients: coefficients.to_vec(), marks }.closed_at(0, -1)
    };
    let most = (1 << 30) - 1;
    for last in [1, 2, 1 << 24, (1 << 24) + 1, (1 << 31) + 1, u32::MAX - 1, u32::MAX] {
        for (one, other) in [(most, -most), (most, most), (-most, -most), (1, -1), (1, 1), (0, 1)] {
            for first in [0, 1, (1 << 24) - 1, u32::MAX] {
                case(&[one, other], &[first, last]).check().unwrap();
            }
        }
        let many = [1, -1, most / 128, -most / 128].map(|it| vec![it; 128]);
        many.iter().for_each(|many| case(many, &[last; 128]).check().unwrap());
    }
}

/// A word of any size.
fn any_size() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..32_u32).prop_map(|(word, shift)| word >> shift)
}

/// Terms of up to 30 bits in all and marks of all sizes, on a path of some runs; the surplus of one
/// step is negative by a hair of it or less.
fn any_case() -> impl Strategy<Value = Case> {
    let term = (any_size(), any::<bool>(), any_size(), 0..32_u32);
    (prop::collection::vec(term, 1..=128), 1..40_usize, any::<usize>(), any::<u64>(), any_size())
        .prop_map(|(terms, n_steps, closed_at, seed, lacks)| {
            let n_bits = terms.len().next_power_of_two().ilog2();
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (state >> 32) as u32
            };
            let (mut coefficients, mut marks) = (Vec::new(), Vec::new());
            for (word, is_negative, mark, moves) in terms {
                let magnitude = (word >> (2 + n_bits)) as i32;
                coefficients.push(if is_negative { -magnitude } else { magnitude });
                let mut step = |_| mark ^ (next() >> moves);
                marks.push((0..n_steps).map(&mut step).collect());
            }
            let lacks = 1 + i64::from(lacks >> 8);
            Case { constant: 0, coefficients, marks }.closed_at(closed_at % n_steps, -lacks)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_step_that_lacks_anything_is_passed_over(case in any_case()) {
        case.check()?;
    }
}
