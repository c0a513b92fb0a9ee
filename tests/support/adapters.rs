//! The adapters on which tests compare a device with the CPU.

use shortfall::engine::gpu::adapter::{Candidate, candidates};

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
