// Twin: src/engine/cpu/path.rs. What every run binds, and what a workgroup finds along its paths.
// Where nothing couples positions they are walked by `alone.wgsl`, else by `coupled.wgsl`.

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

// Sums of each seat.
var<workgroup> totals: array<atomic<u32>, PATHS * TOTAL_WORDS>;
var<workgroup> n_events: array<atomic<u32>, PATHS>;
var<workgroup> n_defaults: array<atomic<u32>, PATHS>;
var<workgroup> flags: array<atomic<u32>, PATHS>;

// The place in the dispatch of the workgroup's first path, and the seat in the workgroup of the
// path at hand.
var<private> first_place: u32;
var<private> seat: u32;

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
    begin_logs(lane);
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        sum_carry[instrument] = vec2<u32>(0u, 0u);
    }
    for (var word = lane; word < PATHS * TOTAL_WORDS; word += GROUP) {
        atomicStore(&totals[word], 0u);
    }
    for (var s = lane; s < PATHS; s += GROUP) {
        atomicStore(&n_events[s], 0u);
        atomicStore(&n_defaults[s], 0u);
        atomicStore(&flags[s], 0u);
    }
}

fn raise(flag: u32) { atomicOr(&flags[seat], flag); }

// Adds what this slice found along the path of a seat to the path's outcome.
fn add_outcome(place: u32, s: u32) {
    let base = OUTCOME_WORDS * place;
    add_sum(base + OUTCOME_REALISED, TOTAL_WORDS * s + TOTAL_REALISED);
    add_sum(base + OUTCOME_STRANDED, TOTAL_WORDS * s + TOTAL_STRANDED);
    add_sum(base + OUTCOME_UNDER_WATER, TOTAL_WORDS * s + TOTAL_UNDER_WATER);
    add_sum(base + OUTCOME_LIQUIDATED, TOTAL_WORDS * s + TOTAL_LIQUIDATED);
    atomicAdd(&outcomes[base + OUTCOME_N_EVENTS], atomicLoad(&n_events[s]));
    atomicAdd(&outcomes[base + OUTCOME_N_DEFAULTS], atomicLoad(&n_defaults[s]));
    atomicOr(&outcomes[base + OUTCOME_FLAGS], atomicLoad(&flags[s]));
}

// Adds a sum of a seat to that of its outcome; both are low and high word.
fn add_sum(to: u32, at: u32) {
    let lo = atomicLoad(&totals[at]);
    let old = atomicAdd(&outcomes[to], lo);
    let carry = select(0u, 1u, old + lo < old);
    atomicAdd(&outcomes[to + 1u], atomicLoad(&totals[at + 1u]) + carry);
}
