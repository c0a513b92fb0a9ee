// Twin: src/engine/reference/walk.rs. A path whose positions meet in the market: a workgroup walks
// all of them together, step by step, in rounds of checks and of liquidations in their order.

const NO_POSITION: u32 = 0xffffffffu;

// Events that the step still has room for, and those of the round.
var<workgroup> n_free: u32;
var<workgroup> n_in_round: u32;
// Positions that are breached in it.
var<workgroup> n_breached: atomic<u32>;
// Who comes first, turn by turn: the lowest key, and of those with it the lowest position.
var<workgroup> first_key: array<atomic<u32>, 2>;
var<workgroup> first_position: array<atomic<u32>, 2>;
var<workgroup> n_waiting: atomic<u32>;

// The first of this invocation's positions that wait to be liquidated.
var<private> best: u32;
var<private> best_key: u32;
var<private> most_rounds: u32;
// Breached positions that steps have left to the next one.
var<private> n_left: Wide;
// Whether what the opening has sold is part of this round.
var<private> has_pending: bool;

// Workgroup x walks the x-th path.
@compute @workgroup_size(GROUP)
fn simulate_coupled(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.x;
    let first = wide_add(wide(task.first_path_lo, task.first_path_hi), wide(place, 0u));
    let path = vec2<u32>(wide_lo(first), wide_hi(first));
    begin_path(lane);
    begin_coupled(place, lane);
    workgroupBarrier();
    for (var start = task.first_step; start < task.end_step; start += WINDOW) {
        let n_steps = min(WINDOW, task.end_step - start);
        draw_increments(path, start, n_steps, lane);
        workgroupBarrier();
        scan_logs(n_steps, lane);
        workgroupBarrier();
        begin_window(lane);
        fill_logs(start, 0u, n_steps, lane);
        workgroupBarrier();
        keep_sums(lane);
        find_extremes(1u, n_steps, lane);
        workgroupBarrier();
        set_extremes(1u, lane);
        widen(lane);
        workgroupBarrier();
        find_active(lane);
        for (var offset = 0u; offset < n_steps; offset += 1u) {
            events_at = C_EVENTS + place * N_STEPS + start + offset;
            walk_step(start + offset, offset, lane);
        }
    }
    workgroupBarrier();
    if (task.end_step < N_STEPS) { put_down(lane); } else { leave_all(lane); }
    workgroupBarrier();
    // Written by each invocation for itself: one that was cut short may be ahead of the barriers.
    if (is_cut_short()) {
        atomicOr(&outcomes[OUTCOME_WORDS * place + OUTCOME_FLAGS], FLAG_CUT_SHORT);
    }
    if (lane == 0u) {
        add_outcome(place, 0u);
        if (task.end_step == N_STEPS) { tell_aftermath(place); }
    }
}

fn begin_coupled(place: u32, lane: u32) {
    state_at = place * STATE_WORDS;
    history_at = state_at + S_HISTORY;
    if (lane == 0u) { atomicStore(&n_waiting, 0u); }
    bounds_begin(lane);
    if (task.first_step > 0u) {
        pick_up(lane);
        return;
    }
    most_rounds = 0u;
    n_left = wide(0u, 0u);
    accounts_begin(lane);
    means_begin(lane);
    market_begin(lane);
}

// One step: rounds of checks and liquidations until nothing happens, or no more are allowed.
fn walk_step(step: u32, offset: u32, lane: u32) {
    // The first step goes on where the opening ended.
    let is_opening = HAS_STANDING && step == 0u;
    if (lane == 0u) {
        capital = wide(CAPITAL_LO, CAPITAL_HI);
        n_free = PER_STEP;
        if (is_opening) {
            capital = wide(FIRST_CAPITAL_LO, FIRST_CAPITAL_HI);
            n_free = FIRST_PER_STEP;
        }
    }
    if (!is_opening) { recover(lane); }
    var left = 0u;
    for (var round = 0u; round < max(ROUNDS, 1u); round += 1u) {
        // Who moves a price reads what all sales have displaced.
        if (HAS_CROSS) { workgroupBarrier(); }
        n_rounds += 1u;
        move_prices(step, offset, round == 0u, lane);
        workgroupBarrier();
        move_marks(step, round == 0u, lane);
        if (has_outgrown()) { widen(lane); }
        if (lane == 0u) {
            n_in_round = 0u;
            atomicStore(&n_breached, 0u);
            begin_turn(0u);
        }
        workgroupBarrier();
        if (has_outgrown()) { find_active(lane); }
        has_pending = is_opening && round == 0u;
        find_breached(step, lane);
        liquidate_in_order(step, lane);
        left = atomicLoad(&n_breached) - n_in_round;
        if (n_in_round == 0u && !has_pending) { break; }
        if (n_in_round > 0u) { most_rounds = max(most_rounds, round + 1u); }
        end_round(lane);
        if (n_in_round == 0u) { break; }
    }
    n_left = wide_add(n_left, wide(left, 0u));
    end_step(step, lane);
}

