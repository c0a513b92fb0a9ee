//! Figures of the tail, one statistic a file: floats from exact integer sums, in quanta.

pub mod expected_shortfall;
pub mod mean;
pub mod probability;
pub mod sectioning;
pub mod skewed;
pub mod std_error;
pub mod value_at_risk;

pub use expected_shortfall::{ExpectedShortfall, expected_shortfall};
pub use mean::mean;
pub use probability::{Probability, probability};
pub use skewed::Powers;
pub use std_error::Mean;
pub use value_at_risk::{ValueAtRisk, value_at_risk};

/// The 0.975 quantile of the standard normal: half the width of a 95 % interval in standard errors.
pub const Z_95: f64 = 1.959_963_984_540_054;
