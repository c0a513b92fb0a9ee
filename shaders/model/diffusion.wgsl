// Twin: src/market/model/diffusion.rs. Correlated geometric Brownian motion, exact in its log.

// The shocks of all assets at the step of this invocation.
var<private> shocks: array<i32, N_SHOCKS>;

fn draw_shocks(seed: vec2<u32>, path: vec2<u32>, step: u32) {
    for (var block = 0u; block < N_SHOCKS / 4u; block += 1u) {
        let drawn = words(seed, path, step, BLOCK_DIFFUSION + block);
        shocks[4u * block] = normal_shock(drawn.x);
        shocks[4u * block + 1u] = normal_shock(drawn.y);
        shocks[4u * block + 2u] = normal_shock(drawn.z);
        shocks[4u * block + 3u] = normal_shock(drawn.w);
    }
}

fn diffusion_increment(asset: u32) -> Wide {
    var sum = wide(0u, 0u);
    let row = T_FACTOR + asset * N_ASSETS;
    // The factor is lower triangular.
    for (var column = 0u; column <= asset; column += 1u) {
        let factor = bitcast<i32>(tables[row + column]);
        sum = wide_add(sum, wide_mul_signed(factor, shocks[column]));
    }
    return round_shift(sum, tables[T_SHIFTS + asset]);
}

fn round_shift(sum: Wide, shift: u32) -> Wide {
    let half = wide_shr(wide_shl(wide(1u, 0u), shift), 1u);
    return wide_sar(wide_add(sum, half), shift);
}
