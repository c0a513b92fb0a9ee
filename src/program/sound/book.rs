//! What the walk of positions takes for granted: rows that tile their arrays, legs that their
//! venue's action knows, sums of quantity x mark below 2^63.

use super::market::most_growth;
use super::{Unsound, between, holds, index};
use crate::book::account::{KIND_COLLATERAL, KIND_DEBT, KIND_FUNDING, KIND_PERP, KIND_STATE};
use crate::book::action::{
    Action, MOST_CALLS, MOST_CREDIT, PICK_ABSORB, PICK_AUCTION, PICK_PRO_RATA, PICK_WHOLE,
    PRICE_AUCTION, PRICE_BONUS, PRICE_BY_HEALTH, PRICE_MARKET,
};
use crate::fixed::{ONE_Q30, ONE_Q31, weigh};
use crate::program::Program;
use crate::program::compile::{MOST_GROWTH, MOST_MONEY};
use crate::program::layout::{
    INSTRUMENT_PRICE, INSTRUMENT_SUM, InstrumentRow, LegRow, PositionRow, TierRow, from_words,
};
use crate::program::liquidity::FeedRow;
use crate::scenario::MOST_LEGS;

/// Thresholds are widened a little beyond 1; see `program::ties`.
const MOST_THRESHOLD: u32 = ONE_Q31 + 256;
/// An asset's price, that price grown by interest, and the sum of its marks.
const MOST_INSTRUMENTS: usize = 3;
/// A perpetual has a leg for its funding beside it.
const MOST_ROWS: usize = 2 * MOST_LEGS;
/// The finest unit of money, as a power of two of a dollar; the coarsest is a dollar.
const FINEST_MONEY: i32 = -260;
/// Bits of the largest mark.
const MOST_MARK_BITS: u32 = 32;

pub(super) fn check(program: &Program) -> Result<(), Unsound> {
    between("money_log2", program.money_log2, (FINEST_MONEY, 0))?;
    program.actions.iter().try_for_each(check_action)?;
    let n_assets = program.market.n_assets;
    let n_readings = n_assets + own_feeds(program).len();
    index("instruments", program.instruments.len(), MOST_INSTRUMENTS * n_readings + 1)?;
    program.instruments.iter().try_for_each(|it| check_instrument(program, it))?;
    for (venue, asset) in &program.pools {
        index("pools.venue", venue.0, program.actions.len())?;
        index("pools.asset", asset.0, n_assets)?;
    }
    holds(program.pools.is_sorted_by(|one, next| one < next), "pools", "each is there once")?;
    index("positions", program.positions.len(), u32::MAX as usize)?;
    index("legs", program.legs.len(), i32::MAX as usize + 1)?;
    index("tiers", program.tiers.len(), u32::MAX as usize)?;
    let (mut next_leg, mut next_tier) = (0, 0);
    for row in &program.positions {
        index("positions.action", row.action, program.actions.len())?;
        // One after the other, so that no two of them are made of the same legs.
        between("positions.leg_start", row.leg_start, (next_leg as i64, next_leg as i64))?;
        index("positions.n_legs", (row.n_legs as usize).wrapping_sub(1), MOST_ROWS)?;
        next_leg += row.n_legs as usize;
        index("positions.leg_start", next_leg, program.legs.len() + 1)?;
        for leg in program.legs_of(row) {
            next_tier = check_leg(program, row, leg, next_tier)?;
        }
        check_state(program, row)?;
    }
    between("legs", next_leg as i128, (program.legs.len() as i64, program.legs.len() as i64))?;
    check_sums(program)?;
    check_opening(program)
}

fn check_action(action: &Action) -> Result<(), Unsound> {
    between("actions.pick", action.pick, (PICK_PRO_RATA, PICK_AUCTION))?;
    // What is taken whole is perpetuals, and these are closed on the market.
    let is_whole = i64::from(action.pick == PICK_WHOLE);
    between("actions.holds_perps", action.holds_perps, (is_whole, is_whole))?;
    let prices = match action.pick {
        PICK_WHOLE => (PRICE_MARKET, PRICE_MARKET),
        // A share of what the account once was is no price of what is left of it.
        PICK_ABSORB => (PRICE_BONUS, PRICE_BONUS),
        PICK_AUCTION => (PRICE_AUCTION, PRICE_AUCTION),
        _ => (PRICE_BONUS, PRICE_BY_HEALTH),
    };
    between("actions.price", action.price, prices)?;
    let least = if action.price == PRICE_BY_HEALTH { ONE_Q30 } else { 0 };
    between("actions.least_discount", action.least_discount, (least, ONE_Q31))?;
    between("actions.written_off_from", from_words(action.written_off_from), (0, MOST_MONEY))?;
    between("actions.close_factor", action.close_factor, (0, ONE_Q31))?;
    between("actions.of_whole_debt", action.of_whole_debt, (0, 1))?;
    check_auction(action)?;
    let least = if action.target_health == 0 { 0 } else { ONE_Q30 };
    between("actions.target_health", action.target_health, (least, 2 * ONE_Q30))?;
    between("actions.writes_off", action.writes_off, (0, 1))?;
    between("actions.calls_per_step", action.calls_per_step, (1, MOST_CALLS))?;
    between("actions.close_cost", action.close_cost, (0, ONE_Q31))?;
    between("actions.small", from_words(action.small), (0, MOST_MONEY))?;
    between("actions.dust", from_words(action.dust), (0, MOST_MONEY))
}

