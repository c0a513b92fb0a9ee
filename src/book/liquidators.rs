//! Who liquidates: what it costs them, how much they can, whom they take first.

/// Liquidators of lending positions; perpetuals are closed by their venue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Liquidators {
    /// Cost of a liquidation call, USD.
    pub gas_usd: f64,
    /// What a call must earn beside its gas, a share of the debt it repays; 0 to 1.
    pub margin: f64,
    /// Debt they can repay in a step, USD; `None` for any.
    pub capital_usd: Option<f64>,
    /// Liquidation events that fit in a step, closed perpetuals included; `None` for any.
    pub per_step: Option<u32>,
    /// Who comes first.
    pub order: Order,
    /// What a liquidator knows of the sales of the same round.
    pub execution: Execution,
    /// Whether they stay away where they would lose money.
    pub decline: bool,
}

/// Who is liquidated first; ties go by the position's row in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The lowest health factor, in basis points.
    #[default]
    WorstHealth,
    /// The largest debt or notional, to 2^-26 of it.
    Largest,
}

/// At which depth the sales of one round are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Execution {
    /// Each as if it were alone: all at the price of the round's beginning.
    #[default]
    Together,
    /// One after another, each at the depth that those before it left.
    InTurn,
}

impl Default for Liquidators {
    fn default() -> Self {
        Self {
            gas_usd: 0.0,
            margin: 0.0,
            capital_usd: None,
            per_step: None,
            order: Order::default(),
            execution: Execution::default(),
            decline: true,
        }
    }
}
