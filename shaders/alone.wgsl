// Twin: src/engine/reference/walk.rs. Paths whose positions nothing couples: a workgroup walks a
// slice of the book along a few paths, so that what it reads of a position serves all of them,
// window of steps by window. What its bounds do not clear is walked exactly.

// Workgroup (x, y) walks the y-th slice of the book along the x-th few paths.
@compute @workgroup_size(GROUP)
fn simulate(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    first_place = group.x * PATHS;
    let n_seats = min(PATHS, task.n_paths - first_place);
    begin_path(lane);
    begin_list(lane);
    workgroupBarrier();
    for (var start = 0u; start < N_STEPS; start += WINDOW) {
        let n_steps = min(WINDOW, N_STEPS - start);
        begin_window(lane);
        for (var s = 0u; s < n_seats; s += 1u) {
            seat = s;
            if (start == 0u) { begin_logs(lane); }
            make_logs(start, n_steps, lane);
        }
        find_extremes(n_seats, n_steps, lane);
        workgroupBarrier();
        set_extremes(n_seats, lane);
        workgroupBarrier();
        widen_ratios(n_seats, lane);
        make_marks(n_seats, n_steps, lane);
        workgroupBarrier();
        walk_survivors(group.y, n_seats, start, n_steps, lane);
    }
    for (var s = 0u; s < n_seats; s += 1u) {
        // Written by each invocation for itself: one that was cut short may be ahead of the
        // barriers.
        if (is_cut_short()) {
            atomicOr(&outcomes[OUTCOME_WORDS * (first_place + s) + OUTCOME_FLAGS], FLAG_CUT_SHORT);
        }
        if (lane == 0u) { add_outcome(first_place + s, s); }
    }
}

// Log marks of a window of the seat's path.
fn make_logs(start: u32, n_steps: u32, lane: u32) {
    let place = wide(first_place + seat, 0u);
    let wide_path = wide_add(wide(task.first_path_lo, task.first_path_hi), place);
    let path = vec2<u32>(wide_lo(wide_path), wide_hi(wide_path));
    for (var at = 0u; at < n_steps; at += DRAWN) {
        let n_drawn = min(DRAWN, n_steps - at);
        draw_increments(path, start + at, n_drawn, lane);
        workgroupBarrier();
        scan_logs(n_drawn, lane);
        workgroupBarrier();
        fill_logs(start + at, at, n_drawn, lane);
        workgroupBarrier();
    }
}

// Log marks to marks, in place.
fn make_marks(n_seats: u32, n_steps: u32, lane: u32) {
    for (var item = 0u; item < n_seats * N_INSTRUMENTS; item += 1u) {
        if (!is_price(item % N_INSTRUMENTS)) { continue; }
        for (var offset = lane; offset < n_steps; offset += GROUP) {
            let at = item * WINDOW + offset;
            marks[at] = mark_of_log(bitcast<i32>(marks[at]));
        }
    }
}
