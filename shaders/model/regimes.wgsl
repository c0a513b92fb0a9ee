// Twin: src/market/model/regimes.rs. The climate of a path: a state a step, found by a scan of maps
// from states to states, since what a word does to each state is known before the state is.

// What the steps so far do to each state, within a chunk; and each chunk to each state. Four bits a
// state.
var<workgroup> climate_maps: array<u32, DRAWN>;
var<workgroup> climate_chunks: array<u32, N_CHUNKS>;
// The state before the steps at hand, then theirs.
var<workgroup> climate_states: array<u32, DRAWN + 1u>;
var<workgroup> climate_carry: u32;

// The state of this invocation's step, and of the step before.
var<private> climate: u32;
var<private> climate_before: u32;

const SAME_STATES: u32 = 0x76543210u;

// Where the tables of this step's state begin that have so many words a state.
fn in_climate(n_words: u32) -> u32 { return climate * n_words; }

// The same of tables by state and the state before.
fn in_transition(n_words: u32) -> u32 { return (climate * N_STATES + climate_before) * n_words; }

fn enter_climate(offset: u32) {
    climate_before = climate_states[offset];
    climate = climate_states[offset + 1u];
}

// The states of steps from `start` on, which follow those that were drawn before.
fn draw_climate(path: vec2<u32>, start: u32, n_steps: u32, lane: u32) {
    // A piece of a path goes on where another dispatch ended: its states are drawn once more.
    if (start == task.first_step) {
        for (var at = 0u; at < start; at += DRAWN) {
            walk_climate(path, at, min(DRAWN, start - at), lane);
        }
    }
    walk_climate(path, start, n_steps, lane);
}

fn walk_climate(path: vec2<u32>, start: u32, n_steps: u32, lane: u32) {
    let seed = vec2<u32>(task.seed_lo, task.seed_hi);
    for (var offset = lane; offset < n_steps; offset += GROUP) {
        let step = start + offset;
        climate_maps[offset] = climate_map(step, words(seed, path, step, BLOCK_CLIMATE).x);
    }
    workgroupBarrier();
    for (var chunk = lane; chunk < N_CHUNKS; chunk += GROUP) {
        var map = SAME_STATES;
        let begin = chunk * CHUNK;
        for (var offset = begin; offset < min(begin + CHUNK, n_steps); offset += 1u) {
            map = map_after(map, climate_maps[offset]);
            climate_maps[offset] = map;
        }
        climate_chunks[chunk] = map;
    }
    // Before the first step memory holds anything, and no map knows states beyond the last.
    let before = select(climate_carry, 0u, start == 0u);
    workgroupBarrier();
    for (var offset = lane; offset < n_steps; offset += GROUP) {
        var found = before;
        for (var chunk = 0u; chunk < offset / CHUNK; chunk += 1u) {
            found = state_after(found, climate_chunks[chunk]);
        }
        found = state_after(found, climate_maps[offset]);
        climate_states[offset + 1u] = found;
        // No state is before the first step's: it is not entered.
        if (offset == 0u) { climate_states[0] = select(before, found, start == 0u); }
        if (offset + 1u == n_steps) { climate_carry = found; }
    }
    workgroupBarrier();
}

fn state_after(before: u32, map: u32) -> u32 { return (map >> (4u * (before & 7u))) & 7u; }

fn map_after(first: u32, second: u32) -> u32 {
    var map = 0u;
    for (var before = 0u; before < N_STATES; before += 1u) {
        map |= state_after(state_after(before, first), second) << (4u * before);
    }
    return map;
}

// What a step does to each state; the first step leads from all to one.
fn climate_map(step: u32, word: u32) -> u32 {
    var map = 0u;
    for (var before = 0u; before < N_STATES; before += 1u) {
        var next = next_state(before, before, word);
        if (step == 0u) { next = next_state(N_STATES, FIRST_STATE, word); }
        map |= next << (4u * before);
    }
    return map;
}

// T_REGIMES: the thresholds of the other states, a row a state; then those of the first step.
fn next_state(row: u32, own: u32, word: u32) -> u32 {
    let n_others = N_STATES - 1u;
    var n_passed = 0u;
    for (var other = 0u; other < n_others; other += 1u) {
        let threshold = tables[T_REGIMES + row * n_others + other];
        n_passed += select(0u, 1u, threshold <= word);
    }
    if (n_passed == n_others) { return own; }
    return select(n_passed, n_passed + 1u, n_passed >= own);
}
