//! Verifies a run directory.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use shortfall::archive::sample::{Escape, escapes};
use shortfall::archive::{Next, Sealed, manifest};
use shortfall::engine::{Done, Progress};
use shortfall::job::{self, Begun, Sample, walk_again};
use shortfall::report::counted;
use shortfall::tail::{Digest, Tally};

use super::args::VerifyArgs;
use super::percent::percent;
use crate::cli::asked::FormatName;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::progress::Watch;

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
    // Drawn only now: the writer of the files could not know it.
    let seed = args.seed.map_or_else(|| getrandom::u64().map(|it| it >> 1), Ok);
    let seed = seed.map_err(CliError::NoEntropy)?;
    let sample = Sample { share: args.sample, n_segments: args.segments, seed };
    let mut watch = Bar { quiet: args.quiet, shown: None };
    let again = walk_again(&sealed, &sample, &args.backend.choice(), &mut watch)?;
    let tally = &sealed.counted.tally;
    let verified = Verified {
        dir: &args.path,
        run_digest: sealed.commitment.as_ref().map(|it| it.run_digest),
        outcome_digest: tally.outcome_digest(),
        scenario_compared,
        n_files: sealed.manifest.files.len() + manifest::SELF_SEALED.len(),
        n_paths: sealed.paths.end - sealed.paths.start,
        n_blocks: blocks.end - blocks.start,
        sampled_blocks: again.n_blocks,
        n_segments: sealed.segments().len(),
        sampled_segments: again.n_segments as usize,
        sample_seed: seed,
        backend: again.backend,
        tail_paths: again.tail_paths,
        losing_paths: tally.sums.n_losing,
        escapes: escapes(&sealed.holdings(), again.n_blocks),
    };
    output::to_stdout(|out| write(&verified, args.format, out))
}

/// Shows a bar, where there is a terminal.
struct Bar {
    quiet: bool,
    shown: Option<Watch>,
}

impl job::Watch for Bar {
    fn note(&mut self, note: &str) {
        output::print_note(note, self.quiet);
    }

    fn begin(&mut self, begun: Begun<'_>) -> ControlFlow<()> {
        self.shown = Some(Watch::of_terminal(begun.n_paths, begun.facts, self.quiet));
        ControlFlow::Continue(())
    }

    fn after(&mut self, done: Done<'_>) -> Next {
        if let Some(shown) = &mut self.shown {
            let _ = shown.done(done);
        }
        Next::GoOn
    }

    fn end(&mut self, _: Option<&Tally>) -> ControlFlow<()> {
        self.shown.iter().for_each(Watch::clear);
        ControlFlow::Continue(())
    }
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
