//! How much bad debt a book of leveraged positions can leave behind, and who pays; exactly.
#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! Data flows one way, and each floor knows only those below it:
//!
//! ```text
//! scenario (TOML, tables) -> Program -> batches -> Outcomes -> Tally -> Summary -> report
//!   floats, validated        integers             exact        exact    floats
//! ```
//!
//! [`scenario`] is the only door: files to a validated model, every fault with its line.
//! [`market`] says how prices move, [`book`] who owes what under which rules; neither knows the
//! other. [`program`] puts both into flat integer arrays with a digest. [`engine`] runs a program
//! on a backend and fills the [`tail`]'s exact, order-free tally. [`engine::reference`], the
//! reference walker, states the meaning; the CPU and the kernels are schedules of it, the same to
//! the bit. [`figures`] names what a tally comes to, in one list, and [`report`] writes it.
//! [`archive`] keeps a run on disk: stopped, gone on with, split over machines, merged and verified.
//!
//! Invariants, most of which say what is absent: below the command line there is no clock, no
//! environment, no global state and no printing; no float decides an outcome; no sum depends on its
//! order; nothing read from a file is trusted before [`scenario`] or [`archive`] has checked it.

pub mod units;

pub mod lanes;

pub mod escape;

pub mod rows;

pub mod fixed;

pub mod sound;

pub mod market;

pub mod book;

pub mod tail;

pub mod figures;

pub mod scenario;

pub mod program;

pub mod engine;

pub mod report;

pub mod archive;
