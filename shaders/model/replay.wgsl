// Twin: src/market/model/replay.rs. Prices as they were: a recorded table, walked from a row.

// The row at which the window of the path at hand opens.
var<private> replay_row: u32;

fn replay_path(path: vec2<u32>) { replay_row = replay_start(path); }

// First row of a path's window: the one of all paths, or that of window
// (path * REPLAY_MULTIPLIER) mod N_REPLAY_WINDOWS.
fn replay_start(path: vec2<u32>) -> u32 {
    if (!REPLAY_EACH) { return REPLAY_START; }
    let turn = wide_rem(wide(path.x, path.y), N_REPLAY_WINDOWS);
    return REPLAY_STRIDE * wide_rem(wide_mul(turn, REPLAY_MULTIPLIER), N_REPLAY_WINDOWS);
}

// T_REPLAY_COLUMNS: an asset's column plus 1, or 0 where it has none.
fn replay_move(seed: vec2<u32>, path: vec2<u32>, step: u32, asset: u32) -> Wide {
    let column = tables[T_REPLAY_COLUMNS + asset];
    if (column == 0u) { return wide(0u, 0u); }
    let at = T_REPLAY + WIDE_WORDS * ((column - 1u) * N_REPLAY_ROWS + replay_row + step);
    return wide_sub(table_wide(at + WIDE_WORDS), table_wide(at));
}
