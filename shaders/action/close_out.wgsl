// Twin: src/book/action/close_out.rs. All perpetuals of an account are closed at the mark.

fn equity(facts: AccountFacts) -> Wide {
    var sum = facts.constant;
    for (var leg = 0u; leg < n_legs; leg += 1u) { sum = wide_add(sum, leg_signed_value(leg)); }
    return sum;
}

fn close_out(action: Action, facts: AccountFacts) -> Event {
    var notional = wide(0u, 0u);
    var largest = NO_LEG;
    var most = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_PERP) {
            let value = wide_mul(u32(abs(legs[leg].quantity)), legs[leg].mark);
            notional = wide_add(notional, value);
            // The first even when worthless: a long whose market is gone loses the most.
            if (wide_below(most, value) || largest == NO_LEG) {
                most = value;
                largest = leg;
            }
        }
    }
    let cost = scale_q31(notional, action.close_cost);
    let left = wide_sub(equity(facts), cost);
    var event = event_none();
    event.repaid = notional;
    event.n_calls = 1u;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            event.seized = wide_add(event.seized, leg_value(leg));
        }
        legs[leg].quantity = 0;
    }
    if (wide_below_signed(left, wide(0u, 0u)) && largest != NO_LEG) {
        event.written_off = wide_sub(wide(0u, 0u), left);
        legs[largest].lost = event.written_off;
    }
    return event;
}
