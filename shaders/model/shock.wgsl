// Twin: src/market/model/shock.rs. Deterministic moves, a table by asset and step.

fn shock_increment(step: u32, asset: u32) -> Wide {
    if (!HAS_SHOCKS) { return wide(0u, 0u); }
    return table_wide(T_SHOCKS + WIDE_WORDS * (asset * N_STEPS + step));
}
