// Twin: src/market/model/jumps.rs. Merton's jumps of single assets, each on a clock of its own.

// No thresholds where an asset does not jump in the climate's state.
fn jumps_move(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    let row = in_climate(N_ASSETS) + asset;
    let clock = load_clock(T_CLOCKS + CLOCK_WORDS * row);
    if (clock.n_thresholds == 0u) { return wide(0u, 0u); }
    let drawn = words(seed, path, step, BLOCK_JUMPS + asset);
    let count = jump_count(drawn.x, clock.thresholds, clock.n_thresholds);
    if (count == 0u) { return wide(0u, 0u); }
    return jump_size(count, drawn.y, load_jump_sizes(T_JUMP_SIZES + JUMP_SIZES_WORDS * row));
}
