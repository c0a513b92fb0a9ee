// Twin: src/engine/reference/market.rs. The market of a path as sales have moved it, and as the
// venues read it: lanes over assets, then over instruments.

// By asset, as `MovedMarket` has them; a band is its row.
var<workgroup> recovering: array<Wide, N_ASSETS>;
var<workgroup> staying: array<Wide, N_ASSETS>;
var<workgroup> flows: array<Wide, N_ASSETS>;
var<workgroup> own: array<i32, N_ASSETS>;
var<workgroup> market_logs: array<i32, N_ASSETS>;
var<workgroup> highest: array<i32, N_ASSETS>;
var<workgroup> rest: array<u32, N_ASSETS>;
var<workgroup> bands: array<u32, N_ASSETS>;
// By reading: one an asset, then those of single venues.
var<workgroup> reported: array<i32, N_READINGS>;
var<workgroup> reported_at: array<u32, N_READINGS>;
var<workgroup> read_logs: array<i32, N_READINGS>;
// By instrument.
var<workgroup> sums: array<Wide, N_INSTRUMENTS>;
var<workgroup> market_marks: array<u32, N_INSTRUMENTS>;
var<workgroup> read_marks: array<u32, N_INSTRUMENTS>;

// Where the path's reported logs stand in `state`.
var<private> history_at: u32;

fn market_begin(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        recovering[asset] = wide(0u, 0u);
        staying[asset] = wide(0u, 0u);
        flows[asset] = wide(0u, 0u);
        own[asset] = 0;
        if (HAS_STANDING) { restore(asset); }
        highest[asset] = opening_log(asset);
    }
    for (var reading = lane; reading < N_READINGS; reading += GROUP) {
        reported[reading] = opening_log(asset_read(reading));
        reported_at[reading] = 0u;
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        sums[instrument] = wide(0u, 0u);
    }
}

// Where the row of an asset stands among those of the settled opening.
fn standing_asset_at(asset: u32) -> u32 {
    return T_STANDING_ASSETS + STANDING_ASSET_WORDS * asset;
}

// What the opening has sold of an asset.
fn restore(asset: u32) {
    let standing = load_standing_asset(standing_asset_at(asset));
    flows[asset] = wide_of(standing.flow);
    let row = asset_row(asset);
    if (row.curve == NONE) { return; }
    recovering[asset] = wide_of(standing.recovering);
    staying[asset] = wide_of(standing.staying);
    if (!is_zero(recovering[asset]) || !is_zero(staying[asset])) {
        own[asset] = displacement(row.curve, held(asset));
    }
}

fn feed_row(reading: u32) -> FeedRow {
    return load_feed(T_FEEDS + FEED_WORDS * reading);
}

// The asset of a reading.
fn asset_read(reading: u32) -> u32 {
    if (reading < N_ASSETS) { return reading; }
    return feed_row(reading).asset;
}

// The reading that an instrument's venue has, whose row is there.
fn reading_of(row: u32) -> u32 {
    let feed = tables[row + INSTRUMENT_FEED];
    if (feed == 0u) { return tables[row + INSTRUMENT_ASSET]; }
    return N_ASSETS + feed - 1u;
}

// The next step: markets recover.
fn recover(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let row = asset_row(asset);
        if (row.curve != NONE && !is_zero(recovering[asset])) {
            let left = scale_q31(wide_abs(recovering[asset]), row.kept);
            recovering[asset] = with_sign(left, recovering[asset]);
            own[asset] = displacement(row.curve, held(asset));
        }
    }
}

fn with_sign(absolute: Wide, sign: Wide) -> Wide {
    if (is_negative(sign)) { return negate(absolute); }
    return absolute;
}

// The size an asset's market holds.
fn held(asset: u32) -> Wide { return wide_add(recovering[asset], staying[asset]); }

// Prices move, and feeds report what their rules say; `own` of all assets stands.
fn move_prices(step: u32, offset: u32, is_new_step: bool, lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let log = masked_log(asset, step, bitcast<i32>(increments[asset * WINDOW + offset].y));
        let impact = impact_on(asset);
        market_logs[asset] = log + impact;
        keep_room(asset, impact);
        let row = asset_row(asset);
        if (row.curve != NONE) { rest[asset] = mark_of_log(log + (impact - own[asset])); }
        if (HAS_STANDING) {
            // What the opening has bought; a flag that it raised itself would be cleared again.
            if (is_new_step && step == 0u && own[asset] >= OVERBOUGHT) { raise(FLAG_SATURATED); }
        }
        if (is_new_step) {
            highest[asset] = max(highest[asset], market_logs[asset]);
            let fall = bitcast<u32>(highest[asset]) - bitcast<u32>(market_logs[asset]);
            if (row.curve != NONE) { bands[asset] = band_of_fall(row, fall); }
        }
        report(asset, step, is_new_step);
    }
    if (N_READINGS == N_ASSETS) { return; }
    // Those of single venues are of any lane's asset.
    workgroupBarrier();
    for (var reading = N_ASSETS + lane; reading < N_READINGS; reading += GROUP) {
        report(reading, step, is_new_step);
    }
}