// Checks every position that may be breached, and finds out who of them comes first.
fn find_breached(step: u32, lane: u32) {
    best = NO_POSITION;
    for (var place = 0u; place < n_active; place += 1u) {
        let position = state[active_at(place, lane)];
        var status = status_of(position) & ~STATUS_PENDING;
        if ((status & STATUS_OVER) != 0u) { continue; }
        let row = positions[position];
        if (is_negative(surplus(row, status))) {
            legs_at(row, status);
            if (status == 0u) {
                status = STATUS_DEFAULTED | (step << STATUS_STEP);
                count_default(position, row);
                keep_quantities(row);
            }
            status |= STATUS_PENDING;
            atomicAdd(&n_breached, 1u);
            let key = rank(row);
            set_key(position, key);
            offer(position, key);
        }
        set_status(position, status);
    }
}

// Positions come in the order of the book, so the first with a key stays before the others.
fn offer(position: u32, key: u32) {
    if (best == NO_POSITION || key < best_key) {
        best = position;
        best_key = key;
    }
}

fn find_next(lane: u32) {
    best = NO_POSITION;
    for (var place = 0u; place < n_active; place += 1u) {
        let position = state[active_at(place, lane)];
        if ((status_of(position) & STATUS_PENDING) != 0u) { offer(position, key_of(position)); }
    }
}

fn begin_turn(turn: u32) {
    atomicStore(&first_key[turn & 1u], NO_POSITION);
    atomicStore(&first_position[turn & 1u], NO_POSITION);
}

// Turn by turn, the invocation whose position comes first liquidates it, while the step has room.
fn liquidate_in_order(step: u32, lane: u32) {
    var turn = 0u;
    loop {
        if (best != NO_POSITION) { atomicMin(&first_key[turn & 1u], best_key); }
        workgroupBarrier();
        if (best != NO_POSITION && best_key == atomicLoad(&first_key[turn & 1u])) {
            atomicMin(&first_position[turn & 1u], best);
        }
        if (lane == 0u) { begin_turn(turn + 1u); }
        let is_full = n_free == 0u;
        workgroupBarrier();
        let position = atomicLoad(&first_position[turn & 1u]);
        if (position == NO_POSITION || is_full) { break; }
        if (position == best) {
            liquidate_next(position, step);
            find_next(lane);
        }
        turn += 1u;
    }
}

fn liquidate_next(position: u32, step: u32) {
    let row = positions[position];
    let action = action_of(row.action);
    legs_at(row, STATUS_DEFAULTED);
    desk_begin(row);
    let event = action_run(action, facts_of(row, step));
    var status = STATUS_DEFAULTED | (step << STATUS_STEP);
    if (is_over(action, event)) { status |= STATUS_OVER; }
    set_status(position, status);
    // Debt that the market holds for worthless is written off for nothing.
    keep_quantities(row);
    if (event.n_calls == 0u && is_zero(event.written_off)) { return; }
    count_event(position, row, step, event);
    n_in_round += 1u;
    n_free -= 1u;
}

// The horizon: what every position leaves, and who still waits for a liquidator.
fn leave_all(lane: u32) {
    for (var position = lane; position < N_POSITIONS; position += GROUP) {
        let status = status_of(position);
        // Where venues read late, an account may be under water without a breach.
        if (status == 0u && !HAS_FEEDS) { continue; }
        let row = positions[position];
        legs_at(row, status);
        let is_open = (status & STATUS_OVER) == 0u;
        let is_due = is_open && is_exposed() && is_negative(surplus(row, status));
        if (status != 0u && is_due) {
            atomicAdd(&n_waiting, 1u);
            add_total(TOTAL_BACKLOG, wide_shr(exposure(), row.money_shift));
        }
        for (var leg = 0u; leg < n_legs; leg += 1u) { legs[leg].mark = legs[leg].market; }
        if (!holds_perps(row.action)) {
            count_left_over(position, row, status >> STATUS_STEP);
        } else if (is_open) {
            count_open_loss(position, row);
        }
    }
}

// The words of src/tail/aftermath.rs, behind the outcomes of the dispatch.
fn tell_aftermath(place: u32) {
    let at = OUTCOME_WORDS * task.n_paths + AFTERMATH_WORDS * place;
    let backlog = wide(atomicLoad(&totals[TOTAL_BACKLOG]), atomicLoad(&totals[TOTAL_BACKLOG + 1u]));
    tell(at + PATH_AFTERMATH_BACKLOG, backlog);
    tell(at + PATH_AFTERMATH_N_WAITING, wide(atomicLoad(&n_waiting), 0u));
    tell(at + PATH_AFTERMATH_MOST_ROUNDS, wide(most_rounds, 0u));
    tell(at + PATH_AFTERMATH_N_LEFT, n_left);
    for (var fund = 0u; fund < N_FUNDS; fund += 1u) {
        let initial = fund_initial(fund);
        let is_emptied = !is_zero(initial) && is_zero(lowest[fund]);
        let row = at + PATH_AFTERMATH_WORDS + FUND_AFTERMATH_WORDS * fund;
        tell(row + FUND_AFTERMATH_DRAWN, wide_sub(initial, lowest[fund]));
        tell(row + FUND_AFTERMATH_IS_EMPTIED, wide(select(0u, 1u, is_emptied), 0u));
    }
}

fn tell(at: u32, value: Wide) {
    atomicStore(&outcomes[at], wide_lo(value));
    atomicStore(&outcomes[at + 1u], wide_hi(value));
}
