//! What one liquidation does to a breached account: which legs it takes, how much of them, at which
//! price, and who bears what is left.
//!
//! Written plainly over the row of the venue's rule, without the fast forms of `book::action`,
//! which are proven against it.

use super::account::{Account, Sums, on_market};
use super::auction;
use super::desk::Desk;
use crate::book::account::{
    Event, KIND_COLLATERAL, KIND_DEBT, KIND_PERP, KIND_STATE, LegState, state_of,
};
use crate::book::action::{
    Action, MOST_CREDIT, PICK_ABSORB, PICK_AUCTION, PICK_LARGEST_PAIR, PICK_PRO_RATA,
    PRICE_BY_HEALTH,
};
use crate::fixed::{ONE_Q30, ONE_Q31, mul_hi, ratio_q32};
use crate::program::layout::from_words;

/// The legs that a call takes.
#[derive(Debug, Clone, Copy)]
enum Picked {
    /// Every collateral and every debt, each by the same share.
    ProRata,
    /// One collateral against one debt.
    Pair { from: usize, to: usize },
    /// Everything.
    Whole,
}

/// One call as a rule allows it.
struct Offer<'o> {
    action: &'o Action,
    money_shift: u32,
    sums: Sums,
    picked: Picked,
    /// The legs before it, at its prices.
    legs: Vec<LegState>,
}

/// Runs the rule of a breached account's venue: call after call until the account is healthy,
/// nothing may be taken, or no liquidator takes it.
pub(super) fn event(account: &mut Account<'_>, desk: &mut Desk<'_, '_>, step: usize) -> Event {
    let action = account.action();
    if action.pick == PICK_AUCTION {
        return auction::event(account, desk, step);
    }
    let mut event = Event::default();
    let owed = Sums::of(&account.legs).debt as u64;
    account.legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
    let takes_over = action.pick == PICK_ABSORB && state_of(&account.legs) == 0;
    if takes_over {
        absorb(account);
        event.n_calls = 1;
    }
    while !takes_over && event.n_calls < most_calls(action) && account.is_breached() {
        let sums = Sums::of(&account.legs);
        let Some(picked) = pick(action, &account.legs, &sums) else { break };
        if matches!(picked, Picked::Whole) {
            close(account, &mut event, desk);
            break;
        }
        let (money_shift, mut legs) = (account.position.money_shift, account.legs.clone());
        price(action, &mut legs, &sums);
        let offer = Offer { action, money_shift, sums, picked, legs };
        if !fill(&offer, account, &mut event, desk) {
            break;
        }
    }
    write_off(account, &mut event, owed);
    // What was proposed and not taken is forgotten.
    account.legs.iter_mut().for_each(|leg| leg.next = leg.quantity);
    event
}

/// Calls of an event, at most.
fn most_calls(action: &Action) -> u32 {
    match action.pick {
        PICK_LARGEST_PAIR | PICK_ABSORB => action.calls_per_step,
        _ => 1,
    }
}

/// The venue takes an account over: it owes what the venue has paid for it, and its collateral
/// counts for nothing until it is sold.
fn absorb(account: &mut Account<'_>) {
    let held = account.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
    let credit: u64 = held.map(|leg| share_of(leg.value(), leg.credit, 31)).sum();
    if let Some(debt) = account.legs.iter_mut().find(|leg| leg.kind == KIND_DEBT) {
        let most = debt.quantity as u64 * u64::from(MOST_CREDIT);
        let credited = if debt.mark == 0 { most } else { most.min(credit / u64::from(debt.mark)) };
        debt.quantity = credited.clamp(debt.quantity as u64, i32::MAX as u64) as i32;
    }
    for leg in &mut account.legs {
        match leg.kind {
            KIND_COLLATERAL => leg.threshold = 0,
            KIND_STATE => leg.quantity = 1,
            _ => {}
        }
    }
}

/// Which legs a call takes; none if there are none of any value.
fn pick(action: &Action, legs: &[LegState], sums: &Sums) -> Option<Picked> {
    match action.pick {
        PICK_PRO_RATA => (sums.collateral > 0 && sums.debt > 0).then_some(Picked::ProRata),
        PICK_LARGEST_PAIR | PICK_ABSORB => {
            let from = most_valuable(legs, KIND_COLLATERAL)?;
            let to = most_valuable(legs, KIND_DEBT)?;
            Some(Picked::Pair { from, to })
        }
        _ => {
            let is_open = legs.iter().any(|leg| leg.kind == KIND_PERP && leg.quantity != 0);
            is_open.then_some(Picked::Whole)
        }
    }
}

