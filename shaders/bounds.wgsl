// Twin: src/engine/cpu/horizon.rs, in what it is for: positions that a window of steps cannot
// breach are not walked in it. What a bound says of the rest costs time, never a bit.
// The tables are those of src/engine/gpu/bounds.rs.

// Survivors that wait to be walked: a position and a seat each.
var<workgroup> listed: array<u32, N_LISTED>;
var<workgroup> n_listed: atomic<u32>;

// All of an item has been dealt with.
const WHOLE: u32 = 0xffffffffu;

// The window at hand.
var<private> window_start: u32;
var<private> window_steps: u32;

fn begin_list(lane: u32) {
    if (lane == 0u) { atomicStore(&n_listed, 0u); }
}

// Ratios of marks from ratios of their logs: wider by what rounds the marks, and by a unit of the
// log and one of the ratio for the rounding of the ratio itself.
fn widen_ratios(n_seats: u32, lane: u32) {
    for (var item = lane; item < n_seats * N_RATIOS; item += GROUP) {
        let s = item / max(N_RATIOS, 1u);
        let row = s * N_ROWS + N_INSTRUMENTS + item % max(N_RATIOS, 1u);
        let low = mark_of_log(atomicLoad(&least_of_all[s]));
        let high = mark_of_log(atomicLoad(&most_of_all[s]));
        // Where marks are small or saturated, or a ratio may leave the format of marks, nothing is
        // known of a ratio.
        let is_wide = low < (1u << 25u) && high >= (low << 7u);
        if (low < LEAST_RATIO_MARK || high == 0xffffffffu || is_wide) {
            atomicStore(&least[row], LEAST_LOG);
            lows[row] = 0u;
            highs[row] = 0xffffffffu;
            continue;
        }
        let slack = bitcast<i32>(RATIO_SLACK / low) + 2;
        let least_ratio = atomicLoad(&least[row]) - slack;
        let most_ratio = atomicLoad(&most[row]) + slack;
        atomicStore(&least[row], least_ratio);
        lows[row] = max(mark_of_log(least_ratio - 1), 1u) - 1u;
        let mark = mark_of_log(most_ratio + 1);
        highs[row] = mark + min(1u, 0xffffffffu - mark);
    }
}

// Goes through the items of a slice, and walks what they list. A list that is full is walked before
// anything is added to it. Invocations take what is listed in turn and evenly: some drivers end the
// loops of one that does too much.
fn walk_survivors(slice: u32, n_seats: u32, start: u32, n_steps: u32, lane: u32) {
    window_start = start;
    window_steps = n_steps;
    var item = slice * GROUP + lane;
    // How much of the item is listed.
    var done = 0u;
    loop {
        while (item < N_ITEMS) {
            done = list_item(item, done, n_seats);
            if (done != WHOLE) { break; }
            item += task.n_slices * GROUP;
            done = 0u;
        }
        workgroupBarrier();
        let n = atomicLoad(&n_listed);
        for (var at = lane; at < min(n, N_LISTED); at += GROUP) {
            seat = listed[at] % PATHS;
            walk_position(listed[at] / PATHS, start, n_steps);
        }
        workgroupBarrier();
        if (lane == 0u) { atomicStore(&n_listed, 0u); }
        workgroupBarrier();
        if (n <= N_LISTED) { break; }
    }
}

// Lists what an item does not clear, from where it was left; how far it came before the list was
// full, else WHOLE.
fn list_item(item: u32, done: u32, n_seats: u32) -> u32 {
    if (item < N_BOUNDS) { return list_bound(item, done, n_seats); }
    if (item < FIRST_RUN) { return list_plain(tables[T_PLAIN + item - N_BOUNDS], done, n_seats); }
    return list_run(item - FIRST_RUN, done, n_seats);
}

fn list(position: u32, s: u32) -> bool {
    let at = atomicAdd(&n_listed, 1u);
    if (at < N_LISTED) { listed[at] = position * PATHS + s; }
    return at < N_LISTED;
}