// Displacement of an asset by all sales.
fn impact_on(asset: u32) -> i32 {
    if (!HAS_CROSS) { return clamp(own[asset], -MOST_IMPACT, MOST_IMPACT); }
    var total = wide(0u, 0u);
    for (var other = 0u; other < N_ASSETS; other += 1u) {
        let entry = bitcast<i32>(tables[T_CROSS + asset * N_ASSETS + other]);
        total = wide_add(total, wide_sar(wide_mul_signed(entry, own[other]), CROSS_BITS));
    }
    if (wide_below_signed(wide_of_i32(MOST_IMPACT), total)) { return MOST_IMPACT; }
    if (wide_below_signed(total, wide_of_i32(-MOST_IMPACT))) { return -MOST_IMPACT; }
    return bitcast<i32>(wide_lo(total));
}

// A feed reports what its rules say; a heart beats at the beginning of a step only.
fn report(reading: u32, step: u32, is_new_step: bool) {
    if (!HAS_FEEDS) {
        read_logs[reading] = market_logs[reading];
        return;
    }
    let feed = feed_row(reading);
    let now = market_logs[feed.asset];
    var is_stale = false;
    if (HAS_STALE) { is_stale = tables[T_STALE + reading * N_STEPS + step] == 1u; }
    let by = wide_sub(wide_of_i32(now), wide_of_i32(reported[reading]));
    let is_due = is_new_step && step + 1u - reported_at[reading] >= feed.heartbeat;
    let is_far = !wide_below_signed(by, wide(feed.rise, 0u))
        || !wide_below_signed(negate(by), wide(feed.fall, 0u));
    if (!is_stale && (is_due || is_far)) {
        reported[reading] = now;
        reported_at[reading] = step + 1u;
    }
    if (feed.delay == 0u) {
        read_logs[reading] = reported[reading];
    } else if (step >= feed.delay) {
        let then = history_at + reading * N_STEPS + step - feed.delay;
        read_logs[reading] = bitcast<i32>(state[then]);
    } else {
        read_logs[reading] = opening_log(feed.asset);
    }
}

// Marks of instruments, as read and on the market; all logs stand.
fn move_marks(step: u32, is_new_step: bool, lane: u32) {
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        let row = instrument_at(instrument);
        let asset = tables[row + INSTRUMENT_ASSET];
        if (tables[row + INSTRUMENT_KIND] != INSTRUMENT_PRICE) {
            if (is_new_step) {
                let mark = mark_of_log(read_logs[reading_of(row)]);
                sums[instrument] = wide_add(sums[instrument], wide(mark, 0u));
            }
            let sum = sum_mark(instrument, sums[instrument]);
            market_marks[instrument] = sum;
            read_marks[instrument] = sum;
            continue;
        }
        let mark = price_mark(instrument, market_logs[asset], step);
        market_marks[instrument] = mark;
        if (mark == 0xffffffffu) { raise(FLAG_SATURATED); }
        if (mark < SMALL_MARK) { raise(FLAG_SMALL_MARK); }
        read_marks[instrument] = mark;
        if (HAS_FEEDS) {
            read_marks[instrument] = price_mark(instrument, read_logs[reading_of(row)], step);
        }
    }
}

// The round is over: what was sold in it moves prices.
fn end_round(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        let row = asset_row(asset);
        if (row.curve != NONE && !is_zero(flows[asset])) {
            let size = band_size(band_row(bands[asset]), flows[asset]);
            let stays = with_sign(scale_q31(wide_abs(size), row.permanent), size);
            staying[asset] = clamped_part(wide_add(staying[asset], stays));
            let goes = wide_sub(size, stays);
            recovering[asset] = clamped_part(wide_add(recovering[asset], goes));
            own[asset] = displacement(row.curve, held(asset));
            if (own[asset] >= OVERBOUGHT) { raise(FLAG_SATURATED); }
        }
        flows[asset] = wide(0u, 0u);
    }
}

// A part of a size, within its bounds.
fn clamped_part(part: Wide) -> Wide {
    let most = wide(MOST_PART_LO, MOST_PART_HI);
    if (wide_below_signed(most, part)) { return most; }
    if (wide_below_signed(part, negate(most))) { return negate(most); }
    return part;
}

// The step is over: what was reported last is remembered.
fn end_step(step: u32, lane: u32) {
    if (!HAS_HISTORY) { return; }
    for (var reading = lane; reading < N_READINGS; reading += GROUP) {
        state[history_at + reading * N_STEPS + step] = bitcast<u32>(reported[reading]);
    }
}

// What a sale of `flow` brings after one of `before`, money, in a market that has a curve.
fn brings(asset: u32, row: AssetRow, before: Wide, flow: Wide) -> Wide {
    let band = band_row(bands[asset]);
    let after = size_after(asset, band, saturating_add_signed(before, flow));
    let start = size_after(asset, band, before);
    return saturating_sub_signed(
        brought(row.curve, band, rest[asset], after),
        brought(row.curve, band, rest[asset], start),
    );
}

// The size an asset's market holds with a flow on top of it.
fn size_after(asset: u32, band: BandRow, flow: Wide) -> Wide {
    if (is_zero(flow)) { return held(asset); }
    return saturating_add_signed(held(asset), band_size(band, flow));
}
