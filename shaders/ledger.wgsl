// Twin: src/engine/reference/ledger.rs. What a path's defaults, liquidations and losses come to:
// the sums of its outcome, and the counters.

// Where events of this path and step are counted.
var<private> events_at: u32;

// A position is breached for the first time, with these legs.
fn count_default(position: u32, row: PositionRow) {
    atomicAdd(&n_defaults[seat], 1u);
    let counts = C_POSITIONS + POSITION_COUNT_WORDS * position;
    atomicAdd(&counters[counts + POSITION_COUNT_N_DEFAULTS], 1u);
    add_96(counts + POSITION_COUNT_EXPOSURE, wide_shr(exposure(), row.money_shift));
}

// A position was liquidated; its legs hold what each of them lost.
fn count_event(position: u32, row: PositionRow, step: u32, event: Event) {
    let repaid = wide_shr(event.repaid, row.money_shift);
    let written_off = wide_shr(event.written_off, row.money_shift);
    atomicAdd(&n_events[seat], 1u);
    atomicAdd(&counters[events_at], 1u);
    add_total(TOTAL_REALISED, written_off);
    add_total(TOTAL_LIQUIDATED, repaid);
    let counts = C_STEPS + STEP_COUNT_WORDS * step;
    atomicAdd(&counters[counts + STEP_COUNT_N_EVENTS], 1u);
    add_96(counts + STEP_COUNT_LIQUIDATED, repaid);
    count_loss(position, row, step, written_off);
}

// The horizon: what is owed on the market and cannot be repaid. The legs' marks are the market's.
fn count_left_over(position: u32, row: PositionRow, last_event: u32) {
    if (HAS_AUCTION) { drop_penalty(); }
    let sums = values();
    if (!wide_below(sums.collateral, sums.debt)) { return; }
    let fine = wide_sub(sums.debt, sums.collateral);
    spread_loss(fine, sums.debt);
    let loss = wide_shr(fine, row.money_shift);
    var is_stranded = true;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        is_stranded = is_stranded && (legs[leg].kind != KIND_COLLATERAL || legs[leg].quantity == 0);
    }
    if (is_stranded) {
        add_total(TOTAL_STRANDED, loss);
        count_loss(position, row, last_event, loss);
    } else {
        add_total(TOTAL_UNDER_WATER, loss);
        count_loss(position, row, N_STEPS - 1u, loss);
    }
}

// The horizon: what an open account of perpetuals lacks at the market's marks.
fn count_open_loss(position: u32, row: PositionRow) {
    let left = equity(facts_of(row, 0u));
    let largest = largest_perp();
    if (!is_negative(left) || largest == NO_LEG) { return; }
    legs[largest].lost = negate(left);
    let loss = wide_shr(negate(left), row.money_shift);
    add_total(TOTAL_UNDER_WATER, loss);
    count_loss(position, row, N_STEPS - 1u, loss);
}

fn count_loss(position: u32, row: PositionRow, step: u32, loss: Wide) {
    if (is_zero(loss)) { return; }
    add_96(C_POSITIONS + POSITION_COUNT_WORDS * position + POSITION_COUNT_LOSS, loss);
    add_96(C_STEPS + STEP_COUNT_WORDS * step + STEP_COUNT_LOSS, loss);
    var rest = loss;
    var first_pool = NO_LEG;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (!is_zero(legs[leg].lost)) {
            var part = wide_shr(legs[leg].lost, row.money_shift);
            if (wide_below(rest, part)) { part = rest; }
            let pool = leg_rows[row.leg_start + leg].pool;
            if (first_pool == NO_LEG) { first_pool = pool; }
            add_96(C_POOLS + AMOUNT_WORDS * pool, part);
            rest = wide_sub(rest, part);
        }
    }
    // What rounding down left over goes to the first, so that the pools add up.
    if (first_pool != NO_LEG) { add_96(C_POOLS + AMOUNT_WORDS * first_pool, rest); }
}

fn exposure() -> Wide {
    var sum = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT || legs[leg].kind == KIND_PERP) {
            sum = wide_add(sum, wide_mul(u32(abs(legs[leg].quantity)), leg_market(leg)));
        }
    }
    return sum;
}

// Whether anything is owed, or a perpetual is open.
fn is_exposed() -> bool {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let is_of = legs[leg].kind == KIND_DEBT || legs[leg].kind == KIND_PERP;
        if (is_of && legs[leg].quantity != 0) { return true; }
    }
    return false;
}

// Nothing more can happen: all is closed, or no debt is left, or no collateral of any quantity.
fn is_over(action: Action, event: Event) -> bool {
    if (action.holds_perps == 1u) { return event.n_calls > 0u; }
    var owes = false;
    var owns = false;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        owes = owes || (legs[leg].kind == KIND_DEBT && legs[leg].quantity != 0);
        owns = owns || (legs[leg].kind == KIND_COLLATERAL && legs[leg].quantity != 0);
    }
    return !owes || !owns;
}

fn spread_loss(loss: Wide, debt: Wide) {
    let is_whole = !wide_below(loss, debt);
    let share = ratio_q32(loss, debt);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT) {
            legs[leg].lost = leg_value(leg);
            if (!is_whole) { legs[leg].lost = scale_q32(leg_value(leg), share); }
        }
    }
}

// Adds to a sum of the path; two words with carry, since there are no 64-bit atomics.
fn add_total(sum: u32, value: Wide) {
    let at = TOTAL_WORDS * seat + sum;
    let old = atomicAdd(&totals[at], wide_lo(value));
    let carry = select(0u, 1u, old + wide_lo(value) < old);
    let upper = wide_hi(value) + carry;
    if (upper != 0u) { atomicAdd(&totals[at + 1u], upper); }
}

// Adds to a sum over paths, three words with carry.
fn add_96(at: u32, value: Wide) {
    let old = atomicAdd(&counters[at], wide_lo(value));
    let carry = select(0u, 1u, old + wide_lo(value) < old);
    let upper = wide_hi(value) + carry;
    if (upper == 0u) { return; }
    let old_upper = atomicAdd(&counters[at + 1u], upper);
    if (old_upper + upper < old_upper) { atomicAdd(&counters[at + AMOUNT_UPPER], 1u); }
}
