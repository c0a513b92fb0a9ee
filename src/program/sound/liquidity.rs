//! What coupled paths take for granted: curves that rise, shares up to 1, bands and feeds of every
//! asset, means that last.

use super::{Unsound, between, holds, index, length, length_or_none};
use crate::fixed::ONE_Q31;
use crate::market::depth::{CURVE_ROWS, Curve, MOST_ROUNDS, first_broken};
use crate::program::Program;
use crate::program::compile::MOST_MONEY;
use crate::program::liquidity::{
    AssetRow, BandRow, CROSS_BITS, FeedRow, LiquidationTerms, Liquidity, MOST_PART, NONE,
};
use crate::program::standing::Standing;
use crate::scenario::MOST_BANDS;

/// Powers of two between which a factor of sizes and money lies, as floats have them.
const MOST_SCALE: i32 = 1100;
/// Moves that call for a report, and falls from the highest, Q8.24, are below 2^5 octaves.
const MOST_MOVE: u32 = 1 << 29;
/// Steps of a heartbeat or delay, and liquidations of a step, are counted up to this.
const MOST_COUNT: u32 = 1_000_000_000;

pub(super) fn check(program: &Program, liquidity: &Liquidity) -> Result<(), Unsound> {
    let (n_assets, n_steps) = (program.market.n_assets, program.market.n_steps);
    length("liquidity.assets", liquidity.assets.len(), n_assets)?;
    length("liquidity.funds", liquidity.funds.len(), program.actions.len())?;
    length_or_none("liquidity.cross", liquidity.cross.len(), n_assets * n_assets)?;
    let n_own = liquidity.feeds.len().saturating_sub(n_assets);
    length_or_none("liquidity.feeds", liquidity.feeds.len(), n_assets + n_own)?;
    index("liquidity.feeds", n_own, n_assets * program.actions.len() + 1)?;
    length_or_none("liquidity.stale", liquidity.stale.len(), liquidity.feeds.len() * n_steps)?;
    for entry in &liquidity.cross {
        between("liquidity.cross", *entry, (-(1 << CROSS_BITS), 1 << CROSS_BITS))?;
    }
    for flag in &liquidity.stale {
        between("liquidity.stale", *flag, (0, 1))?;
    }
    for (idx, feed) in liquidity.feeds.iter().enumerate() {
        index("feeds.asset", feed.asset, n_assets)?;
        let is_own = idx >= n_assets || feed.asset as usize == idx;
        holds(is_own, "feeds.asset", "the first feeds are one an asset, in their order")?;
        check_feed(feed)?;
    }
    index("liquidity.curves", liquidity.curves.len(), n_assets + 1)?;
    liquidity.curves.iter().try_for_each(check_curve)?;
    let mut next_band = 0;
    for row in &liquidity.assets {
        next_band = check_asset(liquidity, row, next_band)?;
    }
    length("liquidity.bands", liquidity.bands.len(), next_band)?;
    check_terms(&liquidity.terms)?;
    for fund in &liquidity.funds {
        between("funds.initial", fund.initial(), (0, MOST_MONEY))?;
        between("funds.fee", fund.fee, (0, ONE_Q31))?;
    }
    liquidity.standing.as_ref().map_or(Ok(()), |it| check_standing(program, liquidity, it))
}

fn check_curve(curve: &Curve) -> Result<(), Unsound> {
    for (name, rows) in [("liquidity.sold", &curve.sold), ("liquidity.bought", &curve.bought)] {
        length(name, rows.len(), CURVE_ROWS)?;
        let rule = "its rows rise, and each begins where the one before it ends";
        holds(first_broken(rows).is_none(), name, rule)?;
    }
    Ok(())
}

