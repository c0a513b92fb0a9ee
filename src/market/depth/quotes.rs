//! Slippage as quoted: what a sale of so many dollars loses against the price of the smallest one.
//!
//! Between quotes slippage is straight in the size. A quote gives the average price; the price left
//! behind is taken as its square over the price of rest, which is exact for a constant product.
//! Beyond the last quote the market is the constant product that passes through it.

use super::{Form, MOST_RISE, Moved};

/// A sale and what it loses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    /// The quantity, USD at the price of rest; positive.
    pub usd_sold: f64,
    /// 1 - average price over the price of rest; 0 to below 1.
    pub slippage: f64,
}

/// Quotes by rising size; at least one, slippages not falling, proceeds rising.
#[derive(Debug, Clone, PartialEq)]
pub struct Quotes {
    /// The quotes.
    pub quotes: Vec<Quote>,
}

impl Quotes {
    fn last(&self) -> Quote {
        self.quotes.last().copied().unwrap_or(Quote { usd_sold: 1.0, slippage: 0.0 })
    }

    /// Slippage of a sale of `usd`.
    fn slippage(&self, usd: f64) -> f64 {
        let next = self.quotes.partition_point(|quote| quote.usd_sold < usd);
        let Some(above) = self.quotes.get(next) else {
            let last = self.last();
            let share = last.slippage / (1.0 - last.slippage) * usd / last.usd_sold;
            return share / (1.0 + share);
        };
        let below = next.checked_sub(1).map(|idx| self.quotes[idx]);
        let below = below.unwrap_or(Quote { usd_sold: 0.0, slippage: 0.0 });
        let along = (usd - below.usd_sold) / (above.usd_sold - below.usd_sold);
        below.slippage + along * (above.slippage - below.slippage)
    }

    /// The first quote that brings no more than a smaller sale would: its index.
    #[must_use]
    pub fn first_without_gain(&self) -> Option<usize> {
        let mut below = Quote { usd_sold: 0.0, slippage: 0.0 };
        for (idx, quote) in self.quotes.iter().enumerate() {
            let slope = (quote.slippage - below.slippage) / (quote.usd_sold - below.usd_sold);
            if 1.0 - quote.slippage - quote.usd_sold * slope <= 0.0 {
                return Some(idx);
            }
            below = *quote;
        }
        None
    }
}

impl Form for Quotes {
    fn scale_usd(&self) -> f64 {
        self.last().usd_sold
    }

    fn sold(&self, size: f64) -> Moved {
        let left = 1.0 - self.slippage(size * self.scale_usd());
        Moved { log2_price: -2.0 * libm::log2(left), paid: size * left }
    }

    /// The mirror image of a sale, up to 16 times the price.
    fn bought(&self, size: f64) -> Moved {
        let left = (1.0 - self.slippage(size * self.scale_usd())).max(libm::exp2(-0.5 * MOST_RISE));
        Moved { log2_price: -2.0 * libm::log2(left), paid: size / left }
    }
}
