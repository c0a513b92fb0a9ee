// Twin: src/engine/reference/desk.rs. Liquidators, insurance funds and the market as the other side
// of every liquidation of a path. One invocation acts at a time, so nothing is atomic.

// Stages of the search for a size: what can be paid for, whether all of it earns something, which
// number of parts earns most, whether that does, and how much more still does.
const BY_CAPITAL: u32 = 0u;
const OF_ALL: u32 = 1u;
const OF_PARTS: u32 = 2u;
const OF_ONE_LESS: u32 = 3u;
const OF_BEST: u32 = 4u;
const BY_PROFIT: u32 = 5u;

// What liquidators and funds have left, money.
var<workgroup> capital: Wide;
var<workgroup> funds: array<Wide, N_FUNDS>;
var<workgroup> lowest: array<Wide, N_FUNDS>;
// What this event has sold so far, by asset, money at opening value.
var<workgroup> sold_here: array<Wide, N_ASSETS>;

// The position that is being liquidated.
var<private> desk: PositionRow;

fn means_begin(lane: u32) {
    for (var fund = lane; fund < N_FUNDS; fund += GROUP) {
        funds[fund] = fund_initial(fund);
        lowest[fund] = fund_initial(fund);
        if (HAS_STANDING) {
            let standing = load_standing_fund(T_STANDING_FUNDS + STANDING_FUND_WORDS * fund);
            funds[fund] = wide_of(standing.held);
            lowest[fund] = wide_of(standing.lowest);
        }
    }
}

// Where the row of a fund stands in the tables.
fn fund_at(fund: u32) -> u32 { return T_FUNDS + FUND_WORDS * fund; }

fn fund_initial(fund: u32) -> Wide { return table_wide(fund_at(fund) + FUND_INITIAL); }

fn desk_begin(row: PositionRow) {
    desk = row;
    if (IS_IN_TURN) { return; }
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        let asset = asset_of(leg);
        sold_here[asset] = wide(0u, 0u);
        if (has_pending) {
            sold_here[asset] = table_wide(standing_asset_at(asset) + STANDING_ASSET_FLOW);
        }
    }
}

fn money(fine: Wide) -> Wide { return wide_shr(fine, desk.money_shift); }

fn asset_of(leg: u32) -> u32 {
    let row = instrument_at(leg_rows[desk.leg_start + leg].instrument);
    return tables[row + INSTRUMENT_ASSET];
}

// Units as money of opening value.
fn flow_of(units: u32) -> Wide { return money(wide_shl(wide(units, 0u), 24u)); }

// What the market brings for a flow after all that is known to have been sold; its value on the
// market where that is infinitely deep.
fn brings_at_desk(asset: u32, flow: Wide, value: Wide) -> Wide {
    let row = asset_row(asset);
    if (row.curve == NONE) { return value; }
    if (IS_IN_TURN) { return brings(asset, row, flows[asset], flow); }
    return brings(asset, row, sold_here[asset], flow);
}

fn sell(asset: u32, flow: Wide) {
    flows[asset] = wide_add(flows[asset], flow);
    if (!IS_IN_TURN) { sold_here[asset] = wide_add(sold_here[asset], flow); }
}

// Units that a proposed liquidation gives its liquidator of a leg: all but the protocol's share.
fn leg_sold(leg: u32) -> u32 {
    let units = bitcast<u32>(legs[leg].quantity - legs[leg].next);
    if (!HAS_PROTOCOL) { return units; }
    let share = leg_rows[desk.leg_start + leg].protocol;
    return units - wide_lo(scale_q31(wide(units, 0u), share));
}

// The debt that a proposed liquidation repays and what its liquidator has to sell, on the market,
// and what it earns.
struct Bargain {
    repaid: Wide,
    sold: Wide,
    profit: Wide,
}

// What a call that repays a debt must bring at least: the debt, the margin on it, and gas.
fn cost_of(repaid: Wide) -> Wide {
    var cost = wide_add(repaid, wide(GAS_LO, GAS_HI));
    if (MARGIN > 0u) { cost = wide_add(cost, scale_q31(repaid, MARGIN)); }
    return cost;
}

// Of what `next` of every leg proposes.
fn bargain() -> Bargain {
    var owed = wide(0u, 0u);
    var sold = wide(0u, 0u);
    var proceeds = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT) {
            owed = wide_add(owed, leg_taken(leg));
        } else if (legs[leg].kind == KIND_COLLATERAL && legs[leg].next != legs[leg].quantity) {
            let units = leg_sold(leg);
            let value = wide_mul(units, leg_market(leg));
            sold = wide_add(sold, value);
            let brought = brings_at_desk(asset_of(leg), flow_of(units), money(value));
            proceeds = saturating_add_signed(proceeds, brought);
        }
    }
    let repaid = money(owed);
    let profit = wide_sub(proceeds, cost_of(repaid));
    return Bargain(repaid, money(sold), profit);
}

