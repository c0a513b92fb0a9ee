//! Verifies a proof: walks its blocks again, and says what that bounds.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use shortfall::archive::proof::Proof;
use shortfall::archive::sample::{Escape, escapes};
use shortfall::archive::verify::walk_block;
use shortfall::archive::{Subject, signature};
use shortfall::job::Machine;
use shortfall::report::{counted, usd};
use shortfall::tail::{Digest, Scalars};

use super::args::VerifyArgs;
use super::percent::percent;
use crate::cli::asked::FormatName;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::prove::{key_fault, key_text};
use crate::cli::watch::Notes;

/// Runs that a prover without a beacon may try until the draw misses what was changed, as a power
/// of two.
const TRIES_LOG2: i32 = 40;

/// What was found true.
#[derive(Debug, Serialize)]
struct Verified<'a> {
    proof: &'a Path,
    run_digest: Digest,
    n_paths: u64,
    n_blocks: u64,
    walked_blocks: Vec<u64>,
    backend: &'a str,
    beacon: Option<&'a str>,
    signed_by: Option<&'a Path>,
    is_signed: bool,
    figures: Figures,
    losing_paths: u64,
    /// Blocks whose bad debt is known only together: within them it is taken to lie evenly.
    blocks_together: u64,
    escapes: Vec<Soundness>,
}

/// What the scalars of the root come to, USD.
#[derive(Debug, Serialize)]
struct Figures {
    mean_usd: f64,
    std_error_usd: Option<f64>,
    probability: f64,
    level: f64,
    value_at_risk_usd: (f64, f64),
    expected_shortfall_usd: (f64, f64),
}

/// With what probability a bad debt that is lowered by a share goes unseen.
#[derive(Debug, Serialize)]
struct Soundness {
    #[serde(flatten)]
    escape: Escape,
    /// That one of 2^40 runs does, which a prover may try to whom the draw is known.
    of_many_tries: f64,
}

pub(super) fn main(args: &VerifyArgs) -> Result<(), CliError> {
    let path = &args.path;
    let fault = |source| CliError::Proof { path: path.clone(), source };
    let proof = Proof::load(path).map_err(fault)?;
    if let Some(beacon) = &args.proof.beacon
        && proof.beacon.as_ref() != Some(beacon)
    {
        let there = proof.beacon.clone();
        return Err(CliError::OtherBeacon { path: path.clone(), there, here: beacon.clone() });
    }
    let n_drawn = proof.drawn().count() as u64;
    if let Some(least) = args.proof.least_blocks.filter(|least| n_drawn < *least) {
        return Err(CliError::FewBlocks { path: path.clone(), n_drawn, least });
    }
    if let Some(key) = &args.proof.signed_by {
        let public = key_text(key, "--signed-by")?;
        signature::check(proof.run_digest, proof.signature.as_deref(), &public)
            .map_err(|source| key_fault(key, "--signed-by", source))?;
    }
    let subject = args.tied.subject_of(path, &proof.terms)?;
    // The other program adds nothing to the outcomes.
    let (choice, mut notes) = (args.backend.choice(), Notes { quiet: args.quiet });
    let mut machine = Machine::open(&choice, None, &subject, None, &mut notes)?;
    let mut walkers = machine.walkers();
    let (n_paths, materiality) = (proof.terms.n_paths, subject.facts.materiality());
    for (place, block) in proof.drawn().enumerate() {
        let leaf = walk_block(&mut walkers, block, n_paths, materiality)?;
        proof.check_block(place, leaf.node(block)).map_err(fault)?;
    }
    let walked_blocks: Vec<u64> = proof.drawn().collect();
    let of_tries =
        |escape: Escape| Soundness { of_many_tries: one_of_many(escape.probability), escape };
    let escapes = escapes(&proof.holdings(), walked_blocks.len() as u64);
    let verified = Verified {
        proof: path,
        run_digest: proof.run_digest,
        n_paths,
        n_blocks: proof.n_blocks(),
        walked_blocks,
        backend: walkers.backend.name(),
        beacon: proof.beacon.as_deref(),
        signed_by: args.proof.signed_by.as_deref(),
        is_signed: proof.signature.is_some(),
        figures: figures(&proof.root.scalars, &subject),
        losing_paths: proof.root.scalars.sums.n_losing,
        blocks_together: proof.blocks_together(),
        escapes: escapes.into_iter().map(of_tries).collect(),
    };
    output::to_stdout(|out| write(&verified, args.format, out))
}

/// The probability that one of so many tries succeeds, each with a probability of its own.
fn one_of_many(probability: f64) -> f64 {
    // 1 - (1 - p)^n, exact for the smallest p too.
    -libm::expm1(libm::ldexp(libm::log1p(-probability), TRIES_LOG2))
}

