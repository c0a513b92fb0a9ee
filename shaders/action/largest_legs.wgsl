// Twin: src/book/action/largest_legs.rs. Call after call, the largest debt is repaid out of the
// largest collateral.

fn largest_legs(action: Action, facts: AccountFacts) -> Event {
    var event = event_none();
    let owed = wide_shr(values().debt, facts.money_shift);
    while (event.n_calls < action.calls_per_step) {
        let sums = values();
        if (!wide_below_signed(wide_add(sums.weighted, facts.tie), sums.debt)) { break; }
        let n_calls = event.n_calls;
        call(action, facts, sums, &event);
        if (event.n_calls == n_calls) { break; }
    }
    let is_large = !wide_below(owed, wide_of(action.written_off_from));
    if (is_large && action.writes_off == 1u) { write_off(&event); }
    return event;
}

fn call(action: Action, facts: AccountFacts, sums: Values, event: ptr<function, Event>) {
    let collateral = largest(KIND_COLLATERAL);
    let debt = largest(KIND_DEBT);
    if (collateral == NO_LEG || debt == NO_LEG) { return; }
    set_prices(action, sums);
    let most = repayable_quantity(action, facts, sums, collateral, debt);
    let proposal = Proposal(PICK_LARGEST_PAIR, action, facts, sums, collateral, debt);
    let limit = counterparty_size(proposal, most);
    propose_call(proposal, limit);
    let is_something =
        legs[debt].next < legs[debt].quantity || legs[collateral].next == 0;
    if (limit == 0u || !is_something) {
        legs[collateral].next = legs[collateral].quantity;
        legs[debt].next = legs[debt].quantity;
        return;
    }
    counterparty_take();
    event_take(event);
}

fn propose_call(proposal: Proposal, limit: u32) {
    let collateral = proposal.collateral;
    let debt = proposal.debt;
    let exchanged = admissible(proposal.action, proposal.facts, limit, collateral, debt);
    legs[collateral].next = legs[collateral].quantity - bitcast<i32>(exchanged.y);
    legs[debt].next = legs[debt].quantity - bitcast<i32>(exchanged.x);
}

// (repaid, seized).
fn admissible(
    action: Action, facts: AccountFacts, limit: u32, collateral: u32, debt: u32,
) -> vec2<u32> {
    let exchanged = exchange(limit, collateral, debt);
    if (exchanged.x == bitcast<u32>(legs[debt].quantity)
        || exchanged.y == bitcast<u32>(legs[collateral].quantity)) {
        return exchanged;
    }
    // Neither leg is cleared: what is left of each must not be dust.
    var dust = wide_of(action.dust);
    let debt_left = wide_sub(leg_value(debt), wide_mul(exchanged.x, legs[debt].mark));
    let collateral_left =
        wide_sub(leg_value(collateral), wide_mul(exchanged.y, legs[collateral].mark));
    if (!wide_below(wide_shr(debt_left, facts.money_shift), dust)
        && !wide_below(wide_shr(collateral_left, facts.money_shift), dust)) {
        return exchanged;
    }
    dust = saturating_shift(dust, facts.money_shift);
    let by_debt = saturating_sub(leg_value(debt), dust);
    let by_collateral =
        scale_q31(saturating_sub(leg_value(collateral), dust), legs[collateral].discount);
    var least = by_debt;
    if (wide_below(by_collateral, by_debt)) { least = by_collateral; }
    let most = wide_lo(wide_div(least, legs[debt].mark));
    return exchange(min(most, limit), collateral, debt);
}

fn repayable_quantity(
    action: Action, facts: AccountFacts, sums: Values, collateral: u32, debt: u32,
) -> u32 {
    let small = wide_of(action.small);
    let is_small = wide_below(wide_shr(leg_value(collateral), facts.money_shift), small)
        || wide_below(wide_shr(leg_value(debt), facts.money_shift), small);
    let is_deep = action.full_close_below != 0u
        && !wide_below(scale_q32(sums.debt, action.full_close_below), sums.weighted);
    let quantity = bitcast<u32>(legs[debt].quantity);
    if (is_small || is_deep) { return quantity; }
    var base = leg_value(debt);
    if (action.of_whole_debt == 1u) { base = sums.debt; }
    base = scale_q31(base, action.close_factor);
    if (HAS_TARGET && action.target_health > 0u) {
        base = restoring(action.target_health, sums, collateral);
    }
    var most = wide_div(base, legs[debt].mark);
    if (HAS_TARGET && action.target_health > 0u) { most = wide_add(most, wide(1u, 0u)); }
    if (wide_hi(most) != 0u) { return quantity; }
    return max(min(wide_lo(most), quantity), 1u);
}

// What is to be repaid out of a collateral so that health is at a target again.
fn restoring(target_health: u32, sums: Values, collateral: u32) -> Wide {
    let above = scale_q31(sums.debt, (target_health - ONE_Q30) << 1u);
    let lacking = wide_add(saturating_sub(sums.debt, sums.weighted), above);
    let leg = legs[collateral];
    let lost = wide_shr(wide_mul(leg.threshold, leg.incentive), 31u);
    if (wide_hi(lost) != 0u || wide_lo(lost) >= target_health) {
        return wide(0xffffffffu, 0xffffffffu);
    }
    return mul_div(lacking, ONE_Q30, target_health - wide_lo(lost));
}

// (repaid, seized).
fn exchange(repayable: u32, collateral: u32, debt: u32) -> vec2<u32> {
    let value = wide_mul(repayable, legs[debt].mark);
    let seized = wide_shr(mul_div(value, legs[collateral].incentive, legs[collateral].mark), 30u);
    let quantity = bitcast<u32>(legs[collateral].quantity);
    // Up to the last unit, which is what rounding leaves of a leg that is meant to go.
    if (wide_hi(seized) == 0u && quantity > 0u && wide_lo(seized) < quantity - 1u) {
        return vec2<u32>(repayable, wide_lo(seized));
    }
    let discounted = scale_q31(leg_value(collateral), legs[collateral].discount);
    let covered = wide_div(discounted, legs[debt].mark);
    let least = select(wide_lo(covered), repayable, wide_hi(covered) != 0u);
    return vec2<u32>(min(least, repayable), quantity);
}

fn largest(kind: u32) -> u32 {
    var best = NO_LEG;
    var most = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == kind && wide_below(most, leg_value(leg))) {
            most = leg_value(leg);
            best = leg;
        }
    }
    return best;
}

fn write_off(event: ptr<function, Event>) {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL && !is_zero(leg_value(leg))) { return; }
    }
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT) {
            legs[leg].lost = leg_market_value(leg);
            (*event).written_off = wide_add((*event).written_off, legs[leg].lost);
            legs[leg].quantity = 0;
            legs[leg].next = 0;
        }
    }
}

fn saturating_shift(money: Wide, shift: u32) -> Wide {
    if (wide_leading_zeros(money) <= shift) { return wide(0xffffffffu, 0x7fffffffu); }
    return wide_shl(money, shift);
}
