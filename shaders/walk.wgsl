// Twin: src/engine/cpu/walk.rs and bound.rs. A position on its way along a path: bounded, breached,
// liquidated, valued at the horizon.

const STATUS_DEFAULTED: u32 = 1u;
const STATUS_OVER: u32 = 2u;

// Coefficients of the legs' marks in the margin surplus at present.
var<private> coefficients: array<i32, MAX_LEGS>;

// Where the legs' marks of the seat's path stand.
var<private> places: array<u32, MAX_LEGS>;
// Whether a leg has margin tiers.
var<private> has_tiers: bool;

// Where the path's words begin in `state`; those of paths that are held whole are not there.
fn state_base() -> u32 { return (first_place + seat) * (N_POSITIONS + N_LEGS); }

// Walks a position through the window from breach to breach.
fn walk_position(position: u32, start: u32, n_steps: u32) {
    let row = positions[position];
    let action = action_of(row.action);
    let is_last = start + n_steps == N_STEPS;
    let quantities = state_base() + N_POSITIONS + row.leg_start;
    var status = 0u;
    if (start > 0u) { status = state[state_base() + position]; }
    let constant = constant_of(row);
    load_legs(row, quantities, status);
    find_places(row);
    var offset = 0u;
    while (offset < n_steps && (status & STATUS_OVER) == 0u) {
        offset = next_breach(row, constant, offset, n_steps);
        if (offset == n_steps) { break; }
        let step = start + offset;
        events_at = C_EVENTS + (first_place + seat) * N_STEPS + step;
        status = liquidate(position, row, action, status, step, offset);
        offset += 1u;
    }
    if (status == 0u) { return; }
    if (is_last) {
        if (action.holds_perps == 0u) {
            leave(position, row, status >> 2u, n_steps - 1u);
        } else if ((status & STATUS_OVER) == 0u) {
            set_marks(n_steps - 1u);
            count_open_loss(position, row);
        }
        return;
    }
    state[state_base() + position] = status;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        state[quantities + leg] = bitcast<u32>(legs[leg].quantity);
    }
}

fn find_places(row: PositionRow) {
    has_tiers = false;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let at = row.leg_start + leg;
        places[leg] = marks_at(seat, leg_rows[at].instrument);
        has_tiers = has_tiers || leg_rows[at].n_tiers > 0u;
    }
}

// The first step of the window from `start` on at which the surplus is negative; all steps if none.
fn next_breach(row: PositionRow, constant: Wide, start: u32, n_steps: u32) -> u32 {
    if (n_legs == 2u && !has_tiers) { return next_breach_of_two(constant, start, n_steps); }
    for (var offset = start; offset < n_steps; offset += 1u) {
        if (is_negative(surplus_at(row, constant, offset))) { return offset; }
    }
    return n_steps;
}

// Most positions have two legs: what is read of them every step stands in registers.
fn next_breach_of_two(constant: Wide, start: u32, n_steps: u32) -> u32 {
    let first = coefficients[0];
    let second = coefficients[1];
    let to_second = places[1] - places[0];
    for (var at = places[0] + start; at < places[0] + n_steps; at += 1u) {
        var surplus = wide_add(constant, wide_mul_mixed(first, marks[at]));
        surplus = wide_add(surplus, wide_mul_mixed(second, marks[at + to_second]));
        if (is_negative(surplus)) { return at - places[0]; }
    }
    return n_steps;
}

// Whether the extremes of the window leave an untouched position healthy, or nothing is exposed.
fn is_cleared(row: PositionRow, constant: Wide) -> bool {
    var bound = constant;
    // A loss that is locked in needs no exposure.
    var is_exposed = is_negative(constant);
    for (var leg = row.leg_start; leg < row.leg_start + row.n_legs; leg += 1u) {
        let kind = leg_rows[leg].kind;
        let quantity = leg_rows[leg].quantity;
        is_exposed = is_exposed || (kind != KIND_COLLATERAL && quantity != 0);
        let low = lows[seat * N_ROWS + leg_rows[leg].instrument];
        let high = highs[seat * N_ROWS + leg_rows[leg].instrument];
        if (leg_rows[leg].n_tiers > 0u) {
            let at_low = tiers_at(leg, low);
            let at_high = tiers_at(leg, high);
            if (wide_below_signed(at_low, at_high)) {
                bound = wide_add(bound, at_low);
            } else {
                bound = wide_add(bound, at_high);
            }
        } else {
            let coefficient = coefficient_of(kind, quantity, leg_rows[leg].threshold);
            let mark = select(low, high, coefficient < 0);
            bound = wide_add(bound, wide_mul_mixed(coefficient, mark));
        }
    }
    return !is_exposed || (USE_BOUNDS && !wide_below_signed(bound, wide(0u, 0u)));
}

