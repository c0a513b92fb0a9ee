//! Signals, from the first instruction to the last: what asks for the end ends the process with
//! its exit code, at once, or where something is being written or walked, as soon as that is whole.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use signal_hook::consts::{SIGABRT, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::exit::Exit;
use super::stderr::to_stderr;
use super::stopped::StoppedBy;

// A process has one set of signal handlers.

/// The number of the last signal that asked for the end, 0 before.
static SIGNAL: AtomicUsize = AtomicUsize::new(0);
/// Whether the next one ends the process at once.
static AT_ONCE: AtomicBool = AtomicBool::new(true);
/// How many hold the end up.
static N_HELD: AtomicUsize = AtomicUsize::new(0);
/// Whether the process aborts because of a fault of ours.
static IS_FAULT: AtomicBool = AtomicBool::new(false);
static ALWAYS: AtomicBool = AtomicBool::new(true);
/// Raised by a signal that is to do nothing else.
#[cfg(unix)]
static IGNORED: AtomicBool = AtomicBool::new(false);

/// Watches for signals from here on.
pub(super) fn watch() -> io::Result<()> {
    for (number, by) in [(SIGINT, StoppedBy::Interrupt), (SIGTERM, StoppedBy::Termination)] {
        // In this order: the first signal that is held up finds the flag down, and raises it.
        flag::register_conditional_shutdown(number, by.exit() as i32, &AT_ONCE)?;
        flag::register(number, &AT_ONCE)?;
        flag::register_usize(number, &SIGNAL, number as usize)?;
    }
    // Memory that the system refuses ends in an abort, once its size is on stderr; so does a panic
    // within a panic, and that is told apart.
    flag::register_conditional_shutdown(SIGABRT, Exit::Fault as i32, &IS_FAULT)?;
    flag::register_conditional_shutdown(SIGABRT, Exit::Io as i32, &ALWAYS)?;
    // With a handler, a write beyond the limit of a file's size fails, and its path is told.
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, &IGNORED)?;
    Ok(())
}

/// An abort that follows is a fault of ours.
pub(super) fn fault() {
    IS_FAULT.store(true, SeqCst);
}

/// Holds the end up until it is dropped: for what must be whole. A second signal does not wait.
pub(super) fn hold() -> Held {
    if N_HELD.fetch_add(1, SeqCst) == 0 {
        AT_ONCE.store(false, SeqCst);
    }
    Held
}

/// Lets a signal wait.
pub(super) struct Held;

impl Held {
    /// What has asked for the end until now.
    pub(super) fn stopped_by(&self) -> Option<StoppedBy> {
        match SIGNAL.load(SeqCst) {
            0 => None,
            signal if signal == SIGINT as usize => Some(StoppedBy::Interrupt),
            _ => Some(StoppedBy::Termination),
        }
    }

    /// Lets go, and leaves it to the caller to end.
    pub(super) fn release(self) -> Option<StoppedBy> {
        let stopped_by = self.let_go();
        std::mem::forget(self);
        stopped_by
    }

    /// What has asked for the end, if this was the last that held it up.
    fn let_go(&self) -> Option<StoppedBy> {
        if N_HELD.fetch_sub(1, SeqCst) > 1 {
            return None;
        }
        // In this order: a signal in between is seen, and one behind ends the process.
        AT_ONCE.store(true, SeqCst);
        self.stopped_by()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(by) = self.let_go().filter(|_| !std::thread::panicking()) {
            to_stderr(&format!("stopped by {by}"));
            low_level::exit(by.exit() as i32);
        }
    }
}
