//! What the markets of a path hold of what was sold into them.

use crate::fixed::{OCTAVE, scale_q31};
use crate::lanes::Lanes;
use crate::market::depth::{Curve, OVERBOUGHT};
use crate::program::liquidity::{AssetRow, Liquidity, MOST_PART, NONE};

/// Markets that recover together.
const ABREAST: usize = 4;
/// The first envelope of impacts, in log2 of the price, Q8.24: 2^-10 of an octave.
pub(super) const FIRST_ENVELOPE: i32 = OCTAVE >> 10;

/// A market of finite depth into which something was sold on this path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding<'a> {
    pub(super) asset: u32,
    /// Displacement by its own sales.
    pub(super) own: i32,
    /// Size sold into it that stays.
    staying: i64,
    curve: &'a Curve,
    /// Least and most size that displaces nothing, and so need not be looked up.
    still: (i64, i64),
}

/// All of them; sizes are those of curves, negative where more was bought.
#[derive(Debug, Clone)]
pub(super) struct Holdings<'a> {
    liquidity: &'a Liquidity,
    lanes: Lanes,
    /// All other markets hold nothing.
    pub(super) list: Vec<Holding<'a>>,
    /// By asset, where it is among those, or [`NONE`].
    of: Vec<u32>,
    /// In the order of the list: sizes that recover, and the share of them that is left after a
    /// step, Q1.31.
    recovering: Vec<[i64; ABREAST]>,
    kept: Vec<[u32; ABREAST]>,
    /// Of every curve, as [`Curve::still`].
    still: Vec<(i64, i64)>,
    /// Least and most size held for which impacts are within the first envelope or between those
    /// ahead; by asset, and the same when a path begins.
    known: Vec<(i64, i64)>,
    first_known: Vec<(i64, i64)>,
    /// Impacts between which those of other sizes are: from, to; by asset.
    ahead: (Vec<i32>, Vec<i32>),
    /// Whether these are others since they were asked for.
    is_ahead_new: bool,
}

impl<'a> Holdings<'a> {
    pub(super) fn new(liquidity: &'a Liquidity, lanes: Lanes) -> Self {
        let n_assets = liquidity.assets.len();
        let known = |row: &AssetRow| {
            let curve = liquidity.curves.get(row.curve as usize);
            // A curve may fall back by a unit.
            (0, curve.map_or(0, |curve| curve.most_within(FIRST_ENVELOPE - 2).max(0)))
        };
        Self {
            liquidity,
            lanes,
            list: Vec::new(),
            of: vec![NONE; n_assets],
            recovering: Vec::new(),
            kept: Vec::new(),
            still: liquidity.curves.iter().map(Curve::still).collect(),
            known: Vec::new(),
            first_known: liquidity.assets.iter().map(known).collect(),
            ahead: (vec![0; n_assets], vec![0; n_assets]),
            is_ahead_new: false,
        }
    }

    /// A new path.
    pub(super) fn clear(&mut self) {
        for holding in self.list.drain(..) {
            self.of[holding.asset as usize] = NONE;
        }
        self.recovering.clear();
        self.kept.clear();
        self.known.clone_from(&self.first_known);
        self.ahead.0.fill(0);
        self.ahead.1.fill(0);
        self.is_ahead_new = false;
    }

    /// A few steps go by.
    pub(super) fn recover(&mut self, n_steps: usize) {
        let Self { lanes, recovering, kept, .. } = self;
        lanes.run(
            #[inline(always)]
            || {
                for (sizes, kept) in recovering.iter_mut().zip(&*kept) {
                    recover(sizes, *kept, n_steps);
                }
            },
        );
    }

    /// Prices are displaced by what is held.
    pub(super) fn displace(&mut self) {
        for (holding, recovering) in self.list.iter_mut().zip(self.recovering.as_flattened()) {
            let (size, (least, most)) = (holding.staying + recovering, holding.still);
            let is_still = (least <= size) & (size <= most);
            holding.own = if is_still { 0 } else { holding.curve.displacement(size) };
        }
    }