fn check_auction(action: &Action) -> Result<(), Unsound> {
    for (name, share) in [
        ("actions.penalty", action.penalty),
        ("actions.bid", action.bid),
        ("actions.fall", action.fall),
        ("actions.least", action.least),
    ] {
        between(name, share, (0, ONE_Q31))?;
    }
    between("actions.is_linear", action.is_linear, (0, 1))?;
    let is_auction = i64::from(action.pick == PICK_AUCTION);
    between("actions.auction_steps", action.auction_steps, (is_auction, i32::MAX))
}

fn check_instrument(program: &Program, row: &InstrumentRow) -> Result<(), Unsound> {
    index("instruments.asset", row.asset, program.market.n_assets)?;
    between("instruments.kind", row.kind, (INSTRUMENT_PRICE, INSTRUMENT_SUM))?;
    let n_steps = program.market.n_steps;
    let growth = i128::from(from_words(row.accrual)) * n_steps as i128;
    let most = if row.kind == INSTRUMENT_PRICE { most_growth(MOST_GROWTH as i64) } else { 0 };
    between("instruments.accrual", growth, (-most, most))?;
    let own = own_feeds(program);
    index("instruments.feed", row.feed, own.len() + 1)?;
    let feed = own.get((row.feed as usize).wrapping_sub(1));
    let is_of_asset = feed.is_none_or(|feed| feed.asset == row.asset);
    holds(is_of_asset, "instruments.feed", "it is a feed of the asset")?;
    // A sum of so many marks fits the word.
    let of_sum = usize::BITS - n_steps.leading_zeros();
    let shift = if row.kind == INSTRUMENT_PRICE { 0 } else { of_sum };
    between("instruments.sum_shift", row.sum_shift, (shift, shift))
}

/// The feeds of single venues.
fn own_feeds(program: &Program) -> &[FeedRow] {
    let feeds = program.liquidity.as_ref().map_or(&[][..], |it| &it.feeds);
    feeds.get(program.market.n_assets..).unwrap_or(&[])
}

/// Checks a leg, whose tiers begin no sooner than that; where the next leg's may.
fn check_leg(
    program: &Program,
    position: &PositionRow,
    row: &LegRow,
    next_tier: usize,
) -> Result<usize, Unsound> {
    index("legs.instrument", row.instrument, program.instruments.len())?;
    let instrument = &program.instruments[row.instrument as usize];
    let action = &program.actions[position.action as usize];
    let is_lending = !action.holds_perps();
    let is_known = match row.kind {
        KIND_COLLATERAL => true,
        KIND_DEBT => is_lending,
        KIND_PERP | KIND_FUNDING => !is_lending,
        KIND_STATE => action.keeps_state(),
        _ => false,
    };
    holds(is_known, "legs.kind", "it is one that the venue's action knows")?;
    let kind = if row.kind == KIND_FUNDING { INSTRUMENT_SUM } else { INSTRUMENT_PRICE };
    between("legs.instrument kind", instrument.kind, (kind, kind))?;
    let is_amount = [KIND_COLLATERAL, KIND_DEBT].contains(&row.kind);
    let least = if is_amount { 0 } else { -i32::MAX };
    between("legs.quantity", row.quantity, (least, i32::MAX))?;
    let of_state = row.kind == KIND_STATE;
    let is_any = !of_state || action.pick == PICK_AUCTION || row.quantity.abs() <= 1;
    holds(is_any, "legs.quantity", "a state is 0 or 1")?;
    between("legs.threshold", row.threshold, (0, MOST_THRESHOLD))?;
    let most_credit = if action.keeps_state() { ONE_Q31 } else { 0 };
    between("legs.credit", row.credit, (0, most_credit))?;
    between("legs.protocol", row.protocol, (0, ONE_Q31))?;
    between("legs.incentive", row.incentive, (ONE_Q30, ONE_Q31))?;
    between("legs.discount", row.discount, (ONE_Q30, ONE_Q31))?;
    index("legs.pool", row.pool, program.pools.len().max(1))?;
    if [KIND_DEBT, KIND_PERP].contains(&row.kind) {
        let pool = program.pools.get(row.pool as usize);
        let is_own = pool.is_some_and(|(venue, asset)| {
            (venue.0, asset.0) == (position.action, instrument.asset)
        });
        holds(is_own, "legs.pool", "it is that of the venue and the asset")?;
    }
    let has_tiers = row.kind == KIND_PERP && row.quantity != 0;
    holds(row.n_tiers == 0 || row.kind == KIND_PERP, "legs.n_tiers", "perpetuals alone have any")?;
    holds(row.n_tiers > 0 || !has_tiers, "legs.n_tiers", "a perpetual has one at least")?;
    let (start, n_tiers) = (row.tier_start as usize, row.n_tiers as usize);
    index("legs.tier_start", start + n_tiers, program.tiers.len() + 1)?;
    if n_tiers == 0 {
        return Ok(next_tier);
    }
    between("legs.tier_start", start as i128, (next_tier as i64, i64::MAX))?;
    Ok(start + n_tiers)
}

