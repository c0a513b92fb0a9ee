//! Does the engine give the f64 truth of closed forms, within four standard errors?
//!
//! Seeds are fixed, so that a test that passes once passes always. A standard error is that of the
//! closed form, not of the run, unless a test says so.

mod support;

mod analytic {
    mod accrual;
    mod barrier;
    mod coverage;
    mod laws;
    mod merton;
    mod normal;
    mod prices;
    mod regimes;
}
