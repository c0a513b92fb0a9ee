// Twin: src/market/model/shock.rs. Deterministic moves, a table by asset and step.

fn shock_move(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    return table_wide(T_SHOCKS + WIDE_WORDS * (asset * N_STEPS + step));
}
