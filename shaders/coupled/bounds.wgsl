// Twin: src/engine/cpu/coupled/eligible.rs, in its purpose alone: a position that no step of a
// window can breach is not checked in it. What a bound says of the rest costs time, never a bit.

// 2^-10 of an octave: the first room for impact.
const FIRST_ROOM: i32 = 1 << 14u;

// Impact on each asset for which the extremes hold, Q8.24 of the log2 price.
var<workgroup> room_below: array<i32, N_ASSETS>;
var<workgroup> room_above: array<i32, N_ASSETS>;
// Sums of marks that nothing has moved, at the window's beginning.
var<workgroup> window_sums: array<vec2<u32>, N_INSTRUMENTS>;
// The round of the path in which an impact was last beyond its room; rounds count from 1.
var<workgroup> outgrown_in: atomic<u32>;

var<private> n_rounds: u32;
// Positions that this invocation looks at in the window.
var<private> n_active: u32;

fn bounds_begin(lane: u32) {
    let room = select(0, FIRST_ROOM, HAS_DEPTH);
    for (var asset = lane; asset < N_ASSETS; asset += GROUP) {
        room_below[asset] = -room;
        room_above[asset] = room;
    }
    if (lane == 0u) { atomicStore(&outgrown_in, 0u); }
    n_rounds = 0u;
}

// An impact is at most 2^29, so twice of it is a word.
fn keep_room(asset: u32, impact: i32) {
    if (impact < room_below[asset]) {
        room_below[asset] = 2 * impact;
        atomicStore(&outgrown_in, n_rounds);
    } else if (impact > room_above[asset]) {
        room_above[asset] = 2 * impact;
        atomicStore(&outgrown_in, n_rounds);
    }
}

fn has_outgrown() -> bool { return atomicLoad(&outgrown_in) == n_rounds; }

fn keep_sums(lane: u32) {
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        window_sums[instrument] = sum_carry[instrument];
    }
}

// Gives the extremes of the window room for the impacts; once more if one outgrew its room, which
// then gives more than it must. A venue that reads late may read anything.
fn widen(lane: u32) {
    if (!HAS_DEPTH && !HAS_FEEDS) { return; }
    for (var instrument = lane; instrument < N_INSTRUMENTS; instrument += GROUP) {
        if (HAS_FEEDS) {
            lows[instrument] = 0u;
            highs[instrument] = 0xffffffffu;
            continue;
        }
        let row = instrument_at(instrument);
        // Marks are within 3.6e-9 and half a unit of 2^log.
        let down = max(mark_of_log(room_below[tables[row + INSTRUMENT_ASSET]]), 2u) - 2u;
        let mark = mark_of_log(room_above[tables[row + INSTRUMENT_ASSET]]);
        let up = mark + min((mark >> 24u) + 3u, 0xffffffffu - mark);
        if (tables[row + INSTRUMENT_KIND] == INSTRUMENT_PRICE) {
            let low = wide_lo(wide_shr(wide_mul(max(lows[instrument], 1u) - 1u, down), 24u));
            lows[instrument] = max(low, 2u) - 2u;
            let wide_high = wide_shr(wide_add(wide_mul(highs[instrument], up), wide(up, 0u)), 24u);
            highs[instrument] = widened(wide_add(wide_high, wide(3u, 0u)), up);
        } else {
            lows[instrument] = sum_mark(instrument, sums[instrument]);
            let begun = wide(window_sums[instrument].x, window_sums[instrument].y);
            let ended = wide(sum_carry[instrument].x, sum_carry[instrument].y);
            let gained = wide_add(wide_sub(ended, begun), wide(WINDOW, 0u));
            let most = wide_add(scale_mark(gained, up), wide(4u * WINDOW, 0u));
            let sum = wide_add(sums[instrument], most);
            highs[instrument] = widened(wide_shr(sum, tables[row + INSTRUMENT_SUM_SHIFT]), up);
        }
    }
}

// An upper extreme, if it and the factor that widened it are within their formats.
fn widened(high: Wide, up: u32) -> u32 {
    if (wide_hi(high) != 0u || up == 0xffffffffu) { return 0xffffffffu; }
    return wide_lo(high);
}

// Lists what this invocation has to look at: its positions that are not over, and may be breached.
fn find_active(lane: u32) {
    n_active = 0u;
    for (var position = lane; position < N_POSITIONS; position += GROUP) {
        if (may_breach(position)) {
            state[active_at(n_active, lane)] = position;
            n_active += 1u;
        }
    }
}

fn active_at(place: u32, lane: u32) -> u32 { return state_at + S_ACTIVE + lane + GROUP * place; }

fn may_breach(position: u32) -> bool {
    let status = status_of(position);
    if (status != 0u) { return (status & STATUS_OVER) == 0u; }
    let row = positions[position];
    return !is_cleared(row, constant_of(row));
}
