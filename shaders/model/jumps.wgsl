// Twin: src/market/model/jumps.rs. Merton's jumps of single assets, each on a clock of its own.

// No thresholds where an asset does not jump.
fn jumps_increment(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    let clock = load_clock(T_CLOCKS + CLOCK_WORDS * asset);
    if (clock.n_thresholds == 0u) { return wide(0u, 0u); }
    let drawn = words(seed, path, step, BLOCK_JUMPS + asset);
    let count = jump_count(drawn.x, clock.thresholds, clock.n_thresholds);
    if (count == 0u) { return wide(0u, 0u); }
    return jump_size(count, drawn.y, load_jump_sizes(T_JUMP_SIZES + JUMP_SIZES_WORDS * asset));
}
