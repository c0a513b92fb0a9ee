// Twin: src/market/model.rs and src/engine/cpu/marks.rs. Prices of a path: increments in parallel
// over steps, log prices by a scan, then marks and the extremes that bounds are made of.
// Prices never leave the workgroup.

// As many steps as are drawn at a time.
var<workgroup> increments: array<vec2<u32>, N_ASSETS * DRAWN>;
var<workgroup> chunk_sums: array<vec2<u32>, N_ASSETS * N_CHUNKS>;
var<workgroup> has_strayed: array<atomic<u32>, N_ASSETS>;
var<workgroup> log_carry: array<vec2<u32>, N_ASSETS>;
var<workgroup> sum_carry: array<vec2<u32>, N_INSTRUMENTS>;
// Seat by seat and instrument by instrument: log marks first, then marks.
var<workgroup> marks: array<u32, PATHS * N_INSTRUMENTS * WINDOW>;
// Seat by seat, a row an instrument, then a row a ratio of two: least and most of logs, Q8.24, then
// lowest and highest mark, or ratio of marks.
var<workgroup> least: array<atomic<i32>, PATHS * N_ROWS>;
var<workgroup> most: array<atomic<i32>, PATHS * N_ROWS>;
var<workgroup> lows: array<u32, PATHS * N_ROWS>;
var<workgroup> highs: array<u32, PATHS * N_ROWS>;
// Of all marks of a path's prices.
var<workgroup> least_of_all: array<atomic<i32>, PATHS>;
var<workgroup> most_of_all: array<atomic<i32>, PATHS>;

const LEAST_LOG: i32 = -0x7fffffff;
const MOST_LOG: i32 = 0x7fffffff;
// Invocations that share a row of logs.
const N_PARTS: u32 = 8u;

fn begin_logs(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        // Half a unit of 2^-24 to begin with: the upper word is then rounded, not cut.
        log_carry[asset] = vec2<u32>(1u << 31u, bitcast<u32>(opening_log(asset)));
        atomicStore(&has_strayed[asset], 0u);
    }
}

// The log price at which an asset opens; twin of src/market/model/octaves.rs.
fn opening_log(asset: u32) -> i32 {
    if (HAS_OCTAVES) { return bitcast<i32>(tables[T_OPENING_LOGS + asset]); }
    return 0;
}

fn begin_window(lane: u32) {
    for (var row = lane; row < PATHS * N_ROWS; row += GROUP) {
        atomicStore(&least[row], MOST_LOG);
        atomicStore(&most[row], LEAST_LOG);
    }
    for (var s = lane; s < PATHS; s += GROUP) {
        atomicStore(&least_of_all[s], MOST_LOG);
        atomicStore(&most_of_all[s], LEAST_LOG);
    }
}

fn draw_increments(path: vec2<u32>, start: u32, n_steps: u32, lane: u32) {
    let seed = vec2<u32>(task.seed_lo, task.seed_hi);
    begin_models(path);
    draw_climate(path, start, n_steps, lane);
    for (var offset = lane; offset < n_steps; offset += GROUP) {
        let step = start + offset;
        enter_climate(offset);
        draw_models(seed, path, step);
        for (var asset = 0u; asset < N_ASSETS; asset += 1u) {
            let sum = model_moves(seed, path, step, asset);
            increments[asset * DRAWN + offset] = vec2<u32>(wide_lo(sum), wide_hi(sum));
        }
    }
}

// Of a step of the climate's state and the state before.
fn drift_of(asset: u32) -> Wide {
    return table_wide(T_DRIFT + WIDE_WORDS * (in_transition(N_ASSETS) + asset));
}