/// The leg of a kind of the largest value, the first of equals; none if all are worthless.
fn most_valuable(legs: &[LegState], kind: u32) -> Option<usize> {
    let of_kind = (0..legs.len()).filter(|idx| legs[*idx].kind == kind && legs[*idx].value() > 0);
    of_kind.rev().max_by_key(|idx| legs[*idx].value())
}

/// At which price a call takes collateral: that of its terms, or by the account's health A / L, at
/// max(A / L, least) of its value.
fn price(action: &Action, legs: &mut [LegState], sums: &Sums) {
    if action.price != PRICE_BY_HEALTH {
        return;
    }
    let health = ratio_q32(sums.weighted.min(sums.debt) as u64, sums.debt as u64) >> 1;
    let health = if sums.weighted >= sums.debt { ONE_Q31 } else { health };
    let discount = health.max(action.least_discount);
    for leg in legs.iter_mut().filter(|leg| leg.kind == KIND_COLLATERAL) {
        (leg.discount, leg.incentive) = (discount, ((1_u64 << 61) / u64::from(discount)) as u32);
    }
}

/// floor(a b / 2^bits).
pub(super) fn share_of(a: u64, b: u32, bits: u32) -> u64 {
    ((u128::from(a) * u128::from(b)) >> bits) as u64
}

impl Offer<'_> {
    /// The largest size that the rule allows: a share of every debt in Q1.31, or units of one.
    fn size(&self) -> u32 {
        let Sums { weighted, debt, .. } = self.sums;
        let action = self.action;
        let full_below = i128::from(share_of(debt as u64, action.full_close_below, 32));
        let Picked::Pair { from, to } = self.picked else {
            return if weighted < full_below { ONE_Q31 } else { action.close_factor };
        };
        let (from, to) = (&self.legs[from], &self.legs[to]);
        let small = from_words(action.small) as u64;
        let is_small = |leg: &LegState| leg.value() >> self.money_shift < small;
        let is_deep = action.full_close_below != 0 && weighted <= full_below;
        if is_small(from) || is_small(to) || is_deep {
            return to.quantity as u32;
        }
        let units = if action.target_health > 0 {
            self.restoring(from) / u128::from(to.mark) + 1
        } else {
            let base = if action.of_whole_debt == 1 { debt as u64 } else { to.value() };
            u128::from(share_of(base, action.close_factor, 31) / u64::from(to.mark))
        };
        // At least one, so that no debt is too small to be repaid.
        units.clamp(1, to.quantity as u128) as u32
    }

    /// What is to be repaid out of a collateral so that health is at the target T again, of debt D
    /// and collateral that counts W: (T D - W) / (T - threshold x incentive), a fine value. All
    /// that there is where every call makes health worse.
    fn restoring(&self, from: &LegState) -> u128 {
        let Sums { weighted, debt, .. } = self.sums;
        let target = self.action.target_health;
        let above = share_of(debt as u64, (target - ONE_Q30) << 1, 31);
        let lacking = (debt - weighted).max(0) as u128 + u128::from(above);
        let lost = (u64::from(from.threshold) * u64::from(from.incentive)) >> 31;
        let gained = u64::from(target).saturating_sub(lost);
        if gained == 0 { u128::MAX - 1 } else { (lacking << 30) / u128::from(gained) }
    }

    /// Sets `next` of every leg to what a call of a size leaves of it.
    fn propose(&self, size: u32, legs: &mut [LegState]) {
        match self.picked {
            Picked::ProRata => self.shrink(size, legs),
            Picked::Pair { from, to } => {
                let (repaid, seized) = self.exchange(size, &self.legs[from], &self.legs[to]);
                legs[from].next = legs[from].quantity - seized as i32;
                legs[to].next = legs[to].quantity - repaid as i32;
            }
            Picked::Whole => {}
        }
    }

    /// A share k of the debt D is repaid. All collateral together repays sum C / (1 + bonus), the
    /// coverage: if that is no more, all of it goes.
    fn shrink(&self, share: u32, legs: &mut [LegState]) {
        let held = self.legs.iter().filter(|leg| leg.kind == KIND_COLLATERAL);
        let coverage: u64 = held.map(|leg| share_of(leg.value(), leg.discount, 31)).sum();
        let debt = self.sums.debt as u64;
        let repaid = share_of(debt, share, 31);
        let (kept, owed) = if repaid >= coverage {
            (0, u64::from(ratio_q32(debt.saturating_sub(coverage), debt)))
        } else {
            (ratio_q32(coverage - repaid, coverage), u64::from(ONE_Q31 - share) << 1)
        };
        for leg in legs {
            let before = leg.quantity as u32;
            let left = match leg.kind {
                // Nothing is seized from what is worthless.
                KIND_COLLATERAL if leg.mark == 0 => before,
                KIND_COLLATERAL => mul_hi(before, kept),
                _ => ((u64::from(before) * owed) >> 32) as u32,
            };
            leg.next = left as i32;
        }
    }

    /// Units repaid and seized by a call that repays up to `most` units and leaves no dust.
    fn exchange(&self, most: u32, from: &LegState, to: &LegState) -> (u32, u32) {
        let (repaid, seized) = at_bonus(most, from, to);
        let dust = from_words(self.action.dust) as u64;
        let is_cleared = repaid == to.quantity as u32 || seized == from.quantity as u32;
        let is_dust = |leg: &LegState, less: u32| {
            let left = leg.value() - u64::from(less) * u64::from(leg.mark);
            left >> self.money_shift < dust
        };
        if is_cleared || !(is_dust(to, repaid) || is_dust(from, seized)) {
            return (repaid, seized);
        }
        // Neither leg is cleared and dust would be left of one: less is taken of both.
        let dust = u128::from(dust) << self.money_shift;
        let above = |leg: &LegState| u128::from(leg.value()).saturating_sub(dust) as u64;
        let value = above(to).min(share_of(above(from), from.discount, 31));
        at_bonus((value / u64::from(to.mark)).min(u64::from(most)) as u32, from, to)
    }
}