fn figures(scalars: &Scalars, subject: &Subject) -> Figures {
    let (sums, facts) = (&scalars.sums, &subject.facts);
    let n = sums.n_paths as f64;
    let mean = sums.loss as f64 / n;
    let variance = (sums.loss_squared.to_f64() / n - mean * mean).max(0.0) / (n - 1.0);
    let level = facts.tail_level();
    let bounds = scalars.tail_bounds(level);
    let both = |(low, high): (f64, f64)| (facts.usd(low), facts.usd(high));
    Figures {
        mean_usd: facts.usd(mean),
        std_error_usd: (sums.n_paths > 1).then(|| facts.usd(variance.sqrt())),
        probability: sums.n_material as f64 / n,
        level,
        value_at_risk_usd: both(bounds.value_at_risk),
        expected_shortfall_usd: both(bounds.expected_shortfall),
    }
}

fn write(of: &Verified<'_>, format: FormatName, out: &mut dyn Write) -> std::io::Result<()> {
    if format == FormatName::Json {
        serde_json::to_writer_pretty(&mut *out, of)?;
        return writeln!(out);
    }
    let (blocks, walked) = (counted(of.n_blocks, "block"), of.walked_blocks.len() as u64);
    writeln!(
        out,
        "{}: proves a run of the scenario, compiled again, of {} ({blocks})",
        of.proof.display(),
        counted(of.n_paths, "path")
    )?;
    writeln!(out, "run      {}", of.run_digest)?;
    writeln!(
        out,
        "walked again on {}: the {} that it draws: all equal",
        of.backend,
        counted(walked, "block")
    )?;
    match (of.signed_by, of.is_signed) {
        (Some(key), _) => writeln!(out, "signed with the key of {}", key.display())?,
        (None, true) => writeln!(out, "signed, and held against no key: --signed-by does")?,
        (None, false) => {}
    }
    write_figures(&of.figures, out)?;
    write_soundness(of, out)
}

/// What the root says of all paths.
fn write_figures(of: &Figures, out: &mut dyn Write) -> std::io::Result<()> {
    let std_error = of.std_error_usd.map(|it| format!(", standard error {}", usd(it)));
    let std_error = std_error.unwrap_or_default();
    writeln!(out, "\nWhat it commits to, of all paths:")?;
    writeln!(out, "  mean bad debt            {} USD{std_error}", usd(of.mean_usd))?;
    writeln!(out, "  P(bad debt)              {}", percent(of.probability))?;
    let level = 100.0 * of.level;
    let tail = [
        ("value at risk", of.value_at_risk_usd),
        ("expected shortfall", of.expected_shortfall_usd),
    ];
    for (name, (low, high)) in tail {
        let name = format!("{name} {level} %");
        writeln!(out, "  {name:<24} between {} and {} USD", usd(low), usd(high))?;
    }
    Ok(())
}

/// How likely a lie goes unseen, for both kinds of provers.
fn write_soundness(of: &Verified<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    if of.escapes.is_empty() {
        return writeln!(out, "\nNo path loses anything.");
    }
    writeln!(
        out,
        "\nLowering the bad debt by a share takes blocks that hold at least as much of it. If the \
         true\nlosses lie as these do,\n{:>47}  {:>19}",
        "it goes unseen,", "in one of 2^40 runs"
    )?;
    for Soundness { escape, of_many_tries } in &of.escapes {
        writeln!(
            out,
            "  {:>4} % of them lie in {:<14} {:>10}  {:>19}",
            f64::from(escape.per_mille) / 10.0,
            counted(escape.n_blocks, "block"),
            percent(escape.probability),
            percent(*of_many_tries)
        )?;
    }
    if of.blocks_together > 1 {
        writeln!(
            out,
            "Losses are known of {} blocks together, and taken to lie evenly within them: where \
             they do\nnot, fewer blocks hold as much, and a lie goes unseen more often.",
            of.blocks_together
        )?;
    }
    let which = match of.beacon {
        Some(beacon) => format!(
            "The first holds if the beacon {beacon:?} could not be known when the run was made; \
             else\nits maker may have tried many runs, and the second does."
        ),
        None => "There is no beacon: its maker may have tried many runs until one drew well, so \
                 the second\nholds. `shortfall prove --beacon` draws by what could not be known."
            .to_owned(),
    };
    writeln!(out, "{which}")?;
    if of.losing_paths < of.n_blocks {
        let losing = counted(of.losing_paths, "path");
        writeln!(out, "Only {losing} lose anything, fewer than there are blocks.")?;
    }
    Ok(())
}
