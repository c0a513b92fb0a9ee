// No twin: a path may be walked in pieces of steps, a dispatch each, where drivers end long loops.
// What lasts from one piece to the next stands in the path's part of `state`.

// Words of an asset, of an instrument and of a fund.
const KEPT_ASSET: u32 = 10u;
const KEPT_INSTRUMENT: u32 = 4u;
const KEPT_FUND: u32 = 4u;

fn keep_wide(at: u32, value: Wide) {
    state[at] = wide_lo(value);
    state[at + 1u] = wide_hi(value);
}

fn kept_wide(at: u32) -> Wide { return wide(state[at], state[at + 1u]); }

fn kept_asset(asset: u32) -> u32 { return state_at + S_KEPT + 1u + KEPT_ASSET * asset; }

fn kept_instrument(instrument: u32) -> u32 {
    return kept_asset(N_ASSETS) + KEPT_INSTRUMENT * instrument;
}

fn kept_fund(fund: u32) -> u32 { return kept_instrument(N_INSTRUMENTS) + KEPT_FUND * fund; }

fn put_down(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let at = kept_asset(asset);
        state[at] = log_carry[asset].x;
        state[at + 1u] = log_carry[asset].y;
        keep_wide(at + 2u, recovering[asset]);
        keep_wide(at + 4u, staying[asset]);
        state[at + 6u] = bitcast<u32>(own[asset]);
        state[at + 7u] = bitcast<u32>(highest[asset]);
        state[at + 8u] = bitcast<u32>(reported[asset]);
        state[at + 9u] = reported_at[asset];
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        let at = kept_instrument(instrument);
        state[at] = sum_carry[instrument].x;
        state[at + 1u] = sum_carry[instrument].y;
        keep_wide(at + 2u, sums[instrument]);
    }
    for (var fund = lane; fund < N_FUNDS; fund += GROUP) {
        keep_wide(kept_fund(fund), funds[fund]);
        keep_wide(kept_fund(fund) + 2u, lowest[fund]);
    }
    if (lane == 0u) { state[state_at + S_KEPT] = most_rounds; }
}

fn pick_up(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let at = kept_asset(asset);
        log_carry[asset] = vec2<u32>(state[at], state[at + 1u]);
        recovering[asset] = kept_wide(at + 2u);
        staying[asset] = kept_wide(at + 4u);
        own[asset] = bitcast<i32>(state[at + 6u]);
        highest[asset] = bitcast<i32>(state[at + 7u]);
        reported[asset] = bitcast<i32>(state[at + 8u]);
        reported_at[asset] = state[at + 9u];
        flows[asset] = wide(0u, 0u);
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        let at = kept_instrument(instrument);
        sum_carry[instrument] = vec2<u32>(state[at], state[at + 1u]);
        sums[instrument] = kept_wide(at + 2u);
    }
    for (var fund = lane; fund < N_FUNDS; fund += GROUP) {
        funds[fund] = kept_wide(kept_fund(fund));
        lowest[fund] = kept_wide(kept_fund(fund) + 2u);
    }
    most_rounds = state[state_at + S_KEPT];
}
