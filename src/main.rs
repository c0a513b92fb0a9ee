//! The `shortfall` command: parse, call, turn an error into an exit code.

mod cli;

use std::process::ExitCode;

/// What the loader runs before Rust's runtime, which puts the null device in the place of a stdout
/// that is closed: from then on it cannot be told.
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[allow(unsafe_code, reason = "the function takes nothing, and only looks at a file descriptor")]
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static BEFORE_MAIN: extern "C" fn() = cli::look_at_stdout;

#[allow(unsafe_code, reason = "the environment is set before there is a second thread")]
fn main() -> ExitCode {
    // Mesa's layer that picks a default adapter asks the display server, and complains on stderr
    // where there is none; adapters are ranked here, so it is told to stay out.
    // SAFETY: no other thread runs yet that could read the environment meanwhile.
    unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    cli::main()
}