// Too small for its profit to be told from rounding, and gas is free.
fn is_dust(found: Bargain) -> bool {
    return !HAS_GAS && wide_below_signed(found.repaid, wide(DUST, 0u));
}

// Whether some part could earn anything, sold at the market's marks.
fn may_be_worth_it(found: Bargain) -> bool {
    return wide_below_signed(cost_of(found.repaid), found.sold);
}

// What capital permits; of that all, if it earns something, else the most that does. The stages of
// the twin's search share one place that proposes and counts, since drivers inline whatever is
// called.
fn counterparty_size(proposal: Proposal, wanted: u32) -> u32 {
    var stage = BY_CAPITAL;
    var least = 0u;
    var most = wanted;
    var size = wanted;
    var part = 1u;
    var n_parts = 0u;
    var bit = 0u;
    var more = wide(0u, 0u);
    loop {
        propose(proposal, size);
        let found = bargain();
        if (stage == BY_CAPITAL) {
            if (wide_below_signed(capital, found.repaid)) { most = size; } else { least = size; }
            if (most - least > 1u) {
                size = least + (most - least) / 2u;
                continue;
            }
            most = least;
            if (most == 0u || !IS_DECLINING) { return most; }
            stage = OF_ALL;
            if (size != most) {
                size = most;
                continue;
            }
        }
        let is_profitable = wide_below_signed(wide(0u, 0u), found.profit);
        if (stage == OF_ALL) {
            if (is_profitable || is_dust(found)) { return most; }
            if (!may_be_worth_it(found)) { return 0u; }
            part = max(most >> PARTS_LOG2, 1u);
            if (HAS_GAS) { bit = PARTS_LOG2; }
        } else if (stage == OF_PARTS) {
            more = found.profit;
            size -= part;
            stage = OF_ONE_LESS;
            continue;
        } else if (stage == OF_ONE_LESS) {
            if (wide_below_signed(found.profit, more)) { n_parts += 1u << bit; }
        } else if (stage == OF_BEST) {
            if (!is_profitable) { return 0u; }
            least = size;
            stage = BY_PROFIT;
        } else if (is_profitable) {
            least = size;
        } else {
            most = size;
        }
        if (stage == BY_PROFIT) {
            if (most - least <= 1u) { return least; }
            size = least + (most - least) / 2u;
            continue;
        }
        stage = OF_BEST;
        while (bit > 0u && stage == OF_BEST) {
            bit -= 1u;
            size = (n_parts + (1u << bit)) * part;
            if (size < most) { stage = OF_PARTS; }
        }
        if (stage == OF_BEST) {
            size = max(n_parts, 1u) * part;
            if (size >= most) { return 0u; }
        }
    }
    // Not reached; some drivers ask for it.
    return 0u;
}

fn counterparty_take() {
    var owed = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_DEBT) {
            owed = wide_add(owed, leg_taken(leg));
        } else if (legs[leg].kind == KIND_COLLATERAL && legs[leg].next != legs[leg].quantity) {
            sell(asset_of(leg), flow_of(leg_sold(leg)));
        }
    }
    capital = wide_sub(capital, money(owed));
}

// Longs are sold and shorts bought back, one market after another.
fn counterparty_close() -> Wide {
    var slippage = wide(0u, 0u);
    for (var leg = 0u; leg < n_legs; leg += 1u) {
        if (legs[leg].kind == KIND_PERP) {
            let asset = asset_of(leg);
            let sign = wide_of_i32(legs[leg].quantity);
            let flow = with_sign(flow_of(u32(abs(legs[leg].quantity))), sign);
            let value = with_sign(money(wide_abs(leg_signed_market_value(leg))), sign);
            let lost = saturating_sub_signed(value, brings_at_desk(asset, flow, value));
            if (!is_negative(lost)) { slippage = saturating_add_signed(slippage, lost); }
            sell(asset, flow);
        }
    }
    var most = money(wide(MOST_SLIPPAGE_LO, MOST_SLIPPAGE_HI));
    if (wide_below(slippage, most)) { most = slippage; }
    return wide_shl(most, desk.money_shift);
}

// The fund pays for a loss as far as it goes, and takes its fee of what is left.
fn counterparty_settle(left: Wide, notional: Wide) -> Wide {
    let venue = desk.action;
    if (!is_negative(left)) {
        var fee = scale_q31(notional, tables[fund_at(venue) + FUND_FEE]);
        if (wide_below(left, fee)) { fee = left; }
        funds[venue] = wide_add(funds[venue], money(fee));
        return wide(0u, 0u);
    }
    var paid = money(wide_abs(left));
    if (wide_below_signed(funds[venue], paid)) { paid = funds[venue]; }
    funds[venue] = wide_sub(funds[venue], paid);
    if (wide_below_signed(funds[venue], lowest[venue])) { lowest[venue] = funds[venue]; }
    return wide_add(left, wide_shl(paid, desk.money_shift));
}
