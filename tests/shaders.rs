//! Does the WGSL validate, and do layouts and constants match Rust? Needs no device.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

mod shaders {
    mod cost;
    mod spirv;
}

use std::mem::{offset_of, size_of};

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Module, TypeInner};

use shortfall::book::action::Action;
use shortfall::engine::gpu::kernel::{Kernel, Task, Words};
use shortfall::market::depth::CurveRow;
use shortfall::program::Program;
use shortfall::program::layout::{LegRow, PositionRow, TierRow};
use shortfall::program::liquidity::{AssetRow, BandRow, FeedRow};
use shortfall::scenario::{Overrides, load};

fn programs() -> [Program; 2] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/lending.toml");
    let scenario = load(path.as_ref(), &Overrides::default()).unwrap();
    let program = shortfall::engine::compile(&scenario).unwrap();
    let coupled = Program { liquidity: Some(support::neutral(&scenario)), ..program.clone() };
    [program, coupled]
}

fn parsed(program: &Program, words: Words) -> Module {
    let kernel = Kernel::new(program, words, 16_384).unwrap();
    let parsed = naga::front::wgsl::parse_str(&kernel.source);
    parsed.unwrap_or_else(|error| panic!("{}", error.emit_to_string(&kernel.source)))
}

fn kernel(words: Words) -> Module {
    parsed(&programs()[0], words)
}

#[test]
fn both_kernels_validate_and_only_the_native_one_needs_64_bit_integers() {
    for (words, capabilities) in
        [(Words::Native, Capabilities::SHADER_INT64), (Words::Emulated, Capabilities::empty())]
    {
        for program in programs() {
            let module = parsed(&program, words);
            let mut validator = Validator::new(ValidationFlags::all(), capabilities);
            let validated = validator.validate(&module);
            assert!(validated.is_ok(), "{words:?}: {:?}", validated.err());
        }
    }
}

/// Offsets of a WGSL struct's fields and its size.
fn layout_of(module: &Module, name: &str) -> (Vec<(String, usize)>, usize) {
    let mut types = module.types.iter();
    let (_, found) = types.find(|(_, it)| it.name.as_deref() == Some(name)).unwrap();
    let TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no struct") };
    let fields = members.iter().map(|it| (it.name.clone().unwrap(), it.offset as usize));
    (fields.collect(), *span as usize)
}

/// Compares a Rust struct with the WGSL struct of the same name, field by field.
macro_rules! assert_layout {
    ($module:expr, $row:ident { $($field:ident),* $(,)? }) => {
        let (fields, size) = layout_of($module, stringify!($row));
        let expected = vec![$((stringify!($field).to_owned(), offset_of!($row, $field))),*];
        assert_eq!(fields, expected, stringify!($row));
        assert_eq!(size, size_of::<$row>(), stringify!($row));
    };
}

#[test]
fn rows_have_the_same_fields_at_the_same_offsets() {
    let module = &kernel(Words::Emulated);
    assert_layout!(module, PositionRow { leg_start, n_legs, action, money_shift, constant, tie });
    assert_layout!(
        module,
        LegRow {
            instrument,
            kind,
            quantity,
            threshold,
            incentive,
            discount,
            pool,
            tier_start,
            n_tiers,
        }
    );
    assert_layout!(module, TierRow { coefficient, deduction });
    assert_layout!(
        module,
        Action {
            kind,
            close_factor,
            of_whole_debt,
            full_close_below,
            writes_off,
            calls_per_step,
            close_cost,
            small,
            dust,
        }
    );
}

#[test]
fn what_couples_positions_has_the_same_rows() {
    let module = &parsed(&programs()[1], Words::Emulated);
    assert_layout!(module, AssetRow { curve, permanent, kept, band_start, n_bands });
    assert_layout!(
        module,
        BandRow { fall, size_mantissa, size_shift, money_mantissa, money_shift }
    );
    assert_layout!(module, CurveRow { paid, price, bend, log, log_slope, log_bend });
    assert_layout!(module, FeedRow { heartbeat, rise, fall, delay });
}

#[test]
fn the_task_is_words_in_the_same_order() {
    // Arrays in a uniform are padded, so each word of the task has a field of its own.
    let (fields, size) = layout_of(&kernel(Words::Emulated), "Task");
    assert_eq!(size, size_of::<Task>());
    let words = ["seed_lo", "seed_hi", "first_path_lo", "first_path_hi"];
    for (place, name) in words.into_iter().enumerate() {
        assert_eq!(fields[place], (name.to_owned(), 4 * place));
    }
    assert_eq!(fields[4], ("n_paths".to_owned(), offset_of!(Task, n_paths)));
    assert_eq!(fields[5], ("n_slices".to_owned(), offset_of!(Task, n_slices)));
    assert_eq!(fields[6], ("canary".to_owned(), offset_of!(Task, canary)));
}

#[test]
fn no_kernel_calls_a_float_function() {
    for program in programs() {
        for words in [Words::Native, Words::Emulated] {
            let source = Kernel::new(&program, words, 16_384).unwrap().source;
            assert!(!source.contains("f32") && !source.contains("f64"), "{words:?} has floats");
        }
    }
}
