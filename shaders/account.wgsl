// Twin: src/book/account.rs. A position on a path, in integers: what checks read, actions change.

struct LegState {
    kind: u32,
    quantity: i32,
    // Units that would be left by the liquidation that is being proposed.
    next: i32,
    mark: u32,
    market: u32,
    threshold: u32,
    incentive: u32,
    discount: u32,
    lost: Wide,
}

struct Event {
    repaid: Wide,
    seized: Wide,
    written_off: Wide,
    n_calls: u32,
}

struct Values {
    weighted: Wide,
    collateral: Wide,
    debt: Wide,
}

const NO_LEG: u32 = 0xffffffffu;

// The legs of the position that this invocation walks.
var<private> legs: array<LegState, MAX_LEGS>;
var<private> n_legs: u32;

fn leg_value(leg: u32) -> Wide {
    return wide_mul(bitcast<u32>(legs[leg].quantity), legs[leg].mark);
}

fn leg_signed_value(leg: u32) -> Wide {
    return wide_mul_mixed(legs[leg].quantity, legs[leg].mark);
}

// The mark on the market; where nothing couples positions, venues read the market itself.
fn leg_market(leg: u32) -> u32 {
    if (IS_COUPLED) { return legs[leg].market; }
    return legs[leg].mark;
}

fn leg_market_value(leg: u32) -> Wide {
    return wide_mul(bitcast<u32>(legs[leg].quantity), leg_market(leg));
}

fn leg_signed_market_value(leg: u32) -> Wide {
    return wide_mul_mixed(legs[leg].quantity, leg_market(leg));
}

// Value on the market of what the proposed liquidation takes away.
fn leg_taken(leg: u32) -> Wide {
    return wide_mul(bitcast<u32>(legs[leg].quantity - legs[leg].next), leg_market(leg));
}

// Carries out the liquidation that `next` of each leg proposes, one call.
fn event_take(event: ptr<function, Event>) {
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let taken = leg_taken(leg);
        if (legs[leg].kind == KIND_COLLATERAL) {
            (*event).seized = wide_add((*event).seized, taken);
        } else {
            (*event).repaid = wide_add((*event).repaid, taken);
        }
        legs[leg].quantity = legs[leg].next;
    }
    (*event).n_calls += 1u;
}

fn values() -> Values {
    var sums = Values(wide(0u, 0u), wide(0u, 0u), wide(0u, 0u));
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            let weighted = weigh(bitcast<u32>(legs[leg].quantity), legs[leg].threshold);
            sums.weighted = wide_add(sums.weighted, wide_mul(weighted, legs[leg].mark));
            sums.collateral = wide_add(sums.collateral, leg_value(leg));
        } else if (!HAS_STATE || legs[leg].kind == KIND_DEBT) {
            sums.debt = wide_add(sums.debt, leg_value(leg));
        }
    }
    return sums;
}

// Whether the venue has taken the account over: the word that it keeps is in the last leg.
fn is_absorbed() -> bool {
    return HAS_STATE && legs[n_legs - 1u].kind == KIND_STATE && legs[n_legs - 1u].quantity != 0;
}

// At the horizon an auction's penalty is owed to none: the debt is what of it is due.
fn drop_penalty() {
    if (n_legs < 5u || legs[n_legs - 3u].kind != KIND_STATE) { return; }
    if (legs[n_legs - 1u].quantity == 0) { return; }
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT) {
            legs[leg].quantity = min(legs[leg].quantity, legs[n_legs - 3u].quantity);
        }
    }
}

// Account value on the market.
fn equity(facts: AccountFacts) -> Wide {
    var sum = facts.constant;
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        sum = wide_add(sum, leg_signed_market_value(leg));
    }
    return sum;
}

// The perpetual of the largest notional on the market; the first even when worthless: a long whose
// market is gone loses the most.
fn largest_perp() -> u32 {
    var largest = NO_LEG;
    var most = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_PERP) {
            let value = wide_mul(u32(abs(legs[leg].quantity)), leg_market(leg));
            if (wide_below(most, value) || largest == NO_LEG) {
                most = value;
                largest = leg;
            }
        }
    }
    return largest;
}
