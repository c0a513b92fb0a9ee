// Twin: src/market/model/zero.rs. Prices of 0: a mask on (asset, step), since 0 has no logarithm.

fn is_worthless(asset: u32, step: u32) -> bool {
    if (HAS_DEAD) {
        if (step >= tables[T_DEAD_FROM + asset]) { return true; }
    }
    if (HAS_ZERO_ROWS) {
        let column = tables[T_REPLAY_COLUMNS + asset];
        if (column == 0u) { return false; }
        let row = (column - 1u) * N_REPLAY_ROWS + replay_row + step + 1u;
        return tables[T_ZERO_ROWS + row] == 1u;
    }
    return false;
}

// The log price, or that of what is worthless.
fn zero_log(asset: u32, step: u32, log: i32) -> i32 {
    if (is_worthless(asset, step)) { return ZERO_LOG; }
    return log;
}