// Increments to log prices, in place: the upper word is then the log price in Q8.24. Chunks of
// steps are summed side by side, since sums modulo 2^64 associate.
//
// What holds a log price within +-2^62 does not associate, but where it acts is found exactly. No
// increment is beyond 2^61 (`MAX_STEP` of the twin). So if a sum is within +-2^62, the next is
// within 2^62 + 2^61 < 2^63: not wrapped, and found outside if it is. By induction over the steps,
// where no sum is found outside, none was and none is wrapped; else the asset is gone through once
// more, step by step. A sum of 2^62 itself may be taken for one outside: that costs time only.
fn scan_logs(n_steps: u32, lane: u32) {
    for (var item = lane; item < N_ASSETS * N_CHUNKS; item += GROUP) {
        let row = item / N_CHUNKS * DRAWN;
        let begin = item % N_CHUNKS * CHUNK;
        var sum = wide(0u, 0u);
        for (var offset = begin; offset < min(begin + CHUNK, n_steps); offset += 1u) {
            let by = increments[row + offset];
            sum = wide_add(sum, wide(by.x, by.y));
        }
        chunk_sums[item] = vec2<u32>(wide_lo(sum), wide_hi(sum));
    }
    workgroupBarrier();
    for (var item = lane; item < N_ASSETS * N_CHUNKS; item += GROUP) {
        add_up_chunk(item, n_steps);
    }
    workgroupBarrier();
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        if (atomicLoad(&has_strayed[asset]) != 0u) {
            hold_logs(asset, n_steps);
            atomicStore(&has_strayed[asset], 0u);
        }
        log_carry[asset] = increments[asset * DRAWN + n_steps - 1u];
    }
}

fn add_up_chunk(item: u32, n_steps: u32) {
    let asset = item / N_CHUNKS;
    let begin = item % N_CHUNKS * CHUNK;
    var log = wide(log_carry[asset].x, log_carry[asset].y);
    for (var before = asset * N_CHUNKS; before < item; before += 1u) {
        log = wide_add(log, wide(chunk_sums[before].x, chunk_sums[before].y));
    }
    // The sign bit of upper word + 2^30 is set outside of -2^62 <= log < 2^62.
    var outside = 0u;
    for (var offset = begin; offset < min(begin + CHUNK, n_steps); offset += 1u) {
        let by = increments[asset * DRAWN + offset];
        log = wide_add(log, wide(by.x, by.y));
        increments[asset * DRAWN + offset] = vec2<u32>(wide_lo(log), wide_hi(log));
        outside |= wide_hi(log) + (1u << 30u);
    }
    if ((outside >> 31u) != 0u) { atomicStore(&has_strayed[asset], 1u); }
}

// The log prices of an asset with what holds them in range, from sums that nothing held.
fn hold_logs(asset: u32, n_steps: u32) {
    let most_log = wide(0u, 1u << 30u);
    let least_log = negate(most_log);
    var log = wide(log_carry[asset].x, log_carry[asset].y);
    var before = log;
    for (var offset = 0u; offset < n_steps; offset += 1u) {
        let word = increments[asset * DRAWN + offset];
        let sum = wide(word.x, word.y);
        log = wide_add(log, wide_sub(sum, before));
        before = sum;
        if (wide_below_signed(most_log, log)) {
            log = most_log;
            raise(FLAG_SATURATED);
        }
        if (wide_below_signed(log, least_log)) {
            log = least_log;
            raise(FLAG_SATURATED);
        }
        increments[asset * DRAWN + offset] = vec2<u32>(wide_lo(log), wide_hi(log));
    }
}

// Log marks of what was drawn, from `step` on, as the window has them from `at` on; of a sum the
// marks that it sums up.
fn fill_logs(step: u32, at: u32, n_steps: u32, lane: u32) {
    for (var item = lane; item < N_INSTRUMENTS * DRAWN; item += GROUP) {
        let instrument = item / DRAWN;
        let offset = item % DRAWN;
        if (offset >= n_steps) { continue; }
        let row = instrument_at(instrument);
        let asset = tables[row + INSTRUMENT_ASSET];
        let drawn = bitcast<i32>(increments[asset * DRAWN + offset].y);
        let log = masked_log(asset, step + offset, drawn);
        let to = marks_at(seat, instrument) + at + offset;
        if (tables[row + INSTRUMENT_KIND] == INSTRUMENT_PRICE) {
            marks[to] = bitcast<u32>(log_mark(instrument, log, step + offset));
        } else {
            marks[to] = mark_of_log(log);
        }
    }
}