/// Where the venue's rule keeps a word of an account it has a leg, which is the last one.
fn check_state(program: &Program, position: &PositionRow) -> Result<(), Unsound> {
    let legs = program.legs_of(position);
    let n_states = legs.iter().filter(|leg| leg.kind == KIND_STATE).count();
    let n_last = legs.iter().rev().take_while(|leg| leg.kind == KIND_STATE).count();
    let n_kept = program.actions[position.action as usize].n_state_words();
    let is_so = n_states == n_kept && n_last == n_kept && legs.len() >= n_kept;
    holds(is_so, "legs.kind", "the last legs, and no others, are the words kept of the account")
}

/// Sums of coefficient x mark and constants stay below 2^63 at any mark, and all money below 2^62.
fn check_sums(program: &Program) -> Result<(), Unsound> {
    let mut money = 0;
    for position in &program.positions {
        between("positions.money_shift", position.money_shift, (0, 63))?;
        let [constant, tie] = [position.constant, position.tie].map(from_words);
        let is_lending = !program.actions[position.action as usize].holds_perps();
        holds(constant == 0 || !is_lending, "positions.constant", "loans have none")?;
        let constants = i128::from(constant).abs() + i128::from(tie).abs();
        let legs = program.legs_of(position).iter();
        let state = program.legs_of(position).last().filter(|leg| leg.kind == KIND_STATE);
        let gross_of = |leg: &LegRow| {
            // The debt of an account grows so far when it is taken over.
            let grows = leg.kind == KIND_DEBT && state.is_some_and(|state| state.quantity == 0);
            gross_of(program, leg) * if grows { i128::from(MOST_CREDIT) } else { 1 }
        };
        // Words that are kept of an account are no amounts.
        let amounts = legs.filter(|leg| leg.kind != KIND_STATE);
        let gross = constants + amounts.map(gross_of).sum::<i128>();
        between("what a position comes to at the largest marks", gross, (0, i64::MAX))?;
        money += gross >> position.money_shift;
    }
    between("what all positions come to at the largest marks", money, (0, MOST_MONEY))
}

/// The most that a leg adds to any sum, a fine value.
fn gross_of(program: &Program, row: &LegRow) -> i128 {
    let quantity = i128::from(row.quantity);
    let weighted = weigh(row.quantity.unsigned_abs(), row.threshold);
    let mut units = quantity.abs();
    if row.kind == KIND_COLLATERAL {
        units = units.max(weighted.into());
    }
    let tiers = program.tiers_of(row).iter();
    let margin = |tier: &TierRow| (quantity - i128::from(tier.coefficient)).abs();
    units += tiers.clone().map(margin).max().unwrap_or(0);
    let deduction = tiers.map(|tier| i128::from(from_words(tier.deduction)).abs()).max();
    (units << MOST_MARK_BITS) + deduction.unwrap_or(0)
}

fn check_opening(program: &Program) -> Result<(), Unsound> {
    let (opening, n_positions) = (&program.opening, program.positions.len());
    between("opening.n", opening.n, (0, n_positions as i64))?;
    between("opening.n_bare", opening.n_bare, (0, opening.n as i64))?;
    between("opening.liquidated", opening.liquidated, (0, opening.n as i64))?;
    for (name, amount) in [
        ("opening.debt", opening.debt),
        ("opening.repaid", opening.repaid),
        ("opening.bad_debt", opening.bad_debt),
        ("opening.largest", opening.largest.map_or(0, |(_, amount)| amount)),
    ] {
        between(name, amount, (0, i64::MAX))?;
    }
    opening.largest.map_or(Ok(()), |(idx, _)| index("opening.largest", idx, n_positions))
}
