//! Verifies a run directory.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use shortfall::archive::sample::{Drawn, Escape, draw, escapes, n_drawn};
use shortfall::archive::{Sealed, manifest};
use shortfall::engine;
use shortfall::job::Machine;
use shortfall::report::counted;
use shortfall::tail::Digest;

use super::args::VerifyArgs;
use super::percent::percent;
use crate::cli::asked::FormatName;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::progress::Watch;
use crate::cli::watch::Notes;

/// What was found true.
#[derive(Debug, Serialize)]
struct Verified<'a> {
    dir: &'a Path,
    /// What the run commits to; none of a shard.
    run_digest: Option<Digest>,
    outcome_digest: Digest,
    /// Whether the scenario was compiled again and is the run's.
    scenario_compared: bool,
    n_files: usize,
    n_paths: u64,
    n_blocks: u64,
    sampled_blocks: u64,
    n_segments: usize,
    sampled_segments: usize,
    sample_seed: u64,
    backend: &'a str,
    tail_paths: usize,
    losing_paths: u64,
    /// With what probability a bad debt that is lowered by a share goes unseen.
    escapes: Vec<Escape>,
}

pub(super) fn main(args: &VerifyArgs) -> Result<(), CliError> {
    let mut sealed = Sealed::read(&args.path)?;
    let scenario_compared = args.tied.check(&args.path, &sealed.subject)?;
    let (n_threads, blocks) = (args.backend.n_threads(), sealed.blocks());
    sealed.check_figures(n_threads)?;
    let n_blocks = blocks.end - blocks.start;
    // Drawn only now: the writer of the files could not know it.
    let seed = args.seed.map_or_else(|| getrandom::u64().map(|it| it >> 1), Ok);
    let seed = seed.map_err(CliError::NoEntropy)?;
    let segments = sealed.segments();
    let n_segments = segments.len() as u64;
    let (sampled, sampled_segments) = (n_drawn(n_blocks, args.sample), args.segments);
    // All blocks are those of all segments.
    let is_whole = sampled >= n_blocks || sampled_segments >= n_segments;
    let (sampled, sampled_segments) =
        if is_whole { (n_blocks, n_segments) } else { (sampled, sampled_segments) };
    let compared = sealed.subject.compared();
    // Of blocks alone only the outcomes are compared, and the other program adds nothing to them.
    let other = compared.as_ref().filter(|_| sampled_segments > 0);
    let (choice, mut notes) = (args.backend.choice(), Notes { quiet: args.quiet });
    let mut machine = Machine::open(&choice, None, &sealed.subject, other, &mut notes)?;
    let batch = machine.batch;
    let mut walkers = machine.walkers();
    let n_paths = sealed.paths.end - sealed.paths.start;
    let mut watch = Watch::of_terminal(n_paths, &sealed.subject.facts, args.quiet);
    let drawn = |what, n_drawn, n| draw(what, bytes_of(seed), sealed.committed(), (n_drawn, n));
    for place in drawn(Drawn::Segments, sampled_segments, n_segments) {
        sealed.check_segment(&mut walkers, &segments[place as usize], batch, &mut watch)?;
    }
    if !is_whole {
        for place in drawn(Drawn::Blocks, sampled, n_blocks) {
            sealed.check_block(&mut walkers, blocks.start + place)?;
        }
    }
    let tail_paths = check_tail(&sealed, n_threads)?;
    watch.clear();
    let tally = &sealed.counted.tally;
    let verified = Verified {
        dir: &args.path,
        run_digest: sealed.commitment.as_ref().map(|it| it.run_digest),
        outcome_digest: tally.outcome_digest(),
        scenario_compared,
        n_files: sealed.manifest.files.len() + manifest::SELF_SEALED.len(),
        n_paths,
        n_blocks,
        sampled_blocks: sampled,
        n_segments: segments.len(),
        sampled_segments: sampled_segments as usize,
        sample_seed: seed,
        backend: walkers.backend.name(),
        tail_paths,
        losing_paths: tally.sums.n_losing,
        escapes: escapes(&sealed.holdings(), sampled),
    };
    output::to_stdout(|out| write(&verified, args.format, out))
}

/// A seed as the first bytes of a digest.
fn bytes_of(seed: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Digest(bytes)
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

fn write(of: &Verified<'_>, format: FormatName, out: &mut dyn Write) -> std::io::Result<()> {
    if format == FormatName::Json {
        serde_json::to_writer_pretty(&mut *out, of)?;
        return writeln!(out);
    }
    writeln!(
        out,
        "{}: {} files are as they were sealed, and the figures follow from the segments",
        of.dir.display(),
        of.n_files
    )?;
    if of.scenario_compared {
        writeln!(out, "its program is that of the scenario, compiled again")?;
    } else {
        writeln!(out, "its program was held against no scenario: --scenario FILE does")?;
    }
    let blocks = counted(of.n_blocks, "block");
    if let Some(run_digest) = of.run_digest {
        writeln!(out, "run      {run_digest}")?;
    }
    writeln!(out, "outcomes {} ({}, {blocks})", of.outcome_digest, counted(of.n_paths, "path"))?;
    let tail = counted(of.tail_paths as u64, "path");
    let segments = counted(of.n_segments as u64, "segment");
    if of.sampled_blocks == of.n_blocks {
        return writeln!(
            out,
            "walked again on {}: all {blocks} of {segments}, whole, and the {tail} of the tail: \
             all equal",
            of.backend
        );
    }
    writeln!(
        out,
        "walked again on {}: {} of {}, {} of {segments} whole (--seed {}), and the {tail} of the \
         tail: all equal",
        of.backend,
        counted(of.sampled_blocks, "block"),
        of.n_blocks,
        of.sampled_segments,
        of.sample_seed
    )?;
    write_bound(of, out)
}

/// What the walk has bound, and what it has not.
fn write_bound(of: &Verified<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "\nThe mean, its standard error, the probability and the tail to a factor of two are sums \
         over\nthe blocks. Histogram, worst paths and counters are bound in the segments that were \
         walked,\nand elsewhere as far as those sums reach."
    )?;
    if of.escapes.is_empty() {
        return writeln!(out, "No path loses anything.");
    }
    writeln!(
        out,
        "Lowering the bad debt by a share takes blocks that hold at least as much of it. If the \
         true\nlosses lie as these do,"
    )?;
    for Escape { per_mille, n_blocks, probability } in &of.escapes {
        writeln!(
            out,
            "  {:>4} % of them lie in {}, none of which is drawn with probability {}",
            f64::from(*per_mille) / 10.0,
            counted(*n_blocks, "block"),
            percent(*probability)
        )?;
    }
    if of.losing_paths < of.n_blocks {
        let losing = counted(of.losing_paths, "path");
        writeln!(
            out,
            "Only {losing} of {} lose anything, fewer than there are blocks: a few blocks hold \
             everything,\nand only --sample 100% sees them all.",
            of.n_paths
        )?;
    }
    Ok(())
}
