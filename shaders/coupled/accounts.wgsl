// Twin: src/engine/reference/account.rs. The positions of a path as they stand: a word of status
// each, a key while they wait to be liquidated, and the quantities left.

// Breached in this round, and not yet liquidated in it.
const STATUS_PENDING: u32 = 4u;
// The last step in which the venue's action ran stands above the flags.
const STATUS_STEP: u32 = 3u;

// Where the path's words begin in `state`.
var<private> state_at: u32;

fn set_status(position: u32, status: u32) { state[state_at + position] = status; }

fn status_of(position: u32) -> u32 { return state[state_at + position]; }

fn set_key(position: u32, key: u32) { state[state_at + S_KEYS + position] = key; }

fn key_of(position: u32) -> u32 { return state[state_at + S_KEYS + position]; }

fn quantities_of(row: PositionRow) -> u32 { return state_at + S_QUANTITIES + row.leg_start; }

fn accounts_begin(lane: u32) {
    for (var position = lane; position < N_POSITIONS; position += GROUP) {
        set_status(position, 0u);
    }
}

// The legs of a position, at the present marks.
fn legs_at(row: PositionRow, status: u32) {
    load_legs(row, quantities_of(row), status);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let instrument = leg_rows[row.leg_start + leg].instrument;
        legs[leg].mark = read_marks[instrument];
        legs[leg].market = market_marks[instrument];
        legs[leg].lost = wide(0u, 0u);
    }
}

fn keep_quantities(row: PositionRow) {
    let at = quantities_of(row);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        state[at + leg] = bitcast<u32>(legs[leg].quantity);
    }
}

// Whether the venue has taken over a position whose quantities are kept.
fn was_absorbed(row: PositionRow) -> bool {
    let last = row.n_legs - 1u;
    let is_state = leg_rows[row.leg_start + last].kind == KIND_STATE;
    return is_state && state[quantities_of(row) + last] != 0u;
}

// The margin surplus of a position as its venue reads the marks.
fn surplus(row: PositionRow, status: u32) -> Wide {
    var sum = constant_of(row);
    let quantities = quantities_of(row);
    let is_taken_over = HAS_STATE && status != 0u && was_absorbed(row);
    for (var leg = 0u; leg < row.n_legs; leg += 1u) {
        let at = row.leg_start + leg;
        if (is_taken_over && leg_rows[at].kind == KIND_COLLATERAL) { continue; }
        let mark = read_marks[leg_rows[at].instrument];
        if (leg_rows[at].n_tiers > 0u) {
            sum = wide_add(sum, tiers_at(at, mark));
        } else {
            var quantity = leg_rows[at].quantity;
            if (status != 0u) { quantity = bitcast<i32>(state[quantities + leg]); }
            let by = coefficient_of(leg_rows[at].kind, quantity, leg_rows[at].threshold);
            sum = wide_add(sum, wide_mul_mixed(by, mark));
        }
    }
    return sum;
}

// Where a breached position stands in the order of liquidation: the lowest comes first.
fn rank(row: PositionRow) -> u32 {
    if (IS_LARGEST_FIRST) {
        return 0xffffffffu - magnitude(wide_shr(exposure(), row.money_shift));
    }
    if (!holds_perps(row.action)) {
        let sums = values();
        return basis_points(ratio_q32(sums.weighted, sums.debt));
    }
    // Account value over maintenance margin; what the tiers take from a perpetual is its part.
    var value = wide_of(row.constant);
    var margin = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let at = row.leg_start + leg;
        if (leg_rows[at].n_tiers > 0u) {
            value = wide_add(value, leg_signed_value(leg));
            let tiered = tiers_at(at, legs[leg].mark);
            margin = wide_add(margin, wide_sub(leg_signed_value(leg), tiered));
        } else {
            value = wide_add(value, wide_mul_mixed(coefficients[leg], legs[leg].mark));
        }
    }
    let zero = wide(0u, 0u);
    if (!wide_below_signed(zero, value) || !wide_below_signed(zero, margin)) { return 0u; }
    return basis_points(ratio_q32(value, margin));
}

// A health factor in basis points, of a ratio in Q0.32.
fn basis_points(ratio: u32) -> u32 { return mul_hi(ratio, 10000u); }

// A number's place among all numbers: its octave, and 26 bits below its leading one.
fn magnitude(value: Wide) -> u32 {
    if (is_zero(value)) { return 0u; }
    let zeros = wide_leading_zeros(value);
    let mantissa = wide_shr(wide_shl(wide_shl(value, zeros), 1u), 38u);
    return ((63u - zeros) << 26u) | wide_lo(mantissa);
}
