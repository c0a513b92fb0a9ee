// Twin: src/market/model/jumps.rs. Merton's jumps of single assets, each on a clock of its own.

// A row of T_JUMPS, an asset: thresholds, their number, then the row of `jump_size`; no thresholds
// where an asset does not jump.
fn jumps_increment(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    let row = T_JUMPS + 5u * asset;
    let n_thresholds = tables[row + 1u];
    if (n_thresholds == 0u) { return wide(0u, 0u); }
    let drawn = words(seed, path, step, BLOCK_JUMPS + asset);
    let count = jump_count(drawn.x, tables[row], n_thresholds);
    if (count == 0u) { return wide(0u, 0u); }
    return jump_size(count, drawn.y, row + 2u);
}
