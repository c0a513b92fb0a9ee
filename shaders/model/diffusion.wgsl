// Twin: src/market/model/diffusion.rs. Correlated geometric Brownian motion, exact in its log.

// The shocks of this invocation's step: the assets' own, then the common factors'.
var<private> shocks: array<i32, N_SHOCKS + N_FACTOR_SHOCKS>;

fn diffusion_step(seed: vec2<u32>, path: vec2<u32>, step: u32) {
    for (var block = 0u; block < N_SHOCKS / 4u; block += 1u) {
        keep_shocks(4u * block, words(seed, path, step, BLOCK_DIFFUSION + block));
    }
    for (var block = 0u; block < N_FACTOR_SHOCKS / 4u; block += 1u) {
        keep_shocks(N_SHOCKS + 4u * block, words(seed, path, step, BLOCK_FACTORS + block));
    }
}

fn keep_shocks(at: u32, drawn: vec4<u32>) {
    shocks[at] = normal_shock(drawn.x);
    shocks[at + 1u] = normal_shock(drawn.y);
    shocks[at + 2u] = normal_shock(drawn.z);
    shocks[at + 3u] = normal_shock(drawn.w);
}

fn diffusion_move(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    var sum = wide(0u, 0u);
    // A dense factor is lower triangular; a row of one column holds the asset's own shock alone.
    let first = select(0u, asset, N_COLUMNS == 1u);
    let row = T_FACTOR + in_climate(N_ASSETS * N_COLUMNS) + asset * N_COLUMNS;
    for (var shock = first; shock <= asset; shock += 1u) {
        sum = wide_add(sum, shock_term(tables[row + shock - first], shock));
    }
    let loadings = T_LOADINGS + in_climate(N_ASSETS * N_FACTORS) + asset * N_FACTORS;
    for (var factor = 0u; factor < N_FACTORS; factor += 1u) {
        let loading = tables[loadings + factor];
        sum = wide_add(sum, shock_term(loading, N_SHOCKS + factor));
    }
    return round_shift(sum, tables[T_SHIFTS + in_climate(N_ASSETS) + asset]);
}

fn shock_term(coefficient: u32, shock: u32) -> Wide {
    return wide_mul_signed(bitcast<i32>(coefficient), shocks[shock]);
}

fn round_shift(sum: Wide, shift: u32) -> Wide {
    let half = wide_shr(wide_shl(wide(1u, 0u), shift), 1u);
    return wide_sar(wide_add(sum, half), shift);
}
