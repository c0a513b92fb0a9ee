//! Maker, now Sky, liquidation 2.0: the collateral of an unsafe vault goes into an auction whose
//! price falls from above the oracle's, until the debt and a penalty are paid.
//!
//! Source: `makerdao/dss` @ fa4f663, `src/{dog,clip,abaci}.sol` (`bark`, `kick`, `status`, `take`,
//! `redo`). A venue is an ilk: its liquidation threshold is 1 / mat. The oracle security module's
//! hour is a feed of the venue, `[venues.NAME.oracle] delay = "1h"`.
//!
//! Ignores: the limits of debt on auction (`hole`), so that a vault is barked whole; the rewards of
//! keepers who begin auctions (`tip`, `chip`); and the stability fee of a vault on auction, which
//! goes on here. What an auction lacks of the debt is bad debt at once, before the surplus buffer
//! and debt auctions; what it brings beyond is the protocol's and not counted.

use serde::Deserialize;

use crate::book::action::{Action, FALL_BITS, PICK_AUCTION, PRICE_AUCTION, price_ratio, to_words};
use crate::fixed::{ONE_Q30, ONE_Q31};

use super::{BrokenBound, Leg, LegKind, Liquidation, lending_refusal, outside, share_q31};

/// Seconds of a year of 365 days.
const YEAR_SECONDS: f64 = 365.0 * 86_400.0;

/// How an auction's price falls, `t` seconds after it began at `top`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// top x (1 - t / `tau_seconds`).
    Linear,
    /// top x `cut`^floor(t / `stair_seconds`).
    #[default]
    StairStep,
    /// top x `cut`^t.
    Exponential,
}

/// Parameters of a `maker` venue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maker {
    /// What is added to the debt (chop less 1); 0 to 1.
    pub liquidation_penalty: f64,
    /// The first price over the oracle's; 1 to 2.
    pub buf: f64,
    /// How the price falls.
    pub curve: Curve,
    /// What a stair, or a second, leaves of the price; above 0, to 1.
    pub cut: f64,
    /// Length of a stair; at least 1.
    pub stair_seconds: f64,
    /// Time in which a linear price falls to 0; at least 1.
    pub tau_seconds: f64,
    /// Time after which an auction is begun anew; at least 1.
    pub tail_seconds: f64,
    /// Share of the first price below which an auction is begun anew; 0 to 1.
    pub cusp: f64,
    /// The least debt that a purchase may leave beside collateral (chost), USD; not negative.
    pub chost_usd: f64,
    /// What buyers ask for: they pay 1 - this of the market's price; 0 to 0.9.
    pub keeper_margin: f64,
}

impl Default for Maker {
    fn default() -> Self {
        Self {
            liquidation_penalty: 0.13,
            buf: 1.2,
            curve: Curve::StairStep,
            cut: 0.99,
            stair_seconds: 90.0,
            tau_seconds: 21_600.0,
            tail_seconds: 8_400.0,
            cusp: 0.4,
            chost_usd: 0.0,
            keeper_margin: 0.01,
        }
    }
}

impl Liquidation for Maker {
    fn broken_bounds(&self) -> Vec<BrokenBound> {
        let seconds = "between 1 and 1e7";
        outside(&[
            ("liquidation_penalty", self.liquidation_penalty, 0.0, 1.0, "between 0 and 1"),
            ("buf", self.buf, 1.0, 2.0, "between 1 and 2"),
            ("cut", self.cut, 1e-6, 1.0, "above 0 and at most 1"),
            ("stair_seconds", self.stair_seconds, 1.0, 1e7, seconds),
            ("tau_seconds", self.tau_seconds, 1.0, 1e7, seconds),
            ("tail_seconds", self.tail_seconds, 1.0, 1e7, seconds),
            ("cusp", self.cusp, 0.0, 1.0, "between 0 and 1"),
            ("chost_usd", self.chost_usd, 0.0, 1e15, "between 0 and 1e15"),
            ("keeper_margin", self.keeper_margin, 0.0, 0.9, "between 0 and 0.9"),
        ])
    }

    fn default_bonus(&self, _: f64) -> f64 {
        0.0
    }

    fn takes_a_bonus(&self) -> bool {
        false
    }

    fn action(&self, money: &dyn Fn(f64) -> i64) -> Action {
        Action {
            price: PRICE_AUCTION,
            close_factor: ONE_Q31,
            writes_off: 1,
            penalty: share_q31(self.liquidation_penalty),
            buf: libm::round(self.buf * f64::from(ONE_Q30)) as u32,
            bid: share_q31(1.0 - self.keeper_margin),
            auction_steps: 1,
            dust: to_words(money(self.chost_usd)),
            ..Action::new(PICK_AUCTION)
        }
    }

    /// An auction ends with the first step that is beyond its tail or its cusp, at the price which
    /// it had there.
    fn timed(&self, action: Action, step_years: f64) -> Action {
        let step_seconds = step_years * YEAR_SECONDS;
        let (falls, fall, is_linear) = match self.curve {
            Curve::Linear => (1.0, (step_seconds / self.tau_seconds).min(1.0), 1),
            Curve::StairStep => (step_seconds / self.stair_seconds, self.cut, 0),
            Curve::Exponential => (step_seconds, self.cut, 0),
        };
        let falls_per_step = libm::round(libm::ldexp(falls, FALL_BITS as i32)).clamp(1.0, 4e9);
        let action = Action {
            fall: share_q31(fall),
            is_linear,
            falls_per_step: falls_per_step as u32,
            ..action
        };
        let at_tail = match self.curve {
            Curve::Linear => 1.0 - self.tail_seconds / self.tau_seconds,
            Curve::StairStep => {
                libm::pow(self.cut, libm::floor(self.tail_seconds / self.stair_seconds))
            }
            Curve::Exponential => libm::pow(self.cut, self.tail_seconds),
        };
        let least = share_q31(at_tail.max(self.cusp).clamp(0.0, 1.0));
        // Beyond the tail, or below the cusp: the price does not rise, so that one search finds it.
        let (mut within, mut beyond) = (0, (self.tail_seconds / step_seconds).min(1e9) as u32 + 1);
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2;
            let is_within = price_ratio(&action, middle) >= share_q31(self.cusp);
            (within, beyond) = if is_within { (middle, beyond) } else { (within, middle) };
        }
        Action { least, auction_steps: beyond, ..action }
    }

    fn refusal(&self, legs: &[Leg]) -> Option<&'static str> {
        let n_of = |kind| legs.iter().filter(|leg| leg.kind == kind).count();
        let several = "is not one collateral and one debt, as a vault is: give each collateral a \
                       position and a venue of its own";
        let is_vault = n_of(LegKind::Collateral) <= 1 && n_of(LegKind::Debt) <= 1;
        lending_refusal(legs).or((!is_vault).then_some(several))
    }
}
