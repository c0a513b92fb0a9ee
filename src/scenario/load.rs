//! A scenario's file, and the tables it names, to a scenario or to all faults of it, not the first.

use std::path::Path;
use std::sync::Arc;

use super::error::Faults;
use super::overrides::Overrides;
use super::reach::Reach;
use super::validate::read;
use super::{Scenario, table};

/// Reads and checks a scenario and the tables it names.
///
/// # Errors
///
/// All faults that can be told apart: a table is read even where the scenario itself is at fault,
/// unless the fault hides what the table's rows mean.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario, Faults> {
    all_faults(|faults| {
        let file: Arc<str> = path.display().to_string().into();
        let toml = table::read_text(path, &file, faults)?;
        let reach = Reach::of(path, overrides.allow_outside);
        read(path, &toml, &reach, overrides, faults)
    })
}

/// What was read, or all faults of it.
pub(super) fn all_faults(
    read: impl FnOnce(&mut Faults) -> Option<Scenario>,
) -> Result<Scenario, Faults> {
    let mut faults = Faults::default();
    match read(&mut faults) {
        Some(scenario) if faults.is_empty() => Ok(scenario),
        _ => {
            assert!(!faults.is_empty(), "no scenario, and no fault that says why");
            Err(faults)
        }
    }
}
