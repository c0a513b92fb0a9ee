//! A pool of two reserves whose product stays the same (Uniswap v2): selling a share z of the
//! reserve brings z / (1 + z) of the other one and leaves the price at 1 / (1 + z)^2.

use super::{Form, MOST_RISE, Moved};

/// A pool at rest: its two reserves are worth the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantProduct {
    /// Value of either reserve at opening, USD.
    pub reserve_usd: f64,
}

impl Form for ConstantProduct {
    fn scale_usd(&self) -> f64 {
        self.reserve_usd
    }

    fn sold(&self, size: f64) -> Moved {
        Moved { log2_price: 2.0 * libm::log2(1.0 + size), paid: size / (1.0 + size) }
    }

    /// Up to 3/4 of the reserve, where the price is 16 times; from there on at that price.
    fn bought(&self, size: f64) -> Moved {
        let most = 1.0 - libm::exp2(-0.5 * MOST_RISE);
        let within = size.min(most);
        Moved {
            log2_price: -2.0 * libm::log2(1.0 - within),
            paid: within / (1.0 - within) + (size - within) * libm::exp2(MOST_RISE),
        }
    }
}
