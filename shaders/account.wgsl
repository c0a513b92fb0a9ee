// Twin: src/book/account.rs. A position on a path, in integers: what checks read, actions change.

struct LegState {
    kind: u32,
    quantity: i32,
    mark: u32,
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

// The legs of the position that this invocation walks.
var<private> legs: array<LegState, MAX_LEGS>;
var<private> n_legs: u32;

fn leg_value(leg: u32) -> Wide {
    return wide_mul(bitcast<u32>(legs[leg].quantity), legs[leg].mark);
}

fn leg_signed_value(leg: u32) -> Wide {
    return wide_mul_mixed(legs[leg].quantity, legs[leg].mark);
}

fn is_zero(a: Wide) -> bool { return wide_lo(a) == 0u && wide_hi(a) == 0u; }

fn values() -> Values {
    var sums = Values(wide(0u, 0u), wide(0u, 0u), wide(0u, 0u));
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_COLLATERAL) {
            let weighted = weigh(bitcast<u32>(legs[leg].quantity), legs[leg].threshold);
            sums.weighted = wide_add(sums.weighted, wide_mul(weighted, legs[leg].mark));
            sums.collateral = wide_add(sums.collateral, leg_value(leg));
        } else {
            sums.debt = wide_add(sums.debt, leg_value(leg));
        }
    }
    return sums;
}
