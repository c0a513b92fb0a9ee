//! The log price moves with a power of the quantity: 1/2 is the square-root law of large orders
//! (Almgren et al. 2005, Tóth et al. 2011), 1 is linear (Kyle 1985).

use super::{Form, MOST_FALL, MOST_RISE, Moved};

/// Selling `at_usd` moves the price by `impact`; other sizes by the power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// Linear, or the square root.
    pub is_linear: bool,
    /// Fall of the price after selling `at_usd`, above 0 and below 1.
    pub impact: f64,
    /// The quantity, USD at opening.
    pub at_usd: f64,
}

impl PowerLaw {
    /// The natural log price moves by this times the power of the size.
    fn coefficient(&self) -> f64 {
        -libm::log(1.0 - self.impact)
    }

    fn power(&self, size: f64) -> f64 {
        if self.is_linear { size } else { libm::sqrt(size) }
    }

    /// The size at which the log2 price has moved by that much.
    fn size_at(&self, log2_price: f64) -> f64 {
        let power = log2_price * std::f64::consts::LN_2 / self.coefficient();
        if self.is_linear { power } else { power * power }
    }

    /// ∫ exp(c power(s)) ds from 0 to the size, for c of either sign.
    fn integral(&self, c: f64, size: f64) -> f64 {
        let x = c * self.power(size);
        if self.is_linear {
            return if x.abs() < 1e-12 { size } else { size * libm::expm1(x) / x };
        }
        // 2/c^2 (1 + (x - 1) e^x) with s = x^2 / c^2; its series where that would cancel.
        let mean = if x.abs() < 0.02 {
            1.0 + x * (2.0 / 3.0 + x * (0.25 + x * (1.0 / 15.0 + x / 72.0)))
        } else {
            2.0 * (1.0 + (x - 1.0) * libm::exp(x)) / (x * x)
        };
        size * mean
    }

    fn moved(&self, sign: f64, most: f64, size: f64) -> Moved {
        let within = size.min(self.size_at(most));
        let c = sign * self.coefficient();
        let log2_price = self.coefficient() * self.power(within) / std::f64::consts::LN_2;
        let beyond = (size - within) * libm::exp2(sign * most);
        Moved { log2_price, paid: self.integral(c, within) + beyond }
    }
}

impl Form for PowerLaw {
    fn scale_usd(&self) -> f64 {
        self.at_usd
    }

    fn sold(&self, size: f64) -> Moved {
        self.moved(-1.0, MOST_FALL, size)
    }

    fn bought(&self, size: f64) -> Moved {
        self.moved(1.0, MOST_RISE, size)
    }
}