// Whether a position must be walked in this window: it may be breached, or it was touched in an
// earlier one. Only of paths that are held window by window is anything kept.
fn is_due(position: u32, may_breach: bool) -> bool {
    if (IS_WHOLE) { return may_breach; }
    let at = state_base() + position;
    if (window_start == 0u) { state[at] = 0u; }
    let status = state[at];
    if (status == 0u) { return may_breach; }
    return (status & STATUS_OVER) == 0u || window_start + window_steps == N_STEPS;
}

// A position whose surplus is bounded by extremes: constant + positive terms - negative terms. In
// units of its main debt's mark those are ratios.
fn list_bound(bound: u32, done: u32, n_seats: u32) -> u32 {
    let block = load_block(T_BLOCKS + BLOCK_WORDS * (bound / BLOCK));
    var at = block.start + bound % BLOCK;
    let position = tables[at + BOUND_POSITION];
    var sums: array<Wide, PATHS>;
    let constant = wide(tables[at + BOUND_CONSTANT], tables[at + BOUND_CONSTANT + BLOCK]);
    for (var s = 0u; s < PATHS; s += 1u) { sums[s] = constant; }
    at += BOUND_WORDS;
    let end_of_positive = at + TERM_WORDS * block.n_positive;
    let end = end_of_positive + TERM_WORDS * block.n_negative;
    for (; at < end_of_positive; at += TERM_WORDS) {
        let row = tables[at + TERM_ROW];
        let magnitude = tables[at + TERM_MAGNITUDE];
        for (var s = 0u; s < PATHS; s += 1u) {
            sums[s] = wide_add(sums[s], wide_mul(magnitude, lows[s * N_ROWS + row]));
        }
    }
    for (; at < end; at += TERM_WORDS) {
        let row = tables[at + TERM_ROW];
        let magnitude = tables[at + TERM_MAGNITUDE];
        for (var s = 0u; s < PATHS; s += 1u) {
            sums[s] = wide_sub(sums[s], wide_mul(magnitude, highs[s * N_ROWS + row]));
        }
    }
    for (var s = done; s < n_seats; s += 1u) {
        let may_breach = !USE_BOUNDS || is_negative(sums[s]);
        if (is_due(position, may_breach) && !list(position, s)) { return s; }
    }
    return WHOLE;
}

// A position whose legs have margin tiers, or whose ratio is not among those that are kept.
fn list_plain(position: u32, done: u32, n_seats: u32) -> u32 {
    let row = positions[position];
    let constant = constant_of(row);
    for (var s = done; s < n_seats; s += 1u) {
        seat = s;
        if (is_due(position, !is_cleared(row, constant)) && !list(position, s)) { return s; }
    }
    return WHOLE;
}

// Positions of one collateral against one debt: a run of those on the same two instruments. They
// are healthy while the log ratio is at or above a threshold, and their thresholds fall.
fn list_run(run: u32, done: u32, n_seats: u32) -> u32 {
    let found = load_run(T_RUNS + RUN_WORDS * run);
    let row = N_INSTRUMENTS + found.ratio;
    let first = found.first;
    let n = found.n;
    var place = done % RUN;
    for (var s = done / RUN; s < n_seats; s += 1u) {
        let least_ratio = atomicLoad(&least[s * N_ROWS + row]);
        while (place < n) {
            let threshold = bitcast<i32>(tables[T_THRESHOLDS + first + place]);
            let is_near = !USE_BOUNDS || threshold > least_ratio;
            // What follows is as clear, and nothing is kept of it.
            if (!is_near && IS_WHOLE) { break; }
            let position = tables[T_PAIRS + first + place];
            if (is_due(position, is_near) && !list(position, s)) { return s * RUN + place; }
            place += 1u;
        }
        place = 0u;
    }
    return WHOLE;
}
