// Twin: src/program/layout.rs, src/book/action.rs and Task in src/engine/gpu/kernel.rs; held
// together by a test.

struct PositionRow {
    leg_start: u32,
    n_legs: u32,
    action: u32,
    money_shift: u32,
    constant: array<u32, 2>,
    tie: array<u32, 2>,
}

struct LegRow {
    instrument: u32,
    kind: u32,
    quantity: i32,
    threshold: u32,
    incentive: u32,
    discount: u32,
    pool: u32,
    tier_start: u32,
    n_tiers: u32,
}

struct TierRow {
    coefficient: i32,
    deduction: array<u32, 2>,
}

struct Action {
    kind: u32,
    close_factor: u32,
    of_whole_debt: u32,
    full_close_below: u32,
    writes_off: u32,
    calls_per_step: u32,
    close_cost: u32,
    small: array<u32, 2>,
    dust: array<u32, 2>,
}

// What one dispatch is to do.
struct Task {
    seed_lo: u32,
    seed_hi: u32,
    first_path_lo: u32,
    first_path_hi: u32,
    n_paths: u32,
    n_slices: u32,
    // A loop that does not turn this often was cut short by the driver.
    canary: u32,
    // A coupled path is walked from this step to before that; others take no notice.
    first_step: u32,
    end_step: u32,
}
