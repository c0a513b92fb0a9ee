// Twin: src/book/action/close_out.rs. All perpetuals of an account are closed at the mark.

fn close_out(action: Action, facts: AccountFacts) -> Event {
    // What is locked in of perpetuals that cancel leaves nothing to close.
    if (!is_exposed()) { return event_none(); }
    let largest = largest_perp();
    var notional = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_PERP) {
            let value = wide_mul(u32(abs(legs[leg].quantity)), leg_market(leg));
            notional = wide_add(notional, value);
        }
    }
    let cost = scale_q31(notional, action.close_cost);
    let slippage = counterparty_close();
    let left = saturating_sub_signed(saturating_sub_signed(equity(facts), cost), slippage);
    let unpaid = counterparty_settle(left, notional);
    var event = event_none();
    event.repaid = notional;
    event.n_calls = 1u;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            event.seized = wide_add(event.seized, leg_market_value(leg));
        }
        legs[leg].quantity = 0;
        legs[leg].next = 0;
    }
    if (largest != NO_LEG) {
        event.written_off = wide_abs(unpaid);
        legs[largest].lost = event.written_off;
    }
    return event;
}
