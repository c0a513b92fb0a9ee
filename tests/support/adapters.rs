//! The adapters on which tests compare a device with the CPU.

use shortfall::engine::gpu::Options;
use shortfall::engine::gpu::adapter::{Candidate, candidates};
use shortfall::engine::gpu::probe::{Probe, Prober};
use shortfall::program::Program;

/// The adapters; a machine without any fails only where one is required.
pub(crate) fn adapters() -> Vec<Candidate> {
    let found = candidates();
    if found.is_empty() {
        assert!(
            std::env::var_os("SHORTFALL_REQUIRE_ADAPTER").is_none(),
            "SHORTFALL_REQUIRE_ADAPTER is set and there is no adapter: install a Vulkan driver"
        );
        eprintln!("no adapter: 1 test compares nothing");
    }
    found
}

/// Log prices of the first window of 16 paths; whether one of them was held in its range.
pub(crate) fn assert_same_prices(
    name: &str,
    program: &Program,
    seed: u64,
    adapter: &Candidate,
) -> bool {
    let n_paths = 16;
    let market = &program.market;
    let prober = Prober::new(adapter, program, Options::default()).expect("a prober");
    let window = prober.window();
    let first_path = (1 << 33) - 5;
    let found = prober
        .ask(&Probe {
            entry_point: "probe_prices",
            seed,
            first_path,
            n_items: n_paths,
            n_groups: n_paths,
            input: &vec![0; program.positions.len() * n_paths as usize],
            n_output: n_paths as usize * market.n_assets * window,
        })
        .expect("prices");
    let mut buffer = market.buffer();
    let mut expected: Vec<u32> = Vec::new();
    let mut clamped = false;
    for path in first_path..first_path + u64::from(n_paths) {
        market.walk(seed, path, &mut buffer);
        clamped |= buffer.clamped;
        let rows = buffer.logs.chunks_exact(market.n_steps);
        expected.extend(rows.flat_map(|row| &row[..window]).map(|log| *log as u32));
    }
    let at = found.iter().zip(&expected).position(|(a, b)| a != b);
    assert_eq!(at, None, "{name}: window {window}");
    clamped
}
