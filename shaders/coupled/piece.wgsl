// No twin: a path may be walked in pieces of steps, a dispatch each, where drivers end long loops.
// What lasts from one piece to the next stands in the path's part of `state`.

fn kept_asset_at(asset: u32) -> u32 {
    return state_at + S_KEPT + KEPT_PATH_WORDS + KEPT_ASSET_WORDS * asset;
}

fn kept_reading_at(reading: u32) -> u32 {
    return kept_asset_at(N_ASSETS) + KEPT_READING_WORDS * reading;
}

fn kept_instrument_at(instrument: u32) -> u32 {
    return kept_reading_at(N_READINGS) + KEPT_INSTRUMENT_WORDS * instrument;
}

fn kept_fund_at(fund: u32) -> u32 {
    return kept_instrument_at(N_INSTRUMENTS) + KEPT_FUND_WORDS * fund;
}

fn put_down(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        var kept: KeptAsset;
        kept.log_carry = array<u32, 2>(log_carry[asset].x, log_carry[asset].y);
        kept.recovering = words_of(recovering[asset]);
        kept.staying = words_of(staying[asset]);
        kept.own = own[asset];
        kept.highest = highest[asset];
        store_kept_asset(kept_asset_at(asset), kept);
    }
    for (var reading = lane; reading < N_READINGS; reading += GROUP) {
        let kept = KeptReading(reported[reading], reported_at[reading]);
        store_kept_reading(kept_reading_at(reading), kept);
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        var kept: KeptInstrument;
        kept.sum_carry = array<u32, 2>(sum_carry[instrument].x, sum_carry[instrument].y);
        kept.sum = words_of(sums[instrument]);
        store_kept_instrument(kept_instrument_at(instrument), kept);
    }
    for (var fund = lane; fund < N_FUNDS; fund += GROUP) {
        let kept = KeptFund(words_of(funds[fund]), words_of(lowest[fund]));
        store_kept_fund(kept_fund_at(fund), kept);
    }
    if (lane == 0u) { store_kept_path(state_at + S_KEPT, KeptPath(most_rounds, words_of(n_left))); }
}

fn pick_up(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let kept = load_kept_asset(kept_asset_at(asset));
        log_carry[asset] = vec2<u32>(kept.log_carry[0], kept.log_carry[1]);
        recovering[asset] = wide_of(kept.recovering);
        staying[asset] = wide_of(kept.staying);
        own[asset] = kept.own;
        highest[asset] = kept.highest;
        flows[asset] = wide(0u, 0u);
    }
    for (var reading = lane; reading < N_READINGS; reading += GROUP) {
        let kept = load_kept_reading(kept_reading_at(reading));
        reported[reading] = kept.reported;
        reported_at[reading] = kept.reported_at;
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        let kept = load_kept_instrument(kept_instrument_at(instrument));
        sum_carry[instrument] = vec2<u32>(kept.sum_carry[0], kept.sum_carry[1]);
        sums[instrument] = wide_of(kept.sum);
    }
    for (var fund = lane; fund < N_FUNDS; fund += GROUP) {
        let kept = load_kept_fund(kept_fund_at(fund));
        funds[fund] = wide_of(kept.held);
        lowest[fund] = wide_of(kept.lowest);
    }
    let kept = load_kept_path(state_at + S_KEPT);
    most_rounds = kept.most_rounds;
    n_left = wide_of(kept.n_left);
}
