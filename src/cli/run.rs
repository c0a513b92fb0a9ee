//! `shortfall run`: the distribution of the bad debt.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use cpu_time::ProcessTime;

use shortfall::engine::{self, Backend, EngineError, Plan};
use shortfall::program::Program;
use shortfall::report::{Facts, Report, RunFacts, Summary, csv};
use shortfall::scenario::Scenario;
use shortfall::tail::{Paired, TailShares, Tally};

use super::backend::{BackendArgs, Opened};
use super::output::{self, OutDir};
use super::progress::Bar;
use super::{CliError, PathArgs, ScenarioArgs, facts, number};

/// Paths of a batch: long enough that its end costs nothing, a few megabytes of outcomes.
const DEFAULT_BATCH: u64 = 65_536;
/// What `--out` makes.
const OUT_FILES: [&str; 4] = ["summary.json", "run.json", "positions.csv", "worst_paths.csv"];
/// The level whose tail says who bears the expected shortfall, if the scenario has it.
const SHARES_LEVEL: f64 = 0.99;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Paths to simulate
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, 1 << 40),
          allow_negative_numbers = true)]
    paths: Option<u64>,
    #[command(flatten)]
    path_args: PathArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Paths of a batch; changes no figure
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, 1 << 24),
          allow_negative_numbers = true)]
    batch: Option<u64>,
    /// Walk every path in infinitely deep markets too, and tell what feedback adds
    #[arg(long)]
    compare_feedback: bool,
    /// Folder for summary.json, run.json, positions.csv and worst_paths.csv
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn main(args: &RunArgs) -> Result<(), CliError> {
    let scenario = args.scenario.load(args.paths, Some(&args.path_args))?;
    let program = args.scenario.compile(&scenario)?;
    let without_depth = without_depth(args, &scenario, &program)?;
    let out_dir = args.out.as_deref().map(|path| OutDir::create(path, &OUT_FILES));
    let out_dir = out_dir.transpose()?;
    let facts = facts::facts(&scenario, &program);
    let counted = walk(args, &scenario, (&program, &facts), without_depth.as_ref())?;
    report(args, &facts, &counted, out_dir)
}

/// What a run gave.
struct Counted {
    tally: Tally,
    shares: Option<TailShares>,
    /// The same paths in infinitely deep markets, where they were asked for.
    paired: Option<Paired>,
    run: RunFacts,
}

/// The program in infinitely deep markets, where the two are to be compared.
fn without_depth(
    args: &RunArgs,
    scenario: &Scenario,
    program: &Program,
) -> Result<Option<Program>, CliError> {
    let has_depth = !scenario.market.liquidity.depths.is_empty();
    if args.compare_feedback && !has_depth {
        let scenario = args.scenario.scenario.display().to_string();
        return Err(CliError::NothingToCompare { scenario });
    }
    // Where the file asks for it in vain, a note has said so.
    if !has_depth || !(args.compare_feedback || scenario.run.compare_feedback) {
        return Ok(None);
    }
    Ok(Some(program.without_depth()))
}

/// Walks all paths, and the worst of them once more.
fn walk(
    args: &RunArgs,
    scenario: &Scenario,
    (program, facts): (&Program, &Facts),
    without_depth: Option<&Program>,
) -> Result<Counted, CliError> {
    let (begun, cpu_begun) = (Instant::now(), ProcessTime::now());
    let n_threads = args.backend.n_threads();
    let seed = scenario.run.seed;
    let Opened { mut backend, note } = args.backend.open(program, seed)?;
    // Its note would say the same.
    let open = |other| Ok::<_, EngineError>((other, args.backend.open(other, seed)?.backend));
    let mut other = without_depth.map(open).transpose()?;
    output::print_notes(note.as_slice(), args.scenario.quiet);
    let plan = Plan {
        n_paths: scenario.run.n_paths,
        batch: args.batch.unwrap_or(DEFAULT_BATCH),
        materiality: facts.materiality(),
    };
    let mut bar = Bar::new(plan.n_paths, args.scenario.quiet);
    let (tally, paired) = match &mut other {
        None => (engine::run(program, plan, backend.as_mut(), &mut bar)?, None),
        Some((without, other)) => {
            let other: &mut dyn Backend = other.as_mut();
            let other = (*without, other);
            let (tally, paired) =
                engine::compare(program, plan, backend.as_mut(), other, &mut bar)?;
            (tally, Some(paired))
        }
    };
    bar.finish();
    let mut fallbacks = backend.fallbacks().to_vec();
    // A device that fails one is lost to both.
    let others = other.iter().flat_map(|(_, other)| other.fallbacks());
    fallbacks.extend(others.filter(|it| !backend.fallbacks().contains(it)).cloned());
    output::print_notes(&fallbacks, args.scenario.quiet);
    let run = RunFacts {
        backend: backend.name().to_owned(),
        adapter: backend.adapter().map(str::to_owned),
        threads: n_threads,
        batch: plan.batch,
        wall_seconds: begun.elapsed().as_secs_f64(),
        cpu_seconds: cpu_begun.elapsed().as_secs_f64(),
        paths_per_second: None,
        checks_per_cpu_second: None,
        fallbacks,
    };
    let levels = &scenario.run.levels;
    let level = levels.iter().copied().find(|level| *level == SHARES_LEVEL);
    let level = level.or(levels.first().copied()).unwrap_or(SHARES_LEVEL);
    let shares = engine::tail_shares(program, seed, n_threads, &tally, level)?;
    Ok(Counted { tally, shares, paired, run })
}

fn report(
    args: &RunArgs,
    facts: &Facts,
    counted: &Counted,
    out_dir: Option<OutDir>,
) -> Result<(), CliError> {
    let Counted { tally, shares, paired, run } = counted;
    let mut summary = Summary::of(tally, facts, shares.as_ref());
    if let Some(paired) = paired {
        summary = summary.with_feedback(paired, facts);
    }
    let run = run.clone().with_rates(&summary);
    if let Some(mut dir) = out_dir {
        let json = shortfall::report::format_named("json").unwrap_or(args.scenario.format());
        let whole = Report { summary: &summary, run: None };
        dir.write("summary.json", |out| (json.write)(&whole, out))?;
        dir.write("positions.csv", |out| csv::write_positions(tally, facts, shares.as_ref(), out))?;
        dir.write("worst_paths.csv", |out| csv::write_worst_paths(tally, facts, out))?;
        dir.write("run.json", |out| {
            serde_json::to_writer_pretty(&mut *out, &run)?;
            writeln!(out)
        })?;
        dir.commit()?;
    }
    let whole = Report { summary: &summary, run: Some(&run) };
    output::to_stdout(|out| (args.scenario.format().write)(&whole, out))
}
