//! `shortfall verify`: is a run directory true?

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use shortfall::archive::sample::{draw, least_found, miss_probability, n_drawn};
use shortfall::archive::{Sealed, manifest};
use shortfall::engine;
use shortfall::report::counted;

use super::backend::BackendArgs;
use super::machine::Machine;
use super::progress::Watch;
use super::{CliError, FormatName, number, output};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A finished run directory, or that of a shard
    dir: PathBuf,
    /// Share of the blocks that are walked again: 1 %, 0.01; with 100 % all counters are compared
    #[arg(long, value_name = "SHARE", value_parser = number::share, default_value = "1%",
          allow_negative_numbers = true)]
    sample: f64,
    /// Draws the sample [default: by chance, and told]
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(0, i64::MAX as u64),
          allow_negative_numbers = true)]
    seed: Option<u64>,
    #[command(flatten)]
    backend: BackendArgs,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
    /// Nothing on stderr but errors
    #[arg(long)]
    quiet: bool,
}

/// What was found true.
#[derive(Debug, Serialize)]
struct Verified<'a> {
    dir: &'a Path,
    outcome_digest: String,
    n_files: usize,
    n_paths: u64,
    n_blocks: u64,
    sampled_blocks: u64,
    sample_seed: u64,
    backend: &'a str,
    tail_paths: usize,
    /// Whether the counters of positions, steps and pools were compared too.
    counters_compared: bool,
    /// What such a sample misses.
    misses: Vec<Miss>,
}

/// So many wrong blocks go unseen with this probability.
#[derive(Debug, Serialize)]
struct Miss {
    wrong_blocks: u64,
    probability: f64,
}

pub(super) fn main(args: &VerifyArgs) -> Result<(), CliError> {
    let sealed = Sealed::read(&args.dir)?;
    let (n_threads, blocks) = (args.backend.n_threads(), sealed.blocks());
    sealed.check_figures(n_threads)?;
    let n_blocks = blocks.end - blocks.start;
    // Drawn only now: the writer of the files could not know it.
    let seed = args.seed.map_or_else(|| getrandom::u64().map(|it| it >> 1), Ok);
    let seed = seed.map_err(CliError::NoEntropy)?;
    let outcome_digest = sealed.counted.tally.outcome_digest();
    let sampled = n_drawn(n_blocks, args.sample).min(n_blocks);
    let compared = sealed.subject.compared();
    // Of a sample only the outcomes are compared, and the other program adds nothing to them.
    let is_whole = sampled == n_blocks;
    let other = compared.as_ref().filter(|_| is_whole);
    let mut machine = Machine::open(&args.backend, None, &sealed.subject, other, args.quiet)?;
    let batch = machine.batch;
    let mut walkers = machine.walkers();
    let n_paths = sealed.paths.end - sealed.paths.start;
    let mut watch = Watch::of_terminal(n_paths, &sealed.subject.facts, args.quiet);
    if is_whole {
        sealed.check_all(&mut walkers, batch, &mut watch)?;
    } else {
        for place in draw(seed, outcome_digest, n_blocks, sampled) {
            sealed.check_block(&mut walkers, blocks.start + place)?;
        }
    }
    let tail = check_tail(&sealed, n_threads)?;
    watch.clear();
    let verified = Verified {
        dir: &args.dir,
        outcome_digest: outcome_digest.to_string(),
        n_files: sealed.manifest.files.len() + manifest::SELF_SEALED.len(),
        n_paths,
        n_blocks,
        sampled_blocks: sampled,
        sample_seed: seed,
        backend: walkers.backend.name(),
        tail_paths: tail,
        counters_compared: is_whole,
        misses: misses(n_blocks, sampled),
    };
    output::to_stdout(|out| write(&verified, args.format, out))
}

/// Walks the tail again; how many paths it has.
fn check_tail(sealed: &Sealed, n_threads: usize) -> Result<usize, CliError> {
    let tail = sealed.tail();
    let paths: Vec<u64> = tail.iter().map(|(path, _)| *path).collect();
    let subject = &sealed.subject;
    let outcomes = engine::single_paths(&subject.program, subject.plan.seed, n_threads, &paths)?;
    for ((path, there), outcome) in tail.iter().zip(outcomes) {
        sealed.check_path(*path, *there, outcome.loss())?;
    }
    Ok(tail.len())
}

/// One wrong block, ten, and as many as are found with near certainty.
fn misses(n_blocks: u64, sampled: u64) -> Vec<Miss> {
    let mut wrong = vec![1, 10, least_found(n_blocks, sampled, 0.95)];
    wrong.push(least_found(n_blocks, sampled, 1.0 - 1e-6));
    wrong.retain(|it| *it <= n_blocks);
    wrong.sort_unstable();
    wrong.dedup();
    let miss = |wrong_blocks| Miss {
        wrong_blocks,
        probability: miss_probability(n_blocks, sampled, wrong_blocks),
    };
    wrong.into_iter().map(miss).collect()
}

fn write(of: &Verified<'_>, format: FormatName, out: &mut dyn Write) -> std::io::Result<()> {
    if format == FormatName::Json {
        serde_json::to_writer_pretty(&mut *out, of)?;
        return writeln!(out);
    }
    let Verified { n_files, n_blocks, .. } = of;
    let (blocks, sampled) = (counted(*n_blocks, "block"), counted(of.sampled_blocks, "block"));
    writeln!(
        out,
        "{}: {n_files} files are as they were sealed, and the figures follow from the segments",
        of.dir.display(),
    )?;
    writeln!(out, "outcomes {} ({}, {blocks})", of.outcome_digest, counted(of.n_paths, "path"))?;
    let which = if of.counters_compared {
        format!("all {blocks}, counters included")
    } else {
        format!("{sampled} (--seed {})", of.sample_seed)
    };
    let tail = counted(of.tail_paths as u64, "path");
    writeln!(
        out,
        "walked again on {}: {which}, and the {tail} of the tail: all equal",
        of.backend
    )?;
    if of.counters_compared {
        return Ok(());
    }
    writeln!(out, "\nA sample of {sampled} misses")?;
    for Miss { wrong_blocks, probability } in &of.misses {
        let share = *wrong_blocks as f64 / *n_blocks as f64;
        writeln!(
            out,
            "  {wrong_blocks:>9} wrong of {n_blocks} ({}) with probability {}",
            percent(share),
            percent(*probability)
        )?;
    }
    writeln!(out, "and does not see the counters of positions, steps and pools: --sample 100% does")
}

/// A share in percent, to three digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 {
        return "0 %".to_owned();
    }
    let n_digits = 2 - percent.log10().floor() as i32;
    if n_digits > 5 {
        format!("{percent:.1e} %")
    } else {
        format!("{percent:.*} %", n_digits.max(0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_to_three_digits() {
        let told = [1.0, 0.988, 0.0485, 0.000_123_4, 4.13e-9, 0.0].map(percent);
        assert_eq!(told, ["100 %", "98.8 %", "4.85 %", "0.0123 %", "4.1e-7 %", "0 %"]);
    }

    #[test]
    fn one_wrong_block_and_those_that_are_found_nearly_always_are_told_once_each() {
        let of = |n_blocks, sampled| -> Vec<u64> {
            misses(n_blocks, sampled).iter().map(|miss| miss.wrong_blocks).collect()
        };
        assert_eq!(of(1, 1), [1]);
        assert_eq!(of(245, 3), [1, 10, 155, 242]);
    }
}
