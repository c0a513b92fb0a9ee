// Stages of the kernel one by one, for the tests that hold them to their twins and the self-test
// of a device: results go to the counters buffer, prices by path.

fn probe_seed() -> vec2<u32> { return vec2<u32>(task.seed_lo, task.seed_hi); }

@compute @workgroup_size(GROUP)
fn probe_words(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    let path = vec2<u32>(task.first_path_lo + at.x, task.first_path_hi);
    let drawn = words(probe_seed(), path, at.x, BLOCK_JUMPS);
    for (var word = 0u; word < 4u; word += 1u) {
        atomicStore(&counters[4u * at.x + word], drawn[word]);
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

// Six words a case in `state`: a, b (64 bits each), f, d; ten words out.
@compute @workgroup_size(GROUP)
fn probe_wide(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    let base = 6u * at.x;
    let a = wide(state[base], state[base + 1u]);
    let b = wide(state[base + 2u], state[base + 3u]);
    let f = state[base + 4u];
    let d = state[base + 5u];
    let product = mul_div(a, f, d);
    let scaled = scale_q32(a, f);
    let part = scale_q31(wide_shr(a, 1u), min(f, ONE_Q31));
    let to = 10u * at.x;
    atomicStore(&counters[to], wide_lo(product));
    atomicStore(&counters[to + 1u], wide_hi(product));
    atomicStore(&counters[to + 2u], wide_lo(scaled));
    atomicStore(&counters[to + 3u], wide_hi(scaled));
    atomicStore(&counters[to + 4u], wide_lo(part));
    atomicStore(&counters[to + 5u], wide_hi(part));
    // Of a part to the whole: the smaller to the larger.
    if (wide_below(a, b)) {
        atomicStore(&counters[to + 6u], ratio_q32(a, b));
    } else {
        atomicStore(&counters[to + 6u], ratio_q32(b, a));
    }
    atomicStore(&counters[to + 7u], weigh(f, min(d, ONE_Q31)));
    let sar = wide_sar(a, d & 63u);
    atomicStore(&counters[to + 8u], wide_lo(sar) ^ select(0u, 1u, wide_below_signed(a, b)));
    atomicStore(&counters[to + 9u], wide_hi(sar));
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
