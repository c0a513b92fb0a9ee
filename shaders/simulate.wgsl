// Twin: src/engine/cpu/path.rs. A workgroup walks a slice of the book along a path, window of steps
// by window: prices in parallel over steps, log prices by a scan, marks, positions in parallel.
// Prices never leave the workgroup.

override GROUP: u32 = 64u;
override USE_BOUNDS: bool = true;

const FLAG_CUT_SHORT: u32 = 1u << 31u;

@group(0) @binding(0) var<uniform> task: Task;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read> positions: array<PositionRow>;
@group(0) @binding(3) var<storage, read> leg_rows: array<LegRow>;
@group(0) @binding(4) var<storage, read> tiers: array<TierRow>;
@group(0) @binding(5) var<storage, read_write> outcomes: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> counters: array<atomic<u32>>;
// Per path: a status word a position, then the quantities left, a word a leg.
@group(0) @binding(7) var<storage, read_write> state: array<u32>;

var<workgroup> increments: array<vec2<u32>, N_ASSETS * WINDOW>;
var<workgroup> log_carry: array<vec2<u32>, N_ASSETS>;
var<workgroup> sum_carry: array<vec2<u32>, N_INSTRUMENTS>;
var<workgroup> marks: array<u32, N_INSTRUMENTS * WINDOW>;
var<workgroup> lows: array<u32, N_INSTRUMENTS>;
var<workgroup> highs: array<u32, N_INSTRUMENTS>;
// realised, stranded, under water, liquidated, backlog: low and high word each.
var<workgroup> totals: array<atomic<u32>, 10>;
var<workgroup> n_events: atomic<u32>;
var<workgroup> n_defaults: atomic<u32>;
var<workgroup> flags: atomic<u32>;

// Words of an outcome, as `Outcome` of src/tail/outcome.rs lays them out after the four sums.
const OUTCOME_WORDS: u32 = 12u;
const OUTCOME_N_EVENTS: u32 = 8u;
const OUTCOME_LARGEST_STEP: u32 = 9u;
const OUTCOME_N_DEFAULTS: u32 = 10u;
const OUTCOME_FLAGS: u32 = 11u;

// Workgroup (x, y) walks the y-th slice of the positions along the x-th path.
@compute @workgroup_size(GROUP)
fn simulate(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.x;
    let n_slice = (N_POSITIONS + task.n_slices - 1u) / task.n_slices;
    let first_position = group.y * n_slice;
    let end_position = min(first_position + n_slice, N_POSITIONS);
    let state_base = place * (N_POSITIONS + N_LEGS);
    let first = wide_add(wide(task.first_path_lo, task.first_path_hi), wide(place, 0u));
    let path = vec2<u32>(wide_lo(first), wide_hi(first));
    begin_path(lane);
    workgroupBarrier();
    for (var start = 0u; start < N_STEPS; start += WINDOW) {
        let n_steps = min(WINDOW, N_STEPS - start);
        draw_increments(path, start, n_steps, lane);
        workgroupBarrier();
        scan_logs(n_steps, lane);
        workgroupBarrier();
        fill_marks(start, n_steps, lane);
        workgroupBarrier();
        find_extremes(n_steps, lane);
        workgroupBarrier();
        for (var position = first_position + lane; position < end_position; position += GROUP) {
            walk_position(position, place, state_base, start, n_steps);
        }
        workgroupBarrier();
    }
    // Written by each invocation for itself: one that was cut short may be ahead of the barriers.
    if (is_cut_short()) {
        atomicOr(&outcomes[OUTCOME_WORDS * place + OUTCOME_FLAGS], FLAG_CUT_SHORT);
    }
    if (lane == 0u) { add_outcome(place); }
}

// The largest step of each path, once all slices are walked.
@compute @workgroup_size(GROUP)
fn finish(@builtin(global_invocation_id) at: vec3<u32>) {
    if (at.x >= task.n_paths) { return; }
    var most = 0u;
    for (var step = 0u; step < N_STEPS; step += 1u) {
        most = max(most, atomicLoad(&counters[C_EVENTS + at.x * N_STEPS + step]));
    }
    atomicStore(&outcomes[OUTCOME_WORDS * at.x + OUTCOME_LARGEST_STEP], most);
    if (is_cut_short()) {
        atomicOr(&outcomes[OUTCOME_WORDS * at.x + OUTCOME_FLAGS], FLAG_CUT_SHORT);
    }
}

// Some drivers end loops after so many turns of an invocation (llvmpipe: 65,535, all loops
// together), and end every loop after that at once. A loop at the very end finds out.
fn is_cut_short() -> bool {
    var turns = 0u;
    while (turns < task.canary) { turns += 1u; }
    return turns < task.canary;
}

