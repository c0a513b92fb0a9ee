//! A scenario that stands in memory, with the tables that it names: no file is read.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::Scenario;
use super::error::{Fault, Faults, Input, Place};
use super::overrides::Overrides;
use super::reach::Reach;
use super::stream::check_length;
use super::{load, validate};

/// A scenario in memory.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// What faults call it, and what it is called where it gives itself no name.
    pub name: &'a str,
    /// The scenario, TOML.
    pub toml: &'a str,
    /// Tables, CSV, by the names that the scenario gives them: `book.csv`.
    pub tables: &'a [(&'a str, &'a str)],
    /// The folder in which other files that the scenario names are looked for; without one they are
    /// refused.
    pub folder: Option<&'a Path>,
}

impl<'a> Text<'a> {
    /// A scenario that is called `scenario`, alone.
    #[must_use]
    pub fn of(toml: &'a str) -> Self {
        Self { name: "scenario", toml, tables: &[], folder: None }
    }

    /// The same with tables.
    #[must_use]
    pub fn with_tables(self, tables: &'a [(&'a str, &'a str)]) -> Self {
        Self { tables, ..self }
    }

    /// Checks the scenario and the tables it names.
    ///
    /// # Errors
    ///
    /// All faults that can be told apart, as [`load`](super::load()) tells them.
    pub fn load(&self, overrides: &Overrides) -> Result<Scenario, Faults> {
        load::all_faults(|faults| self.read(overrides, faults))
    }

    fn read(&self, overrides: &Overrides, faults: &mut Faults) -> Option<Scenario> {
        let file: Arc<str> = self.name.into();
        if let Err(broken) = check_length(self.toml) {
            faults.push(Fault { place: Place { file, ..Place::default() }, broken });
            return None;
        }
        let blake3 = blake3::hash(self.toml.as_bytes());
        faults.inputs.push(Input { name: self.name.to_owned(), blake3 });
        let reach = Reach::of_text(self.folder, self.tables, overrides.allow_outside);
        validate::read(Path::new(self.name), self.toml, &reach, overrides, faults)
    }
}

/// A scenario that names no file.
impl FromStr for Scenario {
    type Err = Faults;

    fn from_str(toml: &str) -> Result<Self, Faults> {
        Text::of(toml).load(&Overrides::default())
    }
}
