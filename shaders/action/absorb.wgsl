// Twin: src/book/action/absorb.rs. The venue takes a breached account over, and sells its
// collateral in later events.

fn absorb(action: Action, facts: AccountFacts) -> Event {
    if (is_absorbed()) { return largest_legs(action, facts); }
    var credit = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            let share = leg_rows[facts.leg_start + leg].credit;
            credit = wide_add(credit, scale_q31(leg_value(leg), share));
            legs[leg].threshold = 0u;
        }
    }
    var is_credited = false;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT && !is_credited) {
            legs[leg].quantity = credited(leg, credit);
            is_credited = true;
        }
        if (legs[leg].kind == KIND_STATE) { legs[leg].quantity = 1; }
        legs[leg].next = legs[leg].quantity;
    }
    var event = event_none();
    event.n_calls = 1u;
    if (action.writes_off == 1u) { write_off(&event); }
    return event;
}

// What a debt is once the account is credited with so much.
fn credited(debt: u32, credit: Wide) -> i32 {
    let quantity = bitcast<u32>(legs[debt].quantity);
    let most = MOST_CREDIT * quantity;
    var units = most;
    if (legs[debt].mark != 0u) {
        let found = wide_div(credit, legs[debt].mark);
        if (wide_hi(found) == 0u) { units = min(most, wide_lo(found)); }
    }
    return bitcast<i32>(max(quantity, min(units, 0x7fffffffu)));
}
