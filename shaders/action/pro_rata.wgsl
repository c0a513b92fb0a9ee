// Twin: src/book/action/pro_rata.rs. Every collateral and every debt shrinks by the same share.

fn pro_rata(action: Action, facts: AccountFacts) -> Event {
    let sums = values();
    var event = event_none();
    if (is_zero(sums.collateral) || is_zero(sums.debt)) { return event; }
    let is_full = wide_below(sums.weighted, scale_q32(sums.debt, action.full_close_below));
    let most = select(action.close_factor, ONE_Q31, is_full);
    let proposal = Proposal(PICK_PRO_RATA, action, facts, sums, NO_LEG, NO_LEG);
    set_prices(action, sums);
    let share = counterparty_size(proposal, most);
    if (share == 0u) { return event; }
    propose_pro_rata(proposal, share);
    counterparty_take();
    event_take(&event);
    return event;
}

fn propose_pro_rata(proposal: Proposal, share: u32) {
    let sums = proposal.sums;
    var coverage = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            coverage = wide_add(coverage, scale_q31(leg_value(leg), legs[leg].discount));
        }
    }
    let repay = scale_q31(sums.debt, share);
    let takes_all = !wide_below(repay, coverage);
    var keep_collateral = 0u;
    if (!takes_all) { keep_collateral = ratio_q32(wide_sub(coverage, repay), coverage); }
    var keep_debt = 0u;
    if (takes_all && wide_below(coverage, sums.debt)) {
        keep_debt = ratio_q32(wide_sub(sums.debt, coverage), sums.debt);
    }
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let before = bitcast<u32>(legs[leg].quantity);
        var left = 0u;
        if (legs[leg].kind == KIND_COLLATERAL) {
            // Nothing is seized from a leg that is worthless.
            left = select(mul_hi(before, keep_collateral), before, legs[leg].mark == 0u);
        } else if (takes_all) {
            left = mul_hi(before, keep_debt);
        } else {
            left = wide_lo(wide_shr(wide_mul(before, ONE_Q31 - share), 31u));
        }
        legs[leg].next = bitcast<i32>(left);
    }
}