fn coefficient_of(kind: u32, quantity: i32, threshold: u32) -> i32 {
    if (kind == KIND_COLLATERAL) { return bitcast<i32>(weigh(bitcast<u32>(quantity), threshold)); }
    if (HAS_STATE && kind == KIND_STATE) { return 0; }
    return select(quantity, -quantity, kind == KIND_DEBT);
}

// The least of a leg's tiers at a mark.
fn tiers_at(leg: u32, mark: u32) -> Wide {
    let first = leg_rows[leg].tier_start;
    var least = wide(0u, 0u);
    for (var tier = first; tier < first + leg_rows[leg].n_tiers; tier += 1u) {
        let deduction = wide_of(tiers[tier].deduction);
        let surplus = wide_add(wide_mul_mixed(tiers[tier].coefficient, mark), deduction);
        if (tier == first || wide_below_signed(surplus, least)) { least = surplus; }
    }
    return least;
}

fn load_legs(row: PositionRow, quantities: u32, status: u32) {
    n_legs = row.n_legs;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let at = row.leg_start + leg;
        legs[leg].kind = leg_rows[at].kind;
        legs[leg].quantity = leg_rows[at].quantity;
        if (status != 0u) { legs[leg].quantity = bitcast<i32>(state[quantities + leg]); }
        legs[leg].next = legs[leg].quantity;
        legs[leg].threshold = leg_rows[at].threshold;
        legs[leg].incentive = leg_rows[at].incentive;
        legs[leg].discount = leg_rows[at].discount;
    }
    if (is_absorbed()) {
        for (var leg = 0u; leg < n_legs; leg += 1u) { legs[leg].threshold = 0u; }
    }
    set_coefficients();
}

fn set_coefficients() {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        coefficients[leg] = coefficient_of(legs[leg].kind, legs[leg].quantity, legs[leg].threshold);
    }
}

fn surplus_at(row: PositionRow, constant: Wide, offset: u32) -> Wide {
    var surplus = constant;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let at = row.leg_start + leg;
        let mark = marks[places[leg] + offset];
        if (has_tiers && leg_rows[at].n_tiers > 0u) {
            surplus = wide_add(surplus, tiers_at(at, mark));
        } else {
            surplus = wide_add(surplus, wide_mul_mixed(coefficients[leg], mark));
        }
    }
    return surplus;
}

fn set_marks(offset: u32) {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        legs[leg].mark = marks[places[leg] + offset];
        legs[leg].lost = wide(0u, 0u);
    }
}

// The position is breached at a step: its venue's action runs. The new status.
fn liquidate(
    position: u32, row: PositionRow, action: Action, before: u32, step: u32, offset: u32,
) -> u32 {
    set_marks(offset);
    if (before == 0u) { count_default(position, row); }
    let event = action_run(action, facts_of(row, step));
    var status = STATUS_DEFAULTED | (step << 2u);
    if (is_over(action, event)) { status |= STATUS_OVER; }
    if (event.n_calls == 0u && is_zero(event.written_off)) { return status; }
    set_coefficients();
    count_event(position, row, step, event);
    return status;
}

// The horizon: what is owed at the last step's marks and cannot be repaid.
fn leave(position: u32, row: PositionRow, last_event: u32, offset: u32) {
    set_marks(offset);
    count_left_over(position, row, last_event);
}

fn holds_perps(action: u32) -> bool {
    return tables[T_ACTIONS + ACTION_WORDS * action + ACTION_HOLDS_PERPS] == 1u;
}

fn action_of(idx: u32) -> Action {
    return load_action(T_ACTIONS + ACTION_WORDS * idx);
}

fn facts_of(row: PositionRow, step: u32) -> AccountFacts {
    return AccountFacts(
        wide_of(row.constant), wide_of(row.tie), row.money_shift, row.leg_start, step,
    );
}

// Constant of the margin surplus; a breach is a surplus below 0.
fn constant_of(row: PositionRow) -> Wide {
    return wide_add(wide_of(row.constant), wide_of(row.tie));
}
