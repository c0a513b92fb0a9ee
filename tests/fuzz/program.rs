//! Every field of a sound program is a hostile value once: it is refused by name, or walked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::{Number, Value};
use shortfall::engine::Backend;
use shortfall::engine::cpu::Cpu;
use shortfall::engine::reference::Reference;
use shortfall::engine::shape::shape;
use shortfall::program::Program;
use shortfall::scenario::{Overrides, load};
use shortfall::tail::{Counters, Outcome};
use shortfall::units::MOST_PATHS;

use super::dice::Dice;
use super::limits::{MOST_BYTES, MOST_TIME, Taken};

/// Entries of a list that are changed: the first, the last, and some between.
const SOME: usize = 6;

/// A program as a tree of values. Curves are long, and a tree of their own.
pub(crate) struct ProgramTree {
    program: Program,
    tree: Value,
    curves: Value,
}

impl ProgramTree {
    pub(crate) fn of(program: &Program) -> Self {
        let mut bare = program.clone();
        let curves = bare.liquidity.as_mut().map(|it| std::mem::take(&mut it.curves));
        let of_json = |it: Result<Value, serde_json::Error>| it.expect("a program is JSON");
        let tree = of_json(serde_json::to_value(&bare));
        let curves = of_json(serde_json::to_value(curves.unwrap_or_default()));
        let found = Self { program: program.clone(), tree, curves };
        let again = found.with_tree(found.tree.clone()).expect("and back");
        assert!(again == *program, "a program comes back");
        let again = found.with_curves(found.curves.clone()).expect("and back");
        assert!(again == *program, "a program comes back");
        found
    }

    /// The program of another tree; `None` if it is none.
    fn with_tree(&self, tree: Value) -> Option<Program> {
        let mut program: Program = serde_json::from_value(tree).ok()?;
        if let (Some(liquidity), Some(sound)) = (&mut program.liquidity, &self.program.liquidity)
            && liquidity.curves.is_empty()
        {
            liquidity.curves.clone_from(&sound.curves);
        }
        Some(program)
    }

    /// The program of other curves.
    fn with_curves(&self, curves: Value) -> Option<Program> {
        let curves = serde_json::from_value(curves).ok()?;
        let mut program = self.program.clone();
        if let Some(liquidity) = &mut program.liquidity {
            liquidity.curves = curves;
        }
        Some(program)
    }

    /// The program with a few values changed; `None` if it is none then.
    pub(crate) fn harmed(&self, dice: &mut Dice) -> Option<Program> {
        if dice.below(8) == 0 {
            let mut curves = self.curves.clone();
            dice.harm_tree(&mut curves);
            return self.with_curves(curves);
        }
        let mut tree = self.tree.clone();
        dice.harm_tree(&mut tree);
        self.with_tree(tree)
    }
}

/// A sound program, each of whose fields is to be another.
pub(crate) struct Hostile {
    tree: ProgramTree,
    seed: u64,
}

/// Where a value stands: keys of objects and places in lists.
type Place = Vec<Step>;

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    At(usize),
}

