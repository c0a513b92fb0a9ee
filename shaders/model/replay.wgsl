// Twin: src/market/model/replay.rs. Prices as they were: a recorded table, walked from a row.

// First row of a path's window: its own, or path mod the number of windows.
fn replay_start(path: vec2<u32>) -> u32 {
    if (REPLAY_EACH) { return wide_rem(wide(path.x, path.y), N_REPLAY_WINDOWS); }
    return REPLAY_START;
}

// T_REPLAY_COLUMNS: an asset's column plus 1, or 0 where it has none.
fn replay_increment(start: u32, step: u32, asset: u32) -> Wide {
    if (N_REPLAY_ROWS == 0u) { return wide(0u, 0u); }
    let column = tables[T_REPLAY_COLUMNS + asset];
    if (column == 0u) { return wide(0u, 0u); }
    let at = T_REPLAY + 2u * ((column - 1u) * N_REPLAY_ROWS + start + step);
    return wide_sub(wide(tables[at + 2u], tables[at + 3u]), wide(tables[at], tables[at + 1u]));
}
