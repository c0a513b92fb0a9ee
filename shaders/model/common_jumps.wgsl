// Twin: src/market/model/common_jumps.rs. Jumps of many assets on one clock.

// Jumps of this invocation's step.
var<private> n_common_jumps: u32;

// A clock a state of the climate.
fn common_jumps_step(seed: vec2<u32>, path: vec2<u32>, step: u32) {
    let clock = load_clock(T_COMMON_CLOCK + in_climate(CLOCK_WORDS));
    let word = words(seed, path, step, BLOCK_COMMON_JUMPS).x;
    n_common_jumps = jump_count(word, clock.thresholds, clock.n_thresholds);
}

fn common_jumps_move(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    let count = n_common_jumps;
    if (count == 0u) { return wide(0u, 0u); }
    let row = in_climate(N_ASSETS) + asset;
    let sizes = load_jump_sizes(T_COMMON_SIZES + JUMP_SIZES_WORDS * row);
    if (sizes.takes_part == 0u) { return wide(0u, 0u); }
    let drawn = words(seed, path, step, BLOCK_COMMON_JUMPS + 1u + asset / 4u);
    return jump_size(count, drawn[asset % 4u], sizes);
}
