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
//! [`archive`] keeps a run on disk: stopped, gone on with, split over machines, merged and
//! verified. [`job`] is the one noun for every way to run; the command line is flags to its fields,
//! and printing.
//!
//! # A run from a program
//!
//! A scenario from a text, its book beside it, and the expected shortfall of its bad debt with the
//! 95 % interval:
//!
//! ```
//! use shortfall::job::Job;
//! use shortfall::scenario::{Overrides, Text};
//!
//! const SCENARIO: &str = r#"
//! book = "book.csv"
//! run = { paths = 20_000, steps = 30, step = "1d" }
//! assets = [
//!     { name = "ETH", price_usd = 3000, volatility = 1.2, liquidation_threshold = 0.83 },
//!     { name = "USDC", price_usd = 1, volatility = 0, is_stable = true },
//! ]
//! venues.aave-v3 = {}
//! "#;
//! const BOOK: &str = "position,venue,kind,asset,amount
//! alice,aave-v3,collateral,ETH,400
//! alice,aave-v3,debt,USDC,800000
//! ";
//!
//! let text = Text::of(SCENARIO).with_tables(&[("book.csv", BOOK)]);
//! let scenario = text.load(&Overrides::default())?;
//! let walked = Job::of(&scenario)?.walk(&mut ())?.walked().expect("nothing stops it");
//! let shortfall = walked.figure("es99").expect("0.99 is one of the levels");
//! let (low, high) = shortfall.low.zip(shortfall.high).expect("200 paths lie beyond it");
//! println!("{:.0} USD, 95 % from {low:.0} to {high:.0}", shortfall.value);
//! assert!(0.0 < low && low < shortfall.value && shortfall.value < high && high < 800_000.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same kept in a folder, stopped on the way, gone on with and made longer:
//!
//! ```
//! use shortfall::archive::Next;
//! use shortfall::engine::Done;
//! use shortfall::job::{Ended, Job, Watch};
//! # use shortfall::scenario::{Overrides, load};
//!
//! /// Stops a job once so many paths are done.
//! struct StopAt(u64);
//!
//! impl Watch for StopAt {
//!     fn after(&mut self, done: Done<'_>) -> Next {
//!         if done.n_paths() >= self.0 { Next::Stop } else { Next::GoOn }
//!     }
//! }
//!
//! # let path = std::path::Path::new("tests/valid/scenario.toml");
//! # let overrides = Overrides { paths: Some(20_000), ..Overrides::default() };
//! # let scenario = load(path, &overrides)?;
//! let folder = tempfile::tempdir()?;
//! let mut job = Job::of(&scenario)?.kept_in(folder.path(), true);
//! job.batch = Some(4096);
//! let Ended::Stopped { n_paths, n_all } = job.walk(&mut StopAt(8000))? else {
//!     panic!("it is asked to stop");
//! };
//! assert_eq!((n_paths, n_all), (8192, 20_000));
//! let walked = job.walk(&mut ())?.walked().expect("nothing stops it");
//! job.subject.plan.n_paths = 30_000;
//! let longer = job.walk(&mut ())?.walked().expect("nothing stops it");
//! assert_eq!(longer.run.expect("paths were walked").walked_paths, 10_000);
//! # assert_eq!(walked.run.expect("paths were walked").walked_paths, 20_000 - 8192);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! Most of them say what is absent: below the command line there is no clock, no
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

pub mod job;
