// Stages of the kernel one by one, for the tests that hold them to their twins and the self-test
// of a device: results go to the counters buffer, prices by path.

fn probe_seed() -> vec2<u32> { return vec2<u32>(task.seed_lo, task.seed_hi); }

@compute @workgroup_size(GROUP)
fn probe_words(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    let path = vec2<u32>(task.first_path_lo + at.x, task.first_path_hi);
    let drawn = words(probe_seed(), path, at.x, BLOCK_JUMPS);
    for (var word = 0u; word < DRAWN_WORDS; word += 1u) {
        atomicStore(&counters[DRAWN_WORDS * at.x + word], drawn[word]);
    }
}

// The words to map stand in `state`.
@compute @workgroup_size(GROUP)
fn probe_shocks(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    atomicStore(&counters[at.x], bitcast<u32>(normal_shock(state[at.x])));
}

@compute @workgroup_size(GROUP)
fn probe_marks(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    atomicStore(&counters[at.x], mark_of_log(bitcast<i32>(state[at.x])));
}

// A `WideCase` an item in `state`, a `WideAnswer` out.
@compute @workgroup_size(GROUP)
fn probe_wide(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    let asked = load_wide_case(WIDE_CASE_WORDS * at.x);
    let a = wide_of(asked.a);
    let b = wide_of(asked.b);
    let f = asked.f;
    let d = asked.d;
    let to = WIDE_ANSWER_WORDS * at.x;
    answer(to + WIDE_ANSWER_PRODUCT, mul_div(a, f, d));
    answer(to + WIDE_ANSWER_SCALED, scale_q32(a, f));
    answer(to + WIDE_ANSWER_PART, scale_q31(wide_shr(a, 1u), min(f, ONE_Q31)));
    // Of a part to the whole: the smaller to the larger.
    var ratio = 0u;
    if (wide_below(a, b)) { ratio = ratio_q32(a, b); } else { ratio = ratio_q32(b, a); }
    atomicStore(&counters[to + WIDE_ANSWER_RATIO], ratio);
    atomicStore(&counters[to + WIDE_ANSWER_WEIGHED], weigh(f, min(d, ONE_Q31)));
    let sar = wide_sar(a, d & 63u);
    let lower = wide_lo(sar) ^ select(0u, 1u, wide_below_signed(a, b));
    answer(to + WIDE_ANSWER_SHIFTED, wide(lower, wide_hi(sar)));
}

fn answer(at: u32, value: Wide) {
    atomicStore(&counters[at], wide_lo(value));
    atomicStore(&counters[at + 1u], wide_hi(value));
}

// Log prices of a path's first window, asset by asset, `WINDOW` words each.
@compute @workgroup_size(GROUP)
fn probe_prices(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first = wide_add(wide(task.first_path_lo, task.first_path_hi), wide(group.x, 0u));
    let path = vec2<u32>(wide_lo(first), wide_hi(first));
    begin_path(lane);
    workgroupBarrier();
    for (var start = 0u; start < WINDOW; start += DRAWN) {
        let n_steps = min(DRAWN, WINDOW - start);
        draw_increments(path, start, n_steps, lane);
        workgroupBarrier();
        scan_logs(n_steps, lane);
        workgroupBarrier();
        for (var item = lane; item < N_ASSETS * n_steps; item += GROUP) {
            let asset = item / n_steps;
            let offset = item % n_steps;
            let to = (group.x * N_ASSETS + asset) * WINDOW + start + offset;
            let log = bitcast<i32>(increments[asset * DRAWN + offset].y);
            let masked = masked_log(asset, start + offset, log);
            atomicStore(&counters[to], bitcast<u32>(masked));
        }
        workgroupBarrier();
    }
}
