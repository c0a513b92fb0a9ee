//! Laws of loss on a lognormal price, with or without jumps, and what is true of them.
//!
//! The log of the price is a mixture of normals (Merton, "Option pricing when underlying stock
//! returns are discontinuous", 1976: one for each number of jumps; without jumps Black, Scholes and
//! Merton's). With F the price's distribution function and G(s) = E[S; S < s], both sums over the
//! mixture: a put loses max(0, K - S), E[K - S; S < s] = K F(s) - G(s); a call loses max(0, S - K).

use std::f64::consts::{SQRT_2, TAU};

/// Vigna's SplitMix64, as uniform numbers in (0, 1).
pub(crate) struct Uniforms(u64);

impl Uniforms {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// By Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (TAU * self.next()).cos()
    }
}

fn normal_below(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// One normal of a mixture.
struct Part {
    weight: f64,
    mean: f64,
    deviation: f64,
}

enum Side {
    Put,
    Call,
}

/// A law of loss.
pub(crate) struct Law {
    pub(crate) name: String,
    parts: Vec<Part>,
    side: Side,
    strike: f64,
}

/// sigma sqrt(T) of the diffusion under puts.
const PUT_DEVIATION: f64 = 0.45;
/// Of the price over which a call loses.
const CALL_DEVIATION: f64 = 0.9;
/// Jumps a horizon, and the mean and the deviation of the log of one.
const JUMPS: [f64; 3] = [0.5, -0.3, 0.2];

impl Law {
    /// A put that loses on that share of paths.
    pub(crate) fn put(share: f64) -> Self {
        let parts = vec![Part { weight: 1.0, mean: 0.0, deviation: PUT_DEVIATION }];
        Self::striking(format!("put, {} %", 100.0 * share), parts, Side::Put, share)
    }

    /// The same in a market that jumps, mostly down.
    pub(crate) fn merton_put(share: f64) -> Self {
        let [rate, mean, deviation] = JUMPS;
        let mut weight = (-rate).exp();
        let parts = (0..12).map(|n_jumps| {
            let n = f64::from(n_jumps);
            let variance = PUT_DEVIATION * PUT_DEVIATION + n * deviation * deviation;
            let part = Part { weight, mean: n * mean, deviation: variance.sqrt() };
            weight *= rate / (n + 1.0);
            part
        });
        let name = format!("put with jumps, {} %", 100.0 * share);
        Self::striking(name, parts.collect(), Side::Put, share)
    }

    /// A call that loses on that share of paths.
    pub(crate) fn call(share: f64) -> Self {
        let parts = vec![Part { weight: 1.0, mean: 0.0, deviation: CALL_DEVIATION }];
        Self::striking(format!("call, {} %", 100.0 * share), parts, Side::Call, share)
    }

    /// The whole price is lost.
    pub(crate) fn price(deviation: f64) -> Self {
        let parts = vec![Part { weight: 1.0, mean: 0.0, deviation }];
        Self { name: format!("price, sigma {deviation}"), parts, side: Side::Call, strike: 0.0 }
    }

    fn striking(name: String, parts: Vec<Part>, side: Side, share: f64) -> Self {
        let mut law = Self { name, parts, side, strike: 1.0 };
        law.strike = law.price_beyond(share);
        law
    }

    pub(crate) fn draw(&self, uniforms: &mut Uniforms) -> f64 {
        let mut left = if self.parts.len() > 1 { uniforms.next() } else { 0.0 };
        let last = self.parts.len() - 1;
        let part = self.parts[..last].iter().find(|part| {
            left -= part.weight;
            left < 0.0
        });
        let Part { mean, deviation, .. } = part.unwrap_or(&self.parts[last]);
        self.loss((mean + deviation * uniforms.normal()).exp())
    }

    fn loss(&self, price: f64) -> f64 {
        match self.side {
            Side::Put => (self.strike - price).max(0.0),
            Side::Call => (price - self.strike).max(0.0),
        }
    }

    /// How much the price counts beyond one: its probability, and E[S; beyond].
    fn tail(&self, price: f64) -> [f64; 2] {
        let sign = if matches!(self.side, Side::Put) { 1.0 } else { -1.0 };
        let log = price.ln();
        let sum = |of: &dyn Fn(&Part) -> f64| self.parts.iter().map(of).sum::<f64>();
        let below = |part: &Part, tilt: f64| {
            let variance = part.deviation * part.deviation;
            normal_below(sign * (log - part.mean - tilt * variance) / part.deviation)
        };
        let first = |part: &Part| {
            let growth = (part.mean + part.deviation * part.deviation / 2.0).exp();
            part.weight * growth * below(part, 1.0)
        };
        [sum(&|part| part.weight * below(part, 0.0)), sum(&first)]
    }

    /// The price beyond which that share of paths lies, by halving its log.
    fn price_beyond(&self, share: f64) -> f64 {
        let (mut safe, mut far) = match self.side {
            Side::Put => (10.0_f64, -20.0_f64),
            Side::Call => (-10.0, 20.0),
        };
        for _ in 0..200 {
            let middle = (safe + far) / 2.0;
            let is_far = self.tail(middle.exp())[0] < share;
            *(if is_far { &mut far } else { &mut safe }) = middle;
        }
        ((safe + far) / 2.0).exp()
    }

    /// E[loss; price beyond that one], which is one that loses.
    fn part_beyond(&self, price: f64) -> f64 {
        let [probability, first] = self.tail(price);
        match self.side {
            Side::Put => self.strike * probability - first,
            Side::Call => first - self.strike * probability,
        }
    }

    fn starts(&self) -> f64 {
        if self.strike == 0.0 { f64::MIN_POSITIVE } else { self.strike }
    }

    pub(crate) fn mean(&self) -> f64 {
        self.part_beyond(self.starts())
    }

    pub(crate) fn probability(&self) -> f64 {
        self.tail(self.starts())[0]
    }

    /// Value at risk and expected shortfall at a level.
    pub(crate) fn beyond(&self, level: f64) -> [f64; 2] {
        let share = 1.0 - level;
        if self.probability() <= share {
            return [0.0, self.mean() / share];
        }
        let price = self.price_beyond(share);
        [self.loss(price), self.part_beyond(price) / share]
    }
}

#[test]
fn truths_are_those_of_a_million_draws() {
    for law in [Law::put(0.25), Law::merton_put(0.02), Law::call(0.02), Law::price(0.9)] {
        let mut uniforms = Uniforms::of(78);
        let mut losses: Vec<f64> = (0..1_000_000).map(|_| law.draw(&mut uniforms)).collect();
        losses.sort_by(|a, b| b.total_cmp(a));
        let mean_of = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let n_losing = losses.iter().filter(|loss| **loss > 0.0).count();
        let [value, shortfall] = law.beyond(0.99);
        let pairs = [
            (mean_of(&losses), law.mean()),
            (n_losing as f64 / 1e6, law.probability()),
            (losses[9_999], value),
            (mean_of(&losses[..10_000]), shortfall),
        ];
        for (drawn, truth) in pairs {
            assert!((drawn / truth - 1.0).abs() < 0.04, "{}: {drawn}, not {truth}", law.name);
        }
    }
}