impl Hostile {
    pub(crate) fn of(name: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name);
        let scenario = load(&from.join("scenario.toml"), &Overrides::default())
            .unwrap_or_else(|faults| panic!("{faults}"));
        let program = shortfall::engine::compile(&scenario).expect("a seed compiles");
        Self { tree: ProgramTree::of(&program), seed: scenario.run.seed }
    }

    /// Values that were tried, and how many were refused.
    pub(crate) fn every_field(&self) -> (usize, usize) {
        let of_tree = self.fields_of(&self.tree.tree, |it| self.tree.with_tree(it));
        let of_curves = self.fields_of(&self.tree.curves, |it| self.tree.with_curves(it));
        (of_tree.0 + of_curves.0, of_tree.1 + of_curves.1)
    }

    fn fields_of(&self, sound: &Value, with: impl Fn(Value) -> Option<Program>) -> (usize, usize) {
        let mut places = Vec::new();
        leaves(sound, &mut Vec::new(), &mut places);
        let mut dice = Dice(self.seed);
        let (mut n_tried, mut n_refused, mut broken) = (0, 0, Vec::new());
        for place in &places {
            for value in values(at(sound, place), &mut dice) {
                let mut tree = sound.clone();
                set(&mut tree, place, value.clone());
                n_tried += 1;
                // What is no value of its type is refused when it is read.
                let program = with(tree).filter(|program| {
                    let refused = program.check().err();
                    assert!(refused.is_none_or(|error| !error.to_string().is_empty()));
                    refused.is_none()
                });
                let Some(program) = program else {
                    n_refused += 1;
                    continue;
                };
                let (found, taken) =
                    Taken::by(|| catch_unwind(AssertUnwindSafe(|| self.walk(&program))));
                let is_well = found.is_ok() && taken.bytes <= MOST_BYTES && taken.time <= MOST_TIME;
                if !is_well {
                    broken.push(format!("{place:?} = {value}: {taken:?}"));
                }
            }
        }
        assert!(broken.is_empty(), "{} values are not:\n{}", broken.len(), broken.join("\n"));
        (n_tried, n_refused)
    }

    /// Walks a few paths, one where a path is long: the CPU finds what the reference walker does.
    fn walk(&self, program: &Program) {
        let n_cells = program.market.n_steps * program.market.n_assets;
        if n_cells > 1 << 20 {
            return;
        }
        let n_paths = ((1 << 8) / n_cells).clamp(1, 16) as u64;
        let mut counters = Counters::new(shape(program));
        let mut expected = counters.clone();
        for start in [0, MOST_PATHS - n_paths] {
            let mut outcomes = vec![Outcome::default(); n_paths as usize];
            let mut cpu = Cpu::new(program, self.seed, 1);
            let paths = start..start + n_paths;
            cpu.run(paths, &mut outcomes, &mut counters).expect("the CPU walks");
            assert!(outcomes.iter().all(|it| (0..1 << 62).contains(&it.loss())), "a loss");
            let paths = start..start + n_paths;
            let mut plainly = outcomes.clone();
            let mut reference = Reference::new(program, self.seed, 1);
            reference.run(paths, &mut plainly, &mut expected).expect("the reference walker walks");
            assert_eq!(outcomes, plainly, "the CPU and the reference walker differ");
        }
        assert_eq!(counters, expected, "the counters of the CPU and of the reference walker");
    }
}

/// The places of all numbers and lists, of long lists those of some entries.
fn leaves(value: &Value, place: &mut Place, found: &mut Vec<Place>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                place.push(Step::Key(key.clone()));
                leaves(value, place, found);
                place.pop();
            }
        }
        Value::Array(list) => {
            found.push(place.clone());
            let stride = (list.len() / SOME).max(1);
            for (idx, value) in list.iter().enumerate() {
                if idx % stride == 0 || idx + 1 == list.len() {
                    place.push(Step::At(idx));
                    leaves(value, place, found);
                    place.pop();
                }
            }
        }
        _ => found.push(place.clone()),
    }
}

fn at<'v>(tree: &'v Value, place: &[Step]) -> &'v Value {
    place.iter().fold(tree, |value, step| match step {
        Step::Key(key) => &value[key.as_str()],
        Step::At(idx) => &value[*idx],
    })
}

fn set(tree: &mut Value, place: &[Step], value: Value) {
    let slot = place.iter().fold(tree, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::At(idx) => &mut value[*idx],
    });
    *slot = value;
}

/// What a value is changed to.
fn values(was: &Value, dice: &mut Dice) -> Vec<Value> {
    match was {
        Value::Number(number) => {
            let mut all: Vec<Value> = [0, 1, -1, i64::MAX, i64::MIN, i64::from(i32::MIN)]
                .into_iter()
                .chain([i64::from(u32::MAX), i64::from(i32::MAX), 1 << 61])
                .map(Value::from)
                .collect();
            all.push(u64::MAX.into());
            all.extend((0..4).map(|_| Value::Number(dice.number(number))));
            let float = Number::from_f64(1e308).map(Value::Number);
            all.extend(float.filter(|_| number.is_f64()));
            all
        }
        Value::Array(list) => {
            let mut all = vec![Value::Array(Vec::new())];
            if let Some(last) = list.last() {
                all.push(Value::Array(list[..list.len() - 1].to_vec()));
                all.push(Value::Array([&list[..], std::slice::from_ref(last)].concat()));
                all.push(Value::Array(list.iter().rev().cloned().collect()));
                all.push(Value::Array([&list[..], &list[..]].concat()));
            }
            all
        }
        Value::Null => vec![Value::from(0), Value::Array(vec![Value::from(0), Value::from(1)])],
        _ => vec![Value::Null],
    }
}
