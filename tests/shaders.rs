//! Does the WGSL validate, and do layouts and constants match Rust? Needs no device.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

mod shaders {
    mod cost;
    mod spirv;
}

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{Module, TypeInner};

use shortfall::book::action::Action;
use shortfall::engine::gpu::kernel::{Kernel, Task, Words};
use shortfall::market::depth::CurveRow;
use shortfall::program::Program;
use shortfall::program::layout::{LegRow, PositionRow, TierRow};
use shortfall::program::liquidity::{AssetRow, BandRow, FeedRow};
use shortfall::rows::{Cell, Row};
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

/// Compares the fields of a row with the WGSL struct of the same name.
fn assert_layout<R: Row>(module: &Module) {
    let (fields, size) = layout_of(module, R::NAME);
    let expected = R::FIELDS.iter().map(|it| (it.name.to_owned(), 4 * it.at));
    assert_eq!(fields, expected.collect::<Vec<_>>(), "{}", R::NAME);
    assert_eq!(size, 4 * R::WORDS, "{}", R::NAME);
}

#[test]
fn rows_have_the_same_fields_at_the_same_offsets() {
    let module = &kernel(Words::Emulated);
    assert_layout::<PositionRow>(module);
    assert_layout::<LegRow>(module);
    assert_layout::<TierRow>(module);
    assert_layout::<Action>(module);
    let module = &parsed(&programs()[1], Words::Emulated);
    assert_layout::<AssetRow>(module);
    assert_layout::<BandRow>(module);
    assert_layout::<CurveRow>(module);
    assert_layout::<FeedRow>(module);
}

#[test]
fn the_task_is_words_in_the_same_order() {
    // Arrays in a uniform are padded, so each word of the task has a field of its own.
    let (fields, size) = layout_of(&kernel(Words::Emulated), "Task");
    assert_eq!(size, size_of::<Task>());
    let words = Task::FIELDS.iter().flat_map(|it| match it.cell {
        Cell::Wide => vec![format!("{}_lo", it.name), format!("{}_hi", it.name)],
        Cell::Word | Cell::Signed => vec![it.name.to_owned()],
    });
    let expected = words.zip((0..).step_by(4));
    assert_eq!(fields, expected.collect::<Vec<_>>());
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
