// Twin: src/book/action/largest_legs.rs. Call after call, the largest debt is repaid out of the
// largest collateral.

const NO_LEG: u32 = 0xffffffffu;

fn largest_legs(action: Action, facts: AccountFacts) -> Event {
    var event = event_none();
    while (event.n_calls < action.calls_per_step) {
        let sums = values();
        if (!wide_below(sums.weighted, sums.debt)) { break; }
        if (!call(action, facts, sums, &event)) { break; }
        event.n_calls += 1u;
    }
    if (action.writes_off == 1u) { write_off(&event); }
    return event;
}

fn call(action: Action, facts: AccountFacts, sums: Values, event: ptr<function, Event>) -> bool {
    let collateral = largest(KIND_COLLATERAL);
    let debt = largest(KIND_DEBT);
    if (collateral == NO_LEG || debt == NO_LEG) { return false; }
    let repayable = repayable_quantity(action, facts, sums, collateral, debt);
    var exchanged = exchange(repayable, collateral, debt);
    let quantity = bitcast<u32>(legs[debt].quantity);
    if (exchanged.x < quantity && exchanged.y < bitcast<u32>(legs[collateral].quantity)) {
        // Neither leg is cleared: what is left of each must not be dust.
        var dust = wide(action.dust[0], action.dust[1]);
        let debt_left = wide_sub(leg_value(debt), wide_mul(exchanged.x, legs[debt].mark));
        let collateral_left =
            wide_sub(leg_value(collateral), wide_mul(exchanged.y, legs[collateral].mark));
        if (wide_below(wide_shr(debt_left, facts.money_shift), dust)
            || wide_below(wide_shr(collateral_left, facts.money_shift), dust)) {
            dust = saturating_shift(dust, facts.money_shift);
            let by_debt = saturating_sub(leg_value(debt), dust);
            let by_collateral =
                scale_q31(saturating_sub(leg_value(collateral), dust), legs[collateral].discount);
            var least = by_debt;
            if (wide_below(by_collateral, by_debt)) { least = by_collateral; }
            let admissible = wide_lo(wide_div(least, legs[debt].mark));
            exchanged = exchange(min(admissible, repayable), collateral, debt);
        }
    }
    if (exchanged.x == 0u && exchanged.y < bitcast<u32>(legs[collateral].quantity)) {
        return false;
    }
    legs[debt].quantity -= bitcast<i32>(exchanged.x);
    legs[collateral].quantity -= bitcast<i32>(exchanged.y);
    (*event).repaid = wide_add((*event).repaid, wide_mul(exchanged.x, legs[debt].mark));
    (*event).seized = wide_add((*event).seized, wide_mul(exchanged.y, legs[collateral].mark));
    return true;
}

fn repayable_quantity(
    action: Action, facts: AccountFacts, sums: Values, collateral: u32, debt: u32,
) -> u32 {
    let small = wide(action.small[0], action.small[1]);
    let is_small = wide_below(wide_shr(leg_value(collateral), facts.money_shift), small)
        || wide_below(wide_shr(leg_value(debt), facts.money_shift), small);
    let is_deep = action.full_close_below != 0u
        && !wide_below(scale_q32(sums.debt, action.full_close_below), sums.weighted);
    let quantity = bitcast<u32>(legs[debt].quantity);
    if (is_small || is_deep) { return quantity; }
    var base = leg_value(debt);
    if (action.of_whole_debt == 1u) { base = sums.debt; }
    let most = wide_div(scale_q31(base, action.close_factor), legs[debt].mark);
    if (wide_hi(most) != 0u) { return quantity; }
    return max(min(wide_lo(most), quantity), 1u);
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
            legs[leg].lost = leg_value(leg);
            (*event).written_off = wide_add((*event).written_off, legs[leg].lost);
            legs[leg].quantity = 0;
        }
    }
}

fn saturating_sub(a: Wide, b: Wide) -> Wide {
    if (wide_below(a, b)) { return wide(0u, 0u); }
    return wide_sub(a, b);
}

fn saturating_shift(money: Wide, shift: u32) -> Wide {
    var zeros = countLeadingZeros(wide_hi(money));
    if (zeros == 32u) { zeros += countLeadingZeros(wide_lo(money)); }
    if (zeros <= shift) { return wide(0xffffffffu, 0x7fffffffu); }
    return wide_shl(money, shift);
}
