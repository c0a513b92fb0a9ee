//! What `shortfall bench` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use shortfall::lanes::Lanes;
use shortfall::report::{FORMATS, Format};

use crate::cli::asked::{ReachArgs, formats};
use crate::cli::backend::lanes;
use crate::cli::number;

#[derive(Debug, Args)]
pub(in crate::cli) struct BenchArgs {
    /// The scenario, a TOML file [default: 1,000 positions in the market of the reference scenario]
    pub(super) scenario: Option<PathBuf>,
    /// How long to measure, in all [default: 10s]; with --scale, for each size [default: 6s]
    #[arg(long, value_name = "DURATION", value_parser = number::duration)]
    pub(super) seconds: Option<Duration>,
    /// A GPU to measure beside the CPU: a part of its name, or its number in `shortfall devices`;
    /// may be given again [default: a hardware GPU, if there is one]
    #[arg(long, value_name = "NAME|INDEX")]
    pub(super) device: Vec<String>,
    /// Measure the reference walker as well, on one thread
    #[arg(long)]
    pub(super) reference: bool,
    /// Threads of the CPU, measured beside one thread [default: all]
    #[arg(long, value_name = "N", value_parser = number::count::<u16>(1, 4096),
          allow_negative_numbers = true)]
    pub(super) threads: Option<u16>,
    /// Vector lanes of the CPU: portable, avx2, avx512 [default: widest]
    #[arg(long, value_name = "NAME", value_parser = lanes)]
    pub(super) lanes: Option<Lanes>,
    /// Instead: how the CPU's cost grows with paths, positions, steps and assets
    #[arg(long, conflicts_with_all = ["scenario", "device", "reference"])]
    pub(super) scale: bool,
    /// With --scale: leave out sizes beyond this
    #[arg(long, value_name = "N", requires = "scale",
          value_parser = number::count::<u64>(2, 1 << 40), allow_negative_numbers = true)]
    pub(super) largest: Option<u64>,
    /// With --scale: draw the growth into this file, as SVG
    #[arg(long, value_name = "FILE", requires = "scale")]
    pub(super) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reach: ReachArgs,
    /// How results are written to stdout
    #[arg(long, value_parser = formats(), default_value = FORMATS[0].name)]
    pub(super) format: &'static Format,
    /// Nothing on stderr but errors
    #[arg(long)]
    pub(super) quiet: bool,
}
