// Twin: src/book/action.rs. What happens on a breach. The parts stand in `action/`; the switches
// over those that a program uses, `action_run` and `propose`, are written by Rust from their list.

struct AccountFacts {
    constant: Wide,
    // What is added to the margin surplus for its rounding.
    tie: Wide,
    money_shift: u32,
    // Where the rows of its legs begin.
    leg_start: u32,
    // The step of the path.
    step: u32,
}

// What the counterparty is asked to take: the size decides how much of it. The pick stands for
// itself, so that where it is known only one is compiled.
struct Proposal {
    pick: u32,
    action: Action,
    facts: AccountFacts,
    sums: Values,
    collateral: u32,
    debt: u32,
}

fn event_none() -> Event {
    return Event(wide(0u, 0u), wide(0u, 0u), wide(0u, 0u), 0u);
}

// At which price a call takes collateral: that of its terms, or by health.
fn set_prices(action: Action, sums: Values) {
    if (!HAS_PRICE_BY_HEALTH || action.price != PRICE_BY_HEALTH) { return; }
    var health = ONE_Q31;
    if (wide_below(sums.weighted, sums.debt)) {
        health = ratio_q32(sums.weighted, sums.debt) >> 1u;
    }
    let discount = max(health, action.least_discount);
    // 1 in Q3.61 over a discount in Q1.31 is an incentive in Q2.30.
    let incentive = wide_lo(wide_div(wide(0u, 1u << 29u), discount));
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            legs[leg].discount = discount;
            legs[leg].incentive = incentive;
        }
    }
}
