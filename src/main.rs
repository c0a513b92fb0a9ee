//! The `shortfall` command: parse, call, turn an error into an exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
