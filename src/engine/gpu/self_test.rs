//! Known answers on a device: a second's work that tells a broken driver from a sound one.

use super::Options;
use super::adapter::Candidate;
use super::probe::{Probe, Prober};
use crate::engine::backend::{DeviceFault, EngineError};
use crate::fixed::{mark_of_log, normal_shock};
use crate::market::rng::{BLOCK_JUMPS, words};
use crate::program::Program;

/// Items of each stage.
const N_ITEMS: u32 = 4096;

/// Asks a device for words, shocks and marks and compares them with the CPU's.
///
/// # Errors
///
/// If the device fails, or answers wrongly.
pub fn self_test(candidate: &Candidate, program: &Program) -> Result<(), EngineError> {
    let prober = Prober::new(candidate, program, Options::default())?;
    let group = Options::default().group_size_for(program);
    let spread: Vec<u32> = (0..N_ITEMS).map(|idx| idx.wrapping_mul(0x9E37_79B9)).collect();
    let ask = |entry_point, input: &[u32], n_output| {
        prober.ask(&Probe {
            entry_point,
            seed: 7,
            first_path: 0,
            n_items: N_ITEMS,
            n_groups: N_ITEMS.div_ceil(group),
            input,
            n_output,
        })
    };
    let drawn: Vec<u32> =
        (0..N_ITEMS).flat_map(|idx| words(7, idx.into(), idx, BLOCK_JUMPS)).collect();
    let shocks: Vec<u32> = spread.iter().map(|word| normal_shock(*word) as u32).collect();
    let marks: Vec<u32> = spread.iter().map(|log| mark_of_log(*log as i32)).collect();
    for (entry_point, expected) in
        [("probe_words", &drawn), ("probe_shocks", &shocks), ("probe_marks", &marks)]
    {
        if ask(entry_point, &spread, expected.len())? != *expected {
            let fault = DeviceFault::WrongAnswer { stage: entry_point };
            return Err(EngineError::Device { adapter: candidate.label(), fault });
        }
    }
    Ok(())
}