/// Units repaid and seized where `most` units of a debt buy collateral at the venue's bonus, as far
/// as the collateral goes.
fn at_bonus(most: u32, from: &LegState, to: &LegState) -> (u32, u32) {
    let value = u128::from(most) * u128::from(to.mark);
    let seized = (value * u128::from(from.incentive) / u128::from(from.mark)) >> 30;
    let held = from.quantity as u32;
    // But for one unit, which is what rounding leaves of a leg that is meant to go.
    if seized + 1 < u128::from(held) {
        return (most, seized as u32);
    }
    let covered = share_of(from.value(), from.discount, 31) / u64::from(to.mark);
    (covered.min(u64::from(most)) as u32, held)
}

/// Carries a call out at the size that a liquidator takes; whether one takes it.
fn fill(
    offer: &Offer<'_>,
    account: &mut Account<'_>,
    event: &mut Event,
    desk: &mut Desk<'_, '_>,
) -> bool {
    let legs = &mut account.legs;
    let size = desk.size(legs, offer.size(), &|size, legs| offer.propose(size, legs));
    if size == 0 {
        return false;
    }
    offer.propose(size, legs);
    // A debt of which not even a unit is repaid has a call only if that clears the collateral.
    if let Picked::Pair { from, to } = offer.picked
        && legs[to].next == legs[to].quantity
        && legs[from].next != 0
    {
        return false;
    }
    desk.take(legs);
    for leg in legs {
        let taken = leg.taken();
        let part = if leg.kind == KIND_COLLATERAL { &mut event.seized } else { &mut event.repaid };
        *part += taken;
        leg.quantity = leg.next;
    }
    event.n_calls += 1;
    true
}

/// All perpetuals of an account are closed on the market, the margin pays; what it lacks is bad
/// debt at once.
fn close(account: &mut Account<'_>, event: &mut Event, desk: &mut Desk<'_, '_>) {
    let perps = account.legs.iter().filter(|leg| leg.kind == KIND_PERP);
    let notional = perps.map(|leg| on_market(leg).unsigned_abs()).sum::<u128>() as u64;
    let cost = share_of(notional, account.action().close_cost, 31);
    let slippage = desk.close(&account.legs);
    let left = account.equity() - i128::from(cost) - i128::from(slippage);
    let unpaid = desk.settle(left, notional);
    let bearer = account.largest_perp();
    for leg in &mut account.legs {
        if leg.kind == KIND_COLLATERAL {
            event.seized += leg.market_value();
        }
        leg.quantity = 0;
    }
    if let Some(bearer) = bearer {
        account.legs[bearer].lost = unpaid;
        event.written_off = unpaid;
    }
    (event.repaid, event.n_calls) = (notional, 1);
}

/// Where the venue does so, a debt that no collateral of any value is behind is burned, if the
/// account owed enough as the event began.
fn write_off(account: &mut Account<'_>, event: &mut Event, owed: u64) {
    let action = account.action();
    let burns = [PICK_LARGEST_PAIR, PICK_ABSORB].contains(&action.pick)
        && action.writes_off == 1
        && account.money(owed) >= from_words(action.written_off_from);
    if !burns || Sums::of(&account.legs).collateral != 0 {
        return;
    }
    for leg in account.legs.iter_mut().filter(|leg| leg.kind == KIND_DEBT) {
        leg.lost = leg.market_value();
        event.written_off += leg.lost;
        leg.quantity = 0;
    }
}
