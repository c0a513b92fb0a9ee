//! The `shortfall` command: parse, call, turn an error into an exit code.

mod cli;

use std::process::ExitCode;

#[allow(unsafe_code, reason = "the environment is set before there is a second thread")]
fn main() -> ExitCode {
    // Mesa's layer that picks a default adapter asks the display server, and complains on stderr
    // where there is none; adapters are ranked here, so it is told to stay out.
    // SAFETY: no other thread runs yet that could read the environment meanwhile.
    unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    cli::main()
}
