// Twin: src/market/model/common_jumps.rs. Jumps of many assets on one clock.

fn common_jumps_count(seed: vec2<u32>, path: vec2<u32>, step: u32) -> u32 {
    if (N_COMMON_THRESHOLDS == 0u) { return 0u; }
    let clock = words(seed, path, step, BLOCK_COMMON_JUMPS).x;
    return jump_count(clock, T_COMMON_THRESHOLDS, N_COMMON_THRESHOLDS);
}

fn common_jumps_increment(
    seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32, count: u32,
) -> Wide {
    if (count == 0u) { return wide(0u, 0u); }
    let sizes = load_jump_sizes(T_COMMON_SIZES + JUMP_SIZES_WORDS * asset);
    if (sizes.takes_part == 0u) { return wide(0u, 0u); }
    let drawn = words(seed, path, step, BLOCK_COMMON_JUMPS + 1u + asset / 4u);
    return jump_size(count, drawn[asset % 4u], sizes);
}
