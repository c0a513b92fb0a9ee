//! In what two runs differ, by the names of the scenario's keys as far as they tell.

use serde::Serialize;
use serde_json::Value;

use super::error::Difference;
use super::plan::{Input, Origin, RunPlan, Subject};
use crate::report::Facts;

/// In what a run differs from another; nothing if they are the same run, whatever their origins
/// look like. Facts tell more than their digest, where they are known.
#[must_use]
pub fn between(
    (there, their_facts): (&RunPlan, Option<&Facts>),
    (here, our_facts): (&RunPlan, &Facts),
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differs = |key: &str, there: String, here: String| {
        if there != here {
            found.push(Difference { key: key.to_owned(), there, here });
        }
    };
    differs("n_paths", there.n_paths.to_string(), here.n_paths.to_string());
    if there.key() == here.key() {
        return found;
    }
    differs("format", there.format.to_string(), here.format.to_string());
    differs("version", there.version.clone(), here.version.clone());
    differs("seed", there.seed.to_string(), here.seed.to_string());
    let [theirs, ours] = [there, here].map(|it| it.compares_feedback.to_string());
    differs("compare_feedback", theirs, ours);
    let mut of_origins = of_origins(&there.origin, &here.origin);
    // Said already, with what the command line made of it.
    of_origins.retain(|it| it.key != "run.seed");
    found.extend(of_origins);
    if let (true, Some(theirs)) = (found.is_empty(), their_facts) {
        found.extend(of_facts(theirs, our_facts));
    }
    if found.is_empty() {
        found.extend(of_digests(there, here));
    }
    found
}

/// In what the run in a folder differs from that of a scenario, whatever its number of paths and
/// the version that made it; nothing if it is that scenario's.
#[must_use]
pub fn of_scenario(there: &Subject, here: &Subject) -> Vec<Difference> {
    let mut found = of_digests(&there.plan, &here.plan);
    if found.is_empty() && there.plan.version == here.plan.version {
        // Another version may have worded them otherwise.
        return of_notes(&there.facts, &here.facts);
    }
    if found.is_empty() {
        return found;
    }
    let mut telling = of_origins(&there.plan.origin, &here.plan.origin);
    telling.extend(of_facts(&there.facts, &here.facts));
    if there.program != here.program && telling.is_empty() {
        telling.extend(differences(&there.program, &here.program));
    }
    if telling.is_empty() {
        telling.append(&mut found);
    }
    telling
}

/// Digests that differ.
fn of_digests(there: &RunPlan, here: &RunPlan) -> Vec<Difference> {
    let pairs = [
        ("program", there.program_digest.clone(), here.program_digest.clone()),
        ("meaning", there.meaning_digest.to_string(), here.meaning_digest.to_string()),
    ];
    let differing = pairs.into_iter().filter(|(_, there, here)| there != here);
    let told =
        |(of, there, here)| Difference { key: format!("the digest of the {of}"), there, here };
    differing.map(told).collect()
}

fn of_origins(there: &Origin, here: &Origin) -> Vec<Difference> {
    let mut found = differences(&there.keys, &here.keys);
    found.extend(of_files(&there.files, &here.files));
    found
}

/// Facts that make another run.
fn of_facts(there: &Facts, here: &Facts) -> Vec<Difference> {
    let mut found = differences(there, here);
    found.retain(|it| !UNTOLD.iter().any(|key| it.key.starts_with(key)));
    found
}

/// Notes that only one of the two has: a warning that was taken away, or words that were put in.
/// The folders of files, which differ between machines, are left out.
fn of_notes(there: &Facts, here: &Facts) -> Vec<Difference> {
    let plain = |note: &String| -> String {
        let words = note.split(' ').map(|word| word.rsplit(['/', '\\']).next().unwrap_or(word));
        words.collect::<Vec<_>>().join(" ")
    };
    let [theirs, ours] =
        [there, here].map(|facts| facts.notes.iter().map(plain).collect::<Vec<String>>());
    let none = || "missing".to_owned();
    let told = |there, here| Difference { key: "a note".to_owned(), there, here };
    let lacking = ours.iter().filter(|note| !theirs.contains(note));
    let made_up = theirs.iter().filter(|note| !ours.contains(note));
    let lacking = lacking.map(|note| told(none(), note.clone()));
    lacking.chain(made_up.map(|note| told(note.clone(), none()))).collect()
}

/// Facts that make no other run, and one that is told by the plan.
const UNTOLD: [&str; 3] = ["scenario", "notes", "program_digest"];

/// Tables of other bytes. The scenario is the first file, and its keys say more than its digest.
fn of_files(there: &[Input], here: &[Input]) -> Vec<Difference> {
    let pairs = there.iter().zip(here).skip(1).filter(|(there, here)| there.blake3 != here.blake3);
    let told = |(there, here): (&Input, &Input)| Difference {
        key: format!("the digest of {}", here.name),
        there: there.blake3.to_string(),
        here: here.blake3.to_string(),
    };
    pairs.map(told).collect()
}

/// In what the values of two objects differ, by the names of their keys.
#[must_use]
pub fn differences(there: &impl Serialize, here: &impl Serialize) -> Vec<Difference> {
    let mut found = Vec::new();
    // A number beyond JSON's differs without a name.
    if let (Ok(there), Ok(here)) = (serde_json::to_value(there), serde_json::to_value(here)) {
        compare("", &there, &here, &mut found);
    }
    found
}

fn compare(key: &str, there: &Value, here: &Value, found: &mut Vec<Difference>) {
    match (there, here) {
        (Value::Object(theirs), Value::Object(ours)) if theirs.keys().eq(ours.keys()) => {
            for ((name, theirs), ours) in theirs.iter().zip(ours.values()) {
                let dot = if key.is_empty() { "" } else { "." };
                compare(&format!("{key}{dot}{name}"), theirs, ours, found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (place, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{key}[{place}]"), theirs, ours, found);
            }
        }
        _ if there == here => {}
        (Value::Array(theirs), Value::Array(ours)) if theirs.len().max(ours.len()) > 8 => {
            let key = format!("the length of {key}");
            let (there, here) = (theirs.len().to_string(), ours.len().to_string());
            found.push(Difference { key, there, here });
        }
        _ => found.push(Difference {
            key: key.to_owned(),
            there: there.to_string(),
            here: here.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_keys_with_both_values() {
        let of = |seed: u64, levels: &[f64], n: usize| {
            let rows = vec![0; n];
            serde_json::json!({ "seed": seed, "levels": levels, "rows": rows })
        };
        let same = differences(&of(1, &[0.9], 3), &of(1, &[0.9], 3));
        assert_eq!(same, []);
        let found = differences(&of(1, &[0.9, 0.99], 9), &of(2, &[0.9, 0.999], 10));
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "levels[1] is 0.99 there and 0.999 here",
                "the length of rows is 9 there and 10 here",
                "seed is 1 there and 2 here",
            ]
        );
    }
}