/// Checks an asset's row, whose bands begin there; where the next one's do.
fn check_asset(liquidity: &Liquidity, row: &AssetRow, next_band: usize) -> Result<usize, Unsound> {
    between("liquidity.permanent", row.permanent, (0, ONE_Q31))?;
    between("liquidity.kept", row.kept, (0, ONE_Q31))?;
    if row.curve == NONE {
        between("liquidity.n_bands", row.n_bands, (0, 0))?;
        return Ok(next_band);
    }
    index("liquidity.curve", row.curve, liquidity.curves.len())?;
    between("liquidity.n_bands", row.n_bands, (1, MOST_BANDS as i64 + 1))?;
    let (start, n_bands) = (row.band_start as usize, row.n_bands as usize);
    length("liquidity.band_start", start, next_band)?;
    index("liquidity.band_start", start + n_bands, liquidity.bands.len() + 1)?;
    let bands = &liquidity.bands[start..start + n_bands];
    bands.iter().try_for_each(check_band)?;
    between("bands.fall", bands[0].fall, (0, 0))?;
    holds(bands.is_sorted_by_key(|band| band.fall), "bands.fall", "they rise")?;
    Ok(start + n_bands)
}

fn check_band(band: &BandRow) -> Result<(), Unsound> {
    between("bands.fall", band.fall, (0, MOST_MOVE))?;
    // Factors have a leading bit.
    between("bands.size_mantissa", band.size_mantissa, (ONE_Q31, u32::MAX))?;
    between("bands.money_mantissa", band.money_mantissa, (ONE_Q31, u32::MAX))?;
    between("bands.size_shift", band.size_shift, (-MOST_SCALE, MOST_SCALE))?;
    between("bands.money_shift", band.money_shift, (-MOST_SCALE, MOST_SCALE))
}

fn check_feed(feed: &FeedRow) -> Result<(), Unsound> {
    for (name, move_or_none) in [("feeds.rise", feed.rise), ("feeds.fall", feed.fall)] {
        let is_move = move_or_none == NONE || move_or_none <= MOST_MOVE;
        holds(is_move, name, "it is below 32 octaves, or none")?;
    }
    let is_beat = feed.heartbeat == NONE || (1..=MOST_COUNT).contains(&feed.heartbeat);
    holds(is_beat, "feeds.heartbeat", "it is between 1 and 1e9 steps, or none")?;
    between("feeds.delay", feed.delay, (0, MOST_COUNT))
}

fn check_terms(terms: &LiquidationTerms) -> Result<(), Unsound> {
    between("terms.gas", terms.gas(), (0, MOST_MONEY))?;
    between("terms.margin", terms.margin, (0, ONE_Q31))?;
    if terms.has_limited_capital() {
        between("terms.capital", terms.capital(), (0, MOST_MONEY))?;
    }
    if terms.per_step != NONE {
        between("terms.per_step", terms.per_step, (1, MOST_COUNT))?;
    }
    between("terms.largest_first", terms.largest_first, (0, 1))?;
    between("terms.in_turn", terms.in_turn, (0, 1))?;
    between("terms.decline", terms.decline, (0, 1))?;
    between("terms.rounds", terms.rounds, (0, MOST_ROUNDS))
}

fn check_standing(
    program: &Program,
    liquidity: &Liquidity,
    standing: &Standing,
) -> Result<(), Unsound> {
    let (n_assets, n_venues) = (program.market.n_assets, program.actions.len());
    for (name, sizes) in [
        ("standing.flows", &standing.flows),
        ("standing.recovering", &standing.recovering),
        ("standing.staying", &standing.staying),
    ] {
        length(name, sizes.len(), n_assets)?;
        for size in sizes {
            between(name, *size, (-MOST_PART, MOST_PART))?;
        }
    }
    length("standing.funds", standing.funds.len(), n_venues)?;
    length("standing.lowest", standing.lowest.len(), n_venues)?;
    let funds = liquidity.funds.iter().zip(&standing.funds).zip(&standing.lowest);
    for ((fund, now), lowest) in funds {
        // Fees of all positions come on top, so that a sum of both fits.
        between("standing.funds", *now, (0, MOST_MONEY + (MOST_MONEY >> 8)))?;
        between("standing.lowest", *lowest, (0, fund.initial().min(*now)))?;
    }
    let terms = &liquidity.terms;
    let capital = if terms.has_limited_capital() { terms.capital() } else { 0 };
    between("standing.capital", standing.capital, (0, capital))?;
    let per_step = if terms.per_step == NONE { 0 } else { terms.per_step };
    between("standing.n_events", standing.n_events, (0, per_step))
}
