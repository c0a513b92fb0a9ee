//! What does a path-step, a check and a replayed step cost in instructions, and what in memory?
//!
//! Counted in the SPIR-V of the kernel of `scenarios/reference.toml` (the market and the rule of
//! workload W), with 64-bit words; both sides of a branch count, and bytes are of storage buffers.
//! Nothing here was measured on hardware: a driver may do better or worse by each. A change that
//! makes the kernel dearer changes the table. Shown by
//! `cargo test --test shaders cost -- --nocapture`.
//!
//! Until positions were bounded by ratios, several paths at a time, a leg's bound took 2
//! multiplications, 22 others, 2 accesses and 24 bytes, and a position 28 bytes more, a path; the
//! scan's 44 others were those of 4 invocations while all other ones waited.

use std::fmt::Write as _;
use std::path::Path;

use shortfall::engine::gpu::kernel::{Kernel, Words};
use shortfall::scenario::{Overrides, load};

use super::spirv::{Compiled, Cost, Model};

/// Memory of a workgroup that every device has.
const WORKGROUP_BYTES: usize = 16_384;
/// Shared memory of a multiprocessor, in KiB: of NVIDIA's consumer cards since Ampere, and of the
/// H100 and H200.
const MULTIPROCESSOR_KIB: [u32; 2] = [100, 228];

/// What W does not have: such functions return at once.
const UNUSED: [&str; 2] = ["tiers_at", "raise"];

fn row(table: &mut String, what: &str, cost: Cost) {
    let Cost { multiply, divide, other, workgroup, storage } = cost;
    let bytes = 4.0 * storage;
    let _ = writeln!(
        table,
        "{what:<34} {multiply:>8.1} {divide:>8.1} {other:>8.1} {workgroup:>9.1} {bytes:>8.1}"
    );
}

#[test]
fn the_kernel_costs_what_it_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference.toml");
    let program = shortfall::engine::compile(&load(&path, &Overrides::default()).unwrap()).unwrap();
    let kernel = Kernel::new(&program, Words::Native, WORKGROUP_BYTES).unwrap();
    let compiled = Compiled::new(&kernel.source, "simulate");
    let n_assets = program.market.n_assets as f64;
    let room = kernel.room;
    let n_chunks = room.drawn.div_ceil(room.chunk) as f64;
    let paths = room.paths as f64;
    let trips = [
        ("philox4x32", 10.0),
        ("diffusion_step", (n_assets / 4.0).ceil()),
        ("diffusion_move", (n_assets + 1.0) / 2.0),
        ("list_bound", paths),
    ];
    let model = Model { trips: &trips, unused: &UNUSED };
    let turn = |name, idx| compiled.turn(name, idx, &model);
    let draw =
        compiled.of("diffusion_step", &model).plus(turn("draw_increments", 1).times(n_assets));
    let others = turn("add_up_chunk", 0).times((n_chunks - 1.0) / 2.0 / room.chunk as f64);
    let scan = turn("scan_logs", 1).plus(turn("add_up_chunk", 1)).plus(others).times(n_assets);
    let without_terms = Model { trips: &[("list_bound", 0.0)], ..model };
    let position = compiled.of("list_bound", &without_terms).times(1.0 / paths);
    let mut table = format!(
        "{:<34} {:>8} {:>8} {:>8} {:>9} {:>8}\n",
        "", "multiply", "divide", "other", "workgroup", "bytes"
    );
    row(&mut table, "draw, a path-step", draw);
    row(&mut table, "scan, a path-step", scan);
    row(&mut table, "log marks, a path-step", turn("fill_logs", 0).times(n_assets));
    row(&mut table, "extremes, a row and path-step", turn("find_extremes", 2));
    row(&mut table, "marks, a path-step", turn("make_marks", 1).times(n_assets));
    row(&mut table, "bound, a position and path", position);
    row(&mut table, "bound, a term and path", turn("list_bound", 1).times(1.0 / paths));
    row(&mut table, "run of pairs, a near one", turn("list_run", 1));
    row(&mut table, "replay, a step of two legs", turn("next_breach_of_two", 0));
    row(&mut table, "replay, a step and leg", turn("surplus_at", 0));
    let bytes = compiled.workgroup_bytes;
    let _ = writeln!(table, "{room:?}");
    for kib in MULTIPROCESSOR_KIB {
        let _ = writeln!(
            table,
            "{bytes} bytes a workgroup: {} workgroups in {kib} KiB",
            1024 * kib / bytes
        );
    }
    println!("{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn no_kernel_takes_more_memory_than_every_device_has() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut least = u32::MAX;
    for path in entries.filter(|path| path.extension().is_some_and(|it| it == "toml")) {
        let program =
            shortfall::engine::compile(&load(&path, &Overrides::default()).unwrap()).unwrap();
        let is_coupled = program.liquidity.is_some();
        let kernel = Kernel::new(&program, Words::Native, WORKGROUP_BYTES).unwrap();
        let entry_point = if is_coupled { "simulate_coupled" } else { "simulate" };
        let bytes = Compiled::new(&kernel.source, entry_point).workgroup_bytes;
        println!("{}: {bytes} bytes, {:?}", path.display(), kernel.room);
        assert!(bytes as usize <= WORKGROUP_BYTES, "{}: {bytes} bytes", path.display());
        least = least.min(bytes);
    }
    assert!(least > 0, "no kernel counted");
}
