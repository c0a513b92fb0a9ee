// Twin: src/market/model/shock.rs. Deterministic moves, a table by asset and step.

fn shock_increment(step: u32, asset: u32) -> Wide {
    if (!HAS_SHOCKS) { return wide(0u, 0u); }
    let at = T_SHOCKS + 2u * (asset * N_STEPS + step);
    return wide(tables[at], tables[at + 1u]);
}