fn begin_path(lane: u32) {
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        // Half a unit of 2^-24 to begin with: the upper word is then rounded, not cut.
        log_carry[asset] = vec2<u32>(1u << 31u, 0u);
    }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        sum_carry[instrument] = vec2<u32>(0u, 0u);
    }
    if (lane == 0u) {
        for (var word = 0u; word < 10u; word += 1u) { atomicStore(&totals[word], 0u); }
        atomicStore(&n_events, 0u);
        atomicStore(&n_defaults, 0u);
        atomicStore(&flags, 0u);
    }
}

fn draw_increments(path: vec2<u32>, start: u32, n_steps: u32, lane: u32) {
    let seed = vec2<u32>(task.seed_lo, task.seed_hi);
    let row = replay_start(path);
    for (var offset = lane; offset < n_steps; offset += GROUP) {
        let step = start + offset;
        draw_shocks(seed, path, step);
        let n_common = common_jumps_count(seed, path, step);
        for (var asset = 0u; asset < N_ASSETS; asset += 1u) {
            var sum = wide(tables[T_DRIFT + 2u * asset], tables[T_DRIFT + 2u * asset + 1u]);
            sum = wide_add(sum, diffusion_increment(asset));
            sum = wide_add(sum, jumps_increment(seed, path, step, asset));
            sum = wide_add(sum, common_jumps_increment(seed, path, step, asset, n_common));
            sum = wide_add(sum, shock_increment(step, asset));
            sum = wide_add(sum, replay_increment(row, step, asset));
            increments[asset * WINDOW + offset] = vec2<u32>(wide_lo(sum), wide_hi(sum));
        }
    }
}

// Increments to log prices, in place: the upper word is then the log price in Q8.24.
fn scan_logs(n_steps: u32, lane: u32) {
    let most = wide(0u, 1u << 30u);
    let least = wide_sub(wide(0u, 0u), most);
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        var log = wide(log_carry[asset].x, log_carry[asset].y);
        for (var offset = 0u; offset < n_steps; offset += 1u) {
            let by = increments[asset * WINDOW + offset];
            log = wide_add(log, wide(by.x, by.y));
            if (wide_below_signed(most, log)) {
                log = most;
                atomicOr(&flags, FLAG_SATURATED);
            }
            if (wide_below_signed(log, least)) {
                log = least;
                atomicOr(&flags, FLAG_SATURATED);
            }
            increments[asset * WINDOW + offset] = vec2<u32>(wide_lo(log), wide_hi(log));
        }
        log_carry[asset] = vec2<u32>(wide_lo(log), wide_hi(log));
    }
}

fn fill_marks(start: u32, n_steps: u32, lane: u32) {
    for (var item = lane; item < N_INSTRUMENTS * n_steps; item += GROUP) {
        let instrument = item / n_steps;
        let offset = item % n_steps;
        let asset = tables[T_INSTRUMENTS + 5u * instrument];
        let log = bitcast<i32>(increments[asset * WINDOW + offset].y);
        if (tables[T_INSTRUMENTS + 5u * instrument + 1u] == INSTRUMENT_PRICE) {
            marks[instrument * WINDOW + offset] = price_mark(instrument, log, start + offset);
        } else {
            // Summed up below, by one invocation.
            marks[instrument * WINDOW + offset] = mark_of_log(log);
        }
    }
}

fn find_extremes(n_steps: u32, lane: u32) {
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        let is_sum = tables[T_INSTRUMENTS + 5u * instrument + 1u] != INSTRUMENT_PRICE;
        var sum = wide(sum_carry[instrument].x, sum_carry[instrument].y);
        var low = 0xffffffffu;
        var high = 0u;
        for (var offset = 0u; offset < n_steps; offset += 1u) {
            let at = instrument * WINDOW + offset;
            if (is_sum) {
                sum = wide_add(sum, wide(marks[at], 0u));
                marks[at] = sum_mark(instrument, sum);
            }
            low = min(low, marks[at]);
            high = max(high, marks[at]);
        }
        lows[instrument] = low;
        highs[instrument] = high;
        sum_carry[instrument] = vec2<u32>(wide_lo(sum), wide_hi(sum));
        if (!is_sum && high == 0xffffffffu) { atomicOr(&flags, FLAG_SATURATED); }
        if (!is_sum && low < SMALL_MARK) { atomicOr(&flags, FLAG_SMALL_MARK); }
    }
}

// Adds what this slice found to the path's outcome.
fn add_outcome(place: u32) {
    let base = OUTCOME_WORDS * place;
    for (var sum = 0u; sum < 4u; sum += 1u) {
        let lo = atomicLoad(&totals[2u * sum]);
        let old = atomicAdd(&outcomes[base + 2u * sum], lo);
        let carry = select(0u, 1u, old + lo < old);
        atomicAdd(&outcomes[base + 2u * sum + 1u], atomicLoad(&totals[2u * sum + 1u]) + carry);
    }
    atomicAdd(&outcomes[base + OUTCOME_N_EVENTS], atomicLoad(&n_events));
    atomicAdd(&outcomes[base + OUTCOME_N_DEFAULTS], atomicLoad(&n_defaults));
    atomicOr(&outcomes[base + OUTCOME_FLAGS], atomicLoad(&flags));
}
