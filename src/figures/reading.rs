//! A figure's value, and the ends of its 95 % interval.

/// A figure, in its unit. An end of `None` is not known: too few paths were walked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The figure.
    pub value: f64,
    /// Its standard error; none where the report has none.
    pub std_error: Option<f64>,
    /// Lower end of its interval; the figure itself where it is a fact of the paths.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
}

impl Reading {
    /// An estimate with its interval, or without what is not known of it.
    pub(super) fn within(
        value: f64,
        std_error: Option<f64>,
        [low, high]: [Option<f64>; 2],
    ) -> Option<Self> {
        Some(Self { value, std_error, low, high })
    }

    /// A fact of the paths that were walked, or of the opening.
    pub(super) fn exactly(value: f64) -> Option<Self> {
        Self::within(value, None, [Some(value); 2])
    }

    /// A figure of which the report says no more.
    pub(super) fn reported(value: f64) -> Option<Self> {
        Self::within(value, None, [None; 2])
    }

    /// Half the width of the interval; `None` if an end is not known.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}
