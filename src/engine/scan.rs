//! The book laid out for either backend: pairs, bounds, ratios and terms of the positions that can
//! be breached.

pub(super) mod basket_row;
pub(super) mod bounds;
pub(super) mod list;
pub(super) mod pairs;
pub(super) mod ratios;
pub(super) mod scanned;
pub(super) mod terms;
