//! How much bad debt a book of leveraged positions can leave behind, how likely it is, and who pays.

pub mod units;

pub mod fixed;

pub mod market;

pub mod book;

pub mod scenario;

pub mod program;

pub mod tail;

pub mod engine;

pub mod report;
