//! What holds of every book in every market, over all venues and through the whole engine?
//!
//! Books and markets are drawn at random, ordinary ones and extreme ones. The truth is either a law
//! (debt is conserved) or the reference walker, step by step and without any bound or shortcut.

mod support;

mod invariants {
    mod breaches;
    mod drawn;
    mod events;
    mod independence;
    mod prices;
    mod scaling;
    mod void;
}