    /// What is held of an asset, and by how much that displaced it.
    pub(super) fn of(&self, asset: usize) -> (i64, i32) {
        let idx = self.of[asset] as usize;
        let Some(holding) = self.list.get(idx) else { return (0, 0) };
        (holding.staying + self.recovering.as_flattened()[idx], holding.own)
    }

    /// The market of an asset holds these sizes since the opening.
    pub(super) fn restore(&mut self, asset: usize, recovering: i64, staying: i64) {
        self.open(asset, &self.liquidity.assets[asset]);
        let idx = self.of[asset] as usize;
        self.list[idx].staying = staying;
        self.recovering.as_flattened_mut()[idx] = recovering;
        let all = staying + recovering;
        self.know(asset, staying.min(all).min(0), staying.max(all).max(0));
    }

    /// The market of an asset takes a size.
    pub(super) fn take(&mut self, asset: usize, size: i64) {
        let row = &self.liquidity.assets[asset];
        if self.of[asset] == NONE {
            self.open(asset, row);
        }
        let idx = self.of[asset] as usize;
        let stays = scale_q31(size.unsigned_abs(), row.permanent) as i64 * size.signum();
        let holding = &mut self.list[idx];
        holding.staying = (holding.staying + stays).clamp(-MOST_PART, MOST_PART);
        let recovering = &mut self.recovering.as_flattened_mut()[idx];
        *recovering = (*recovering + (size - stays)).clamp(-MOST_PART, MOST_PART);
        // From what it holds to what it will when all that can has recovered.
        let (staying, all) = (holding.staying, holding.staying + *recovering);
        let (from, to) = (staying.min(all), staying.max(all));
        let (least, most) = self.known[asset];
        if from < least || to > most {
            self.know(asset, from.min(least), to.max(most));
        }
    }

    /// Whether more was bought of an asset than its curve has prices for.
    pub(super) fn is_overbought(&self, asset: usize) -> bool {
        let idx = self.of[asset] as usize;
        let Some(holding) = self.list.get(idx) else { return false };
        let size = holding.staying + self.recovering.as_flattened()[idx];
        size < 0 && holding.curve.displacement(size) >= OVERBOUGHT
    }

    /// The market of an asset takes something for the first time.
    fn open(&mut self, asset: usize, row: &AssetRow) {
        let idx = self.list.len();
        if idx.is_multiple_of(ABREAST) {
            self.recovering.push([0; ABREAST]);
            self.kept.push([0; ABREAST]);
        }
        self.of[asset] = idx as u32;
        self.kept.as_flattened_mut()[idx] = row.kept;
        self.list.push(Holding {
            asset: asset as u32,
            own: 0,
            staying: 0,
            curve: &self.liquidity.curves[row.curve as usize],
            still: self.still[row.curve as usize],
        });
    }

    /// Finds the impacts of sizes from one to another.
    #[cold]
    fn know(&mut self, asset: usize, from: i64, to: i64) {
        self.known[asset] = (from, to);
        let curve = self.list[self.of[asset] as usize].curve;
        let log = |size: i64| if size == 0 { 0 } else { curve.displacement(size) };
        // A curve may fall back by a unit.
        let [least, most] = [log(to), log(from)].map(|log| log + 2 * log.signum());
        let (from, to) = &mut self.ahead;
        (from[asset], to[asset]) = (least.min(from[asset]), most.max(to[asset]));
        self.is_ahead_new = true;
    }

    /// Between which impacts those of later steps will be that the first envelope does not hold, by
    /// asset, if these are others since they were last asked for.
    pub(super) fn ahead(&mut self) -> Option<(&[i32], &[i32])> {
        let (from, to) = &self.ahead;
        std::mem::take(&mut self.is_ahead_new).then_some((from, to))
    }
}

/// What recovers of some sizes when a few steps go by, so much of each being left after one.
#[inline(always)]
fn recover(sizes: &mut [i64; ABREAST], kept: [u32; ABREAST], n_steps: usize) {
    for _ in 0..n_steps {
        for (size, kept) in sizes.iter_mut().zip(kept) {
            let left = scale_q31(size.unsigned_abs(), kept) as i64;
            *size = if *size < 0 { -left } else { left };
        }
    }
}
