//! Do the venues' rules give the figures of the venues' own test suites and documents?
//!
//! `venues/vectors.json` holds the worked cases: each with its id, the repository, path and commit
//! it comes from, the inputs and what the venue answers. Every case goes through the engine's own
//! integers. A figure must agree to the case's own tolerance, or to the documented bound of the
//! formats where that is coarser: two units of the position (2^-29 of its gross value), and 2^-24
//! of the opening price for a mark.

mod support;

mod venues {
    mod aave;
    mod comet;
    mod compound;
    mod edges;
    mod euler;
    mod liquidation_prices;
    mod loan;
    mod maintenance;
    mod maker;
    mod marks;
    mod materiality;
    mod morpho;
    mod opening;
    mod reference;
    mod rounding;
    mod ties;
    mod vectors;
    mod worthless;
}
