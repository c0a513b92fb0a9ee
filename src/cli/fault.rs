//! A fault of the program itself: one line that asks for a report, and exit code 1.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use super::signals;
use super::stderr::to_stderr;

/// Runs a command; `None` if it panicked, and then one line is on stderr.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    // A panic in a thread of a scope makes the scope panic too: the first line tells the cause.
    static TOLD: Once = Once::new();
    panic::set_hook(Box::new(|info| {
        signals::fault();
        TOLD.call_once(|| to_stderr(&line_of(info)));
    }));
    // What a panic leaves half-changed dies with the process; files are written aside until whole.
    panic::catch_unwind(AssertUnwindSafe(run)).ok()
}

fn line_of(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string);
    line(message_of(info.payload()), place.as_deref().unwrap_or("an unknown place"))
}

fn message_of(payload: &dyn Any) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

fn line(message: &str, place: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "a fault of shortfall {} itself, not of your input, at {place}: {message}: \
         please report this line with your command and scenario",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_what_returns_is_handed_on() {
        assert_eq!(guarded(|| 7), Some(7));
        assert_eq!(guarded(|| -> u8 { panic!("{} is not below {}", 3, 2) }), None);
        let _ = panic::take_hook();
    }

    #[test]
    fn a_fault_is_one_line_that_asks_for_a_report() {
        let told = line("left is not right\n left: 1\n right: 2", "src/tail/tally.rs:99:13");
        assert!(!told.contains('\n'), "{told}");
        assert!(told.contains("src/tail/tally.rs:99:13: left is not right left: 1 right: 2"));
        assert!(told.ends_with("please report this line with your command and scenario"));
    }

    #[test]
    fn the_message_is_found_whether_literal_or_formatted() {
        assert_eq!(message_of(&"literal"), "literal");
        assert_eq!(message_of(&"formatted".to_owned()), "formatted");
        assert_eq!(message_of(&7), "no message");
    }
}