// Where the marks of an instrument stand.
fn marks_at(s: u32, instrument: u32) -> u32 { return (s * N_INSTRUMENTS + instrument) * WINDOW; }

fn is_price(instrument: u32) -> bool {
    return tables[instrument_at(instrument) + INSTRUMENT_KIND] == INSTRUMENT_PRICE;
}

// Sums of marks, by an invocation each; they only rise. Then the least and the most log of every
// row, whose steps are shared out.
fn find_extremes(n_seats: u32, n_steps: u32, lane: u32) {
    for (var item = lane; item < n_seats * N_INSTRUMENTS; item += GROUP) {
        if (!is_price(item % N_INSTRUMENTS)) { add_up_marks(item, n_steps); }
    }
    for (var item = lane; item < n_seats * N_ROWS * N_PARTS; item += GROUP) {
        let row = item / N_PARTS;
        let s = row / N_ROWS;
        let idx = row % N_ROWS;
        let is_ratio = idx >= N_INSTRUMENTS;
        var above = idx;
        var below = 0u;
        if (is_ratio) {
            let ratio = T_RATIOS + RATIO_WORDS * (idx - N_INSTRUMENTS);
            above = tables[ratio + RATIO_ABOVE];
            below = marks_at(s, tables[ratio + RATIO_BELOW]);
        }
        if (!is_price(above)) { continue; }
        above = marks_at(s, above);
        var low = MOST_LOG;
        var high = LEAST_LOG;
        for (var offset = item % N_PARTS; offset < n_steps; offset += N_PARTS) {
            var log = bitcast<i32>(marks[above + offset]);
            if (is_ratio) { log -= bitcast<i32>(marks[below + offset]); }
            low = min(low, log);
            high = max(high, log);
        }
        atomicMin(&least[row], low);
        atomicMax(&most[row], high);
    }
}

// Running sum of a price's marks, and its extremes.
fn add_up_marks(item: u32, n_steps: u32) {
    let s = item / N_INSTRUMENTS;
    let instrument = item % N_INSTRUMENTS;
    let first = marks_at(s, instrument);
    // Where there are several seats, they hold their paths whole: the carry is 0.
    var sum = wide(sum_carry[instrument].x, sum_carry[instrument].y);
    for (var at = first; at < first + n_steps; at += 1u) {
        sum = wide_add(sum, wide(marks[at], 0u));
        marks[at] = sum_mark(instrument, sum);
    }
    lows[s * N_ROWS + instrument] = marks[first];
    highs[s * N_ROWS + instrument] = marks[first + n_steps - 1u];
    if (PATHS == 1u) { sum_carry[instrument] = vec2<u32>(wide_lo(sum), wide_hi(sum)); }
}

// A mark rises with its log, so the extremes of the one are at those of the other.
fn set_extremes(n_seats: u32, lane: u32) {
    for (var item = lane; item < n_seats * N_INSTRUMENTS; item += GROUP) {
        let s = item / N_INSTRUMENTS;
        let instrument = item % N_INSTRUMENTS;
        if (!is_price(instrument)) { continue; }
        let row = s * N_ROWS + instrument;
        let low = atomicLoad(&least[row]);
        let high = atomicLoad(&most[row]);
        atomicMin(&least_of_all[s], low);
        atomicMax(&most_of_all[s], high);
        lows[row] = mark_of_log(low);
        highs[row] = mark_of_log(high);
        if (highs[row] == 0xffffffffu) { atomicOr(&flags[s], FLAG_SATURATED); }
        if (lows[row] < SMALL_MARK) { atomicOr(&flags[s], FLAG_SMALL_MARK); }
    }
}
