//! Scenarios, tables and gates: what is read is refused with its faults, or walked.

use std::fs;
use std::path::{Path, PathBuf};

use shortfall::engine::cpu::Cpu;
use shortfall::engine::{Backend, compile};
use shortfall::report::ladder::ladder;
use shortfall::scenario::{Overrides, load};
use shortfall::tail::{Counters, Outcome};

use super::dice::Dice;

/// Prices of a path, assets times steps, that a case may walk within its time.
const MOST_CELLS: usize = 1 << 16;
/// Gates, from which others are drawn.
const GATES: [&str; 5] =
    ["es99 < 2.5e6", "probability <= 1%", "mean rel 1%", "var95 > 0", "opening.bad_debt < 1"];

/// A scenario and its tables, in a folder of their own.
pub(crate) struct Texts {
    from: PathBuf,
    folder: tempfile::TempDir,
    files: Vec<(String, String)>,
}

impl Texts {
    pub(crate) fn of(name: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name);
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Vec::new();
        for entry in fs::read_dir(&from).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a text");
            fs::write(folder.path().join(&name), &text).expect("a folder that can be written");
            files.push((name, text));
        }
        files.sort();
        Self { from, folder, files }
    }

    /// One of the files is another; its name and bytes.
    pub(crate) fn harmed(&self, dice: &mut Dice) -> (String, Vec<u8>) {
        // The scenario as often as all tables.
        let scenario = self.files.iter().find(|(name, _)| name == "scenario.toml");
        let (name, text) = match dice.below(2) {
            0 => scenario.expect("a scenario"),
            _ => dice.of(&self.files),
        };
        (name.clone(), dice.harm_text(text))
    }

    /// Gates that are drawn.
    pub(crate) fn gates(dice: &mut Dice) -> Overrides {
        let text = |dice: &mut Dice| {
            let gate = *dice.of(&GATES);
            String::from_utf8_lossy(&dice.harm_text(gate)).into_owned()
        };
        let gates = (0..dice.few()).map(|_| text(dice)).collect();
        let until = (dice.below(2) == 0).then(|| text(dice));
        Overrides { gates, until, ..Overrides::default() }
    }

    /// Loads the folder with one file changed, and goes on as a run does; whether it was a run.
    pub(crate) fn run(&self, name: &str, bytes: &[u8], overrides: &Overrides) -> bool {
        let place = self.folder.path().join(name);
        fs::write(&place, bytes).expect("a folder that can be written");
        let is_run = self.walk(overrides);
        fs::copy(self.from.join(name), &place).expect("a folder that can be written");
        is_run
    }

    fn walk(&self, overrides: &Overrides) -> bool {
        let scenario = match load(&self.folder.path().join("scenario.toml"), overrides) {
            Ok(scenario) => scenario,
            Err(faults) => {
                assert!(!faults.to_string().is_empty());
                return false;
            }
        };
        let n_cells = scenario.market.assets.len() * scenario.run.n_steps as usize;
        if n_cells > MOST_CELLS {
            return false;
        }
        let program = match compile(&scenario) {
            Ok(program) => program,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return false;
            }
        };
        assert_eq!(program.check(), Ok(()), "a compiled program is sound");
        assert!(!ladder(&scenario, &[0.1, 0.5]).is_empty());
        let mut outcomes = [Outcome::default(); 8];
        let mut counters = Counters::new(shortfall::engine::shape::shape(&program));
        let mut cpu = Cpu::new(&program, scenario.run.seed, 1);
        cpu.run(0..8, &mut outcomes, &mut counters).expect("the CPU walks");
        true
    }

    /// The bytes of a file as they are.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        let file = self.files.iter().find(|(it, _)| it == name);
        file.map(|(_, text)| text.clone().into_bytes()).unwrap_or_default()
    }
}
