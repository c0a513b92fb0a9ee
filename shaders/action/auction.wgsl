// Twin: src/book/action/auction.rs. The venue puts a breached account's collateral up for auction.

// The price at which buyers take what is on auction.
var<private> auction_price: u32;

fn auction(action: Action, facts: AccountFacts) -> Event {
    var event = event_none();
    let lot = leg_of(KIND_COLLATERAL);
    let debt = leg_of(KIND_DEBT);
    if (lot == NO_LEG || debt == NO_LEG) { return event; }
    let due = n_legs - 3u;
    let first = n_legs - 2u;
    let begun = n_legs - 1u;
    let now = facts.step + 1u;
    let is_new = legs[begun].quantity == 0;
    let began = bitcast<u32>(legs[begun].quantity);
    let n_steps = now - min(began, now);
    if (is_zero(leg_market_value(lot))) {
        if (is_new) {
            legs[due].quantity = legs[debt].quantity;
            legs[due].next = legs[debt].quantity;
        }
        write_off_due(action, due, debt, &event);
        return event;
    }
    auction_price = 0u;
    if (!is_new && n_steps >= 1u && n_steps <= action.auction_steps) {
        auction_price = buying_price(
            action, bitcast<u32>(legs[first].quantity), leg_market(lot), n_steps,
        );
    }
    if (is_new || (auction_price == 0u && n_steps >= action.auction_steps)) {
        if (is_new) {
            legs[due].quantity = legs[debt].quantity;
            let owed = bitcast<u32>(legs[debt].quantity);
            let penalty = wide_lo(scale_q31(wide(owed, 0u), action.penalty));
            legs[debt].quantity = bitcast<i32>(min(owed + penalty, 0x7fffffffu));
        }
        legs[first].quantity = bitcast<i32>(first_price(action, legs[lot].mark));
        legs[begun].quantity = bitcast<i32>(now);
        for (var leg = 0u; leg < n_legs; leg += 1u) {
            legs[leg].next = legs[leg].quantity;
            legs[leg].threshold = 0u;
        }
        event.n_calls = 1u;
        return event;
    }
    if (auction_price == 0u) { return event; }
    let owed = legs[debt].quantity;
    let proposal = Proposal(PICK_AUCTION, action, facts, values(), lot, debt);
    let limit = counterparty_size(proposal, bitcast<u32>(owed));
    propose_auction(proposal, limit);
    if (limit == 0u || (legs[debt].next == owed && legs[lot].next != 0)) {
        legs[lot].next = legs[lot].quantity;
        legs[debt].next = owed;
        return event;
    }
    counterparty_take();
    event_take(&event);
    legs[due].quantity = max(legs[due].quantity - (owed - legs[debt].quantity), 0);
    legs[due].next = legs[due].quantity;
    if (legs[lot].quantity == 0) { write_off_due(action, due, debt, &event); }
    return event;
}

fn propose_auction(proposal: Proposal, limit: u32) {
    let lot = proposal.collateral;
    let debt = proposal.debt;
    let bought = take_of(proposal.action, proposal.facts, limit, lot, debt);
    legs[lot].next = legs[lot].quantity - bitcast<i32>(bought.y);
    legs[debt].next = legs[debt].quantity - bitcast<i32>(bought.x);
}

fn leg_of(kind: u32) -> u32 {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == kind) { return leg; }
    }
    return NO_LEG;
}

// An auction's price over its first one, so many steps after it began, Q1.31.
fn price_ratio(action: Action, n_steps: u32) -> u32 {
    let n_falls = wide_shr(wide_mul(n_steps, action.falls_per_step), FALL_BITS);
    return max(fallen(action, n_falls), action.least);
}

fn fallen(action: Action, n_falls: Wide) -> u32 {
    if (action.is_linear == 1u) {
        if (wide_hi(n_falls) != 0u) { return 0u; }
        let taken = wide_mul(wide_lo(n_falls), action.fall);
        if (wide_hi(taken) != 0u || wide_lo(taken) >= ONE_Q31) { return 0u; }
        return ONE_Q31 - wide_lo(taken);
    }
    var ratio = ONE_Q31;
    var power = action.fall;
    var rest = n_falls;
    while (!is_zero(rest)) {
        if ((wide_lo(rest) & 1u) == 1u) { ratio = wide_lo(scale_q31(wide(ratio, 0u), power)); }
        power = wide_lo(scale_q31(wide(power, 0u), power));
        rest = wide_shr(rest, 1u);
    }
    return ratio;
}

fn first_price(action: Action, mark: u32) -> u32 {
    let price = wide_shr(wide_mul(mark, action.buf), 30u);
    return select(wide_lo(price), 0xffffffffu, wide_hi(price) != 0u);
}

// 0 where the price has not come down to what buyers bid.
fn buying_price(action: Action, first: u32, market: u32, n_steps: u32) -> u32 {
    let before = wide_lo(scale_q31(wide(first, 0u), price_ratio(action, n_steps - 1u)));
    let now = wide_lo(scale_q31(wide(first, 0u), price_ratio(action, n_steps)));
    let bid = wide_lo(scale_q31(wide(market, 0u), action.bid));
    if (now > bid) { return 0u; }
    return max(min(bid, before), 1u);
}

// (repaid, bought).
fn take_of(action: Action, facts: AccountFacts, limit: u32, lot: u32, debt: u32) -> vec2<u32> {
    let bought = exchange_at(auction_price, limit, lot, debt);
    let owed = leg_value(debt);
    let dust = wide_of(action.dust);
    let left = wide_sub(owed, wide_mul(bought.x, legs[debt].mark));
    let is_cleared = bought.x == bitcast<u32>(legs[debt].quantity)
        || bought.y == bitcast<u32>(legs[lot].quantity);
    if (is_cleared || !wide_below(wide_shr(left, facts.money_shift), dust)) { return bought; }
    var kept = owed;
    if (wide_leading_zeros(dust) > facts.money_shift) { kept = wide_shl(dust, facts.money_shift); }
    let most = wide_lo(wide_div(saturating_sub(owed, kept), legs[debt].mark));
    return exchange_at(auction_price, min(limit, most), lot, debt);
}

// (repaid, bought).
fn exchange_at(price: u32, units: u32, lot: u32, debt: u32) -> vec2<u32> {
    let bought = wide_div(wide_mul(units, legs[debt].mark), price);
    let held = bitcast<u32>(legs[lot].quantity);
    // Up to the last unit, which is what rounding leaves of a lot that is meant to go.
    if (wide_hi(bought) == 0u && held > 0u && wide_lo(bought) < held - 1u) {
        return vec2<u32>(units, wide_lo(bought));
    }
    let covered = wide_div(wide_mul(held, price), max(legs[debt].mark, 1u));
    let least = select(wide_lo(covered), units, wide_hi(covered) != 0u);
    return vec2<u32>(min(least, units), held);
}

// What is left of the debt, no collateral being left; the penalty is no loss.
fn write_off_due(action: Action, due: u32, debt: u32, event: ptr<function, Event>) {
    if (action.writes_off != 1u) { return; }
    let lost = bitcast<u32>(min(legs[debt].quantity, legs[due].quantity));
    legs[debt].lost = wide_mul(lost, leg_market(debt));
    (*event).written_off = wide_add((*event).written_off, legs[debt].lost);
    legs[debt].quantity = 0;
    legs[debt].next = 0;
}
