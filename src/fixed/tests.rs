//! Do the integer functions do what their docs say, at and beyond their bounds?

use proptest::prelude::*;

use super::*;

/// Φ(-x) for x >= 0, from libm's complementary error function.
fn upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

/// The quantile at 1 - p, by bisection and Newton on the tail; good to 1e-14 here.
fn quantile_of_tail(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..80 {
        let mid = 0.5 * (low + high);
        if upper_tail(mid) > p { low = mid } else { high = mid }
    }
    0.5 * (low + high)
}

fn shock_error(word: u32) -> f64 {
    let tail = (f64::from(word.min(!word)) + 0.5) / 4_294_967_296.0;
    let want = if word >> 31 == 0 { -quantile_of_tail(tail) } else { quantile_of_tail(tail) };
    (f64::from(normal_shock(word)) / f64::from(1 << 28) - want).abs()
}

#[test]
fn normal_shock_is_within_its_stated_error_over_the_whole_range() {
    let mut worst: f64 = 0.0;
    for octave in 0..32 {
        for i in 0..512_u64 {
            let word = ((1_u64 << octave) + ((i << octave) >> 9)) as u32 >> 1;
            worst = worst.max(shock_error(word)).max(shock_error(!word));
        }
    }
    assert!(worst < 1.3e-7, "worst error {worst:e}");
    assert_eq!(normal_shock(u32::MAX), MAX_SHOCK);
    assert_eq!(normal_shock(0), -MAX_SHOCK);
}

#[test]
fn normal_shock_rises_with_its_word_across_every_segment_edge() {
    let mut edges = vec![0_u64, 1 << 31];
    for octave in 0..31 {
        for sub in 0..4_u64 {
            edges.push((1_u64 << octave) + ((sub << octave) >> 2));
        }
    }
    for edge in edges {
        for word in edge.saturating_sub(64)..edge + 64 {
            let word = word as u32;
            assert!(normal_shock(word) <= normal_shock(word.saturating_add(1)), "at {word}");
            assert_eq!(normal_shock(word), -normal_shock(!word), "symmetry at {word}");
        }
    }
}

#[test]
fn marks_rise_over_every_fraction_and_every_octave_edge() {
    let mut before = 0;
    let mut worst: f64 = 0.0;
    for fraction in 0..=ONE_MARK as i32 {
        let mark = mark_of_log(7 * (1 << 24) + fraction.min((1 << 24) - 1));
        assert!(mark >= before, "fraction {fraction}");
        before = mark;
        if fraction % 1009 == 0 {
            let want = libm::exp2(7.0 + f64::from(fraction) / 16_777_216.0) * 16_777_216.0;
            worst = worst.max((f64::from(mark) / want - 1.0).abs());
        }
    }
    assert!(worst < 3.6e-9, "{worst:e}");
    for octave in -30..9 {
        let edge = octave * (1 << 24);
        for log in edge - 300..edge + 300 {
            assert!(mark_of_log(log) <= mark_of_log(log + 1), "log {log}");
        }
    }
    let exp2 = Exp2::for_lanes();
    for log in (i32::MIN..i32::MAX).step_by(99_991) {
        assert_eq!(exp2.mark_of_log(log), mark_of_log(log), "log {log}");
    }
    assert_eq!(mark_of_log(0), ONE_MARK);
    assert_eq!(mark_of_log(8 << 24), u32::MAX);
    assert_eq!(mark_of_log(i32::MAX), u32::MAX);
    assert_eq!(mark_of_log(i32::MIN), 0);
    assert_eq!(mark_of_log(-(24 << 24)), 1);
}

#[test]
fn marks_are_rounded_to_nearest_at_every_octave() {
    for octave in -24..8 {
        for i in 0..1000 {
            let log = octave * (1 << 24) + i * 16_777;
            let want = libm::exp2(f64::from(log) / 16_777_216.0) * 16_777_216.0;
            let error = (f64::from(mark_of_log(log)) - want).abs();
            assert!(error <= 0.5 + want * 3.6e-9, "log {log}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn mul_div_is_the_floor_or_saturates(a: u64, b: u32, d: u32) {
        let exact = if d == 0 { u128::MAX } else { u128::from(a) * u128::from(b) / u128::from(d) };
        prop_assert_eq!(u128::from(mul_div(a, b, d)), exact.min(u128::from(u64::MAX)));
    }

    #[test]
    fn scaling_is_the_floor(a in 0..1_u64 << 63, fraction: u32, share in 0..=ONE_Q31) {
        let exact = (u128::from(a) * u128::from(fraction)) >> 32;
        prop_assert_eq!(u128::from(scale_q32(a, fraction)), exact);
        prop_assert_eq!(u128::from(scale_q31(a, share)), (u128::from(a) * u128::from(share)) >> 31);
    }

    #[test]
    fn ratio_is_within_its_stated_error(d in 1..1_u64 << 63, part in 0.0..1.0_f64) {
        let n = ((d as f64 * part) as u64).min(d - 1);
        let exact = (u128::from(n) << 32) / u128::from(d);
        let error = i128::from(ratio_q32(n, d)) - exact as i128;
        prop_assert!(error.abs() <= 4, "{} of {}: {}", n, d, error);
    }

    #[test]
    fn ratios_of_cut_words_are_floors(n: u32, d: u32, cut in 0..32_u32, near in 0..3_u32) {
        // Beside an integer quotient, where the float is most likely to be one off.
        let by_near = ((u64::from(d) * u64::from(n)) >> 32) as u32 + near;
        for n in [n, by_near, d.saturating_sub(near), near] {
            let (n, d) = (u64::from(n), u64::from(d));
            let expected = match d {
                0 => 0,
                _ => ((n << 32) / d).min(u64::from(u32::MAX)) as u32,
            };
            prop_assert_eq!(ratio_q32(n, d), expected, "{} / {}", n, d);
            if d >> 31 == 1 {
                // What is cut away changes nothing.
                let (n, d) = (n << cut, (d << cut) | ((1 << cut) - 1));
                prop_assert_eq!(ratio_q32(n, d), expected, "{} / {}", n, d);
            }
        }
    }

    #[test]
    fn a_weighed_quantity_never_exceeds_it(quantity in 0..1_u32 << 31, share in 0..=ONE_Q31) {
        let product = u64::from(quantity) * u64::from(share);
        let above = (u64::from(weigh(quantity, share)) << 31).checked_sub(product);
        prop_assert!(above.is_some_and(|above| above < 1 << 31));
        prop_assert!(weigh(quantity, share) <= quantity);
    }
}
