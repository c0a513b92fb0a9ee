//! Is every forgery that the program's own code can make refused, by the name of what is false?
//!
//! All of them are sealed again throughout; what then refuses them is said of each. What is refused
//! at reading, by the scenario, by the figures or by the tail is refused always; what a block or a
//! segment shows is refused where it is drawn.

mod counts;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use shortfall::archive::sealed::{digest, json, pack, pack_json};
use shortfall::archive::{
    BLOCKS, COMMITMENT, FACTS, Kind, MANIFEST, PLAN, PROGRAM, SUMMARY, Sealed, Subject,
};
use shortfall::report::PoolLabel;
use shortfall::tail::{Leaf, Outcome};
use shortfall::units::{AssetId, VenueId};

use super::forger::{Forgery, Refused, edit, forge, lie, list, lossless, parts, refused, replace};
use super::{N_PATHS, moving, subject, whole};

/// A true run, and a place for forgeries of it.
struct Truth {
    dir: TempDir,
    root: PathBuf,
    subject: Subject,
}

impl Truth {
    fn new(subject: Subject) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let root = dir.path().join("true");
        whole(&subject, &root);
        Self { dir, root, subject }
    }

    fn place(&self) -> PathBuf {
        let n = std::fs::read_dir(self.dir.path()).expect("a folder").count();
        self.dir.path().join(format!("forged-{n}"))
    }

    /// Changes the run and seals it again.
    fn forged(&self, change: impl FnOnce(&mut Forgery)) -> PathBuf {
        let to = self.place();
        forge(&self.root, &to, change);
        to
    }

    /// A run of the same subject in which outcomes are lied about.
    fn lied(&self, about: &dyn Fn(u64, &mut Outcome)) -> PathBuf {
        let to = self.place();
        lie(&self.subject, &to, about);
        to
    }

    /// Asserts that a folder is refused, by what and with which words.
    fn refuses(&self, root: &Path, by: Refused, words: &str) {
        let found = refused(root, Some(&self.subject));
        let (found, told) = found.unwrap_or_else(|| panic!("it passes, and not: {words}"));
        assert!(
            found == by && told.contains(words),
            "by {found:?}, and not {by:?}, {words}: {told}"
        );
    }

    /// The least loss of the tail, which is walked again whatever is drawn.
    fn least_of_tail(&self) -> i64 {
        let sealed = Sealed::read(&self.root).expect("sealed");
        sealed.tail().last().expect("a tail").1
    }
}

/// A subject whose parts were changed, with the digests that they have now.
fn bound(changed: Subject) -> Subject {
    let Subject { program, mut facts, plan } = changed;
    facts.program_digest = program.digest().to_string();
    Subject::new(program, facts, plan.n_paths, plan.compares_feedback, plan.origin)
}

fn truth() -> Truth {
    Truth::new(subject(N_PATHS, 1))
}

/// All that a path lost is a part of it.
fn thirtieth(_: u64, it: &mut Outcome) {
    (it.realised, it.stranded, it.under_water) =
        (it.realised / 30, it.stranded / 30, it.under_water / 30);
}

#[test]
fn what_is_sealed_again_unchanged_passes() {
    let truth = truth();
    let again = truth.forged(|_| {});
    assert_eq!(refused(&again, Some(&truth.subject)), None, "the forger's own tools are sound");
    assert_eq!(super::files(&again), super::files(&truth.root));
}

/// What a forger changes, and the words that refuse it.
type Change = (fn(&mut Forgery), &'static str);

/// The first row of the table of forgeries: the figures are rewritten, in three depths.
#[test]
fn figures_that_are_lowered_are_refused() {
    let truth = truth();
    let low = truth.lied(&thirtieth);
    truth.refuses(&low, Refused::Tail, "quanta, and");
    let (low, honest) = (parts(&low), parts(&truth.root));
    // Sums, histogram and worst paths, with the blocks as they were.
    let blocks_kept = truth.forged(|it| {
        it.parts.clone_from(&low);
        for (part, honest) in it.parts.iter_mut().zip(&honest) {
            part.tally.blocks.clone_from(&honest.tally.blocks);
        }
    });
    let words = "its list of sums is not what the scalars of its blocks come to";
    truth.refuses(&blocks_kept, Refused::Reading, words);
    // The scalars of the blocks too, with the digests of their outcomes as they were.
    let digests_kept = |low: &[shortfall::engine::Part]| {
        truth.forged(|it| {
            it.parts = low.to_vec();
            for (part, honest) in it.parts.iter_mut().zip(&honest) {
                for (block, leaf) in &mut part.tally.blocks {
                    *leaf = Leaf::new(honest.tally.blocks[block].outcomes, &leaf.scalars());
                }
            }
        })
    };
    truth.refuses(&digests_kept(&low), Refused::Tail, "when it is walked again");
    // Everything but the tail.
    let least = truth.least_of_tail();
    let spare = move |_: u64, it: &mut Outcome| {
        if it.loss() < least {
            lossless(it);
        }
    };
    let low = truth.lied(&spare);
    let words = "block 0 (paths 0 to 4095) has digest";
    truth.refuses(&low, Refused::Block, words);
    truth.refuses(&digests_kept(&parts(&low)), Refused::Block, words);
}

#[test]
fn facts_of_another_meaning_are_refused() {
    let truth = truth();
    let reading: [Change; 5] = [
        (|it| it.facts.quantum_log2 -= 10, "quantum_log2 cannot be: it is that of the program"),
        (|it| it.facts.opening.debt_usd = 1e6, "opening cannot be: it is that of the program"),
        (|it| it.facts.opening.n = 1, "opening cannot be: it is that of the program"),
        (|it| it.facts.rounding *= 2, "rounding cannot be: it is that of the program"),
        (|it| it.facts.pools[0].debt_asset = "A".to_owned(), "pools cannot be: venues and assets"),
    ];
    for (change, words) in reading {
        truth.refuses(&truth.forged(change), Refused::Reading, words);
    }
    let tie: [Change; 9] = [
        (|it| it.facts.seed = 2, "seed is 1 there"),
        (|it| it.facts.step_hours = 2.0, "step_hours is 2.0 there and 1.0 here"),
        (|it| it.facts.levels[1] = 0.999, "levels[1] is 0.999 there and 0.99 here"),
        (|it| it.facts.levels.truncate(1), "levels is [0.9] there and [0.9,0.99] here"),
        (|it| it.facts.assets[0] = "B".to_owned(), "assets[0] is \"B\" there and \"A\" here"),
        (|it| it.facts.venues[0] = "other".to_owned(), "venues[0] is \"other\" there and \"bank\""),
        (
            |it| it.facts.positions.swap(0, 2),
            "positions[0].position is \"c\" there and \"a\" here; positions[2].position is \"a\"",
        ),
        (
            |it| {
                it.facts.assets.swap(0, 1);
                it.facts.pools[0].debt_asset = "A".to_owned();
            },
            "assets[0] is \"USD\" there and \"A\" here",
        ),
        (
            |it| it.facts.opening.mode = shortfall::scenario::Opening::Settle,
            "opening.mode is \"settle\" there",
        ),
    ];
    for (change, words) in tie {
        let words = words.replace("seed is 1 there", "seed is 2 there and 1 here");
        truth.refuses(&truth.forged(change), Refused::Tie, &words);
    }
    // The names beside a plan that has the meaning of the true ones.
    let root = truth.forged(|_| {});
    let (mut facts, mut plan) = (truth.subject.facts.clone(), truth.subject.plan.clone());
    facts.positions.swap(0, 2);
    plan.facts_digest = digest(&json(&facts));
    replace(&root, FACTS, &json(&facts));
    replace(&root, PLAN, &pack_json(&plan));
    let words =
        "its seed, unit of money, step, opening, levels or names are not those of plan.json";
    truth.refuses(&root, Refused::Reading, words);
    // Another seed is seen without the scenario too: the paths are others.
    let other_seed = truth.forged(|it| it.facts.seed = 2);
    let (by, told) = refused(&other_seed, None).expect("it passes");
    assert!(by == Refused::Tail && told.contains("when it is walked again"), "{told}");
}

/// Nothing of a folder says that its program is that of a scenario: the scenario does.
#[test]
fn a_program_of_another_market_or_of_other_pools_is_refused() {
    let truth = truth();
    let mut calm = moving(N_PATHS, 1, 4.0);
    calm.facts = truth.subject.facts.clone();
    let root = truth.place();
    whole(&bound(calm), &root);
    assert_eq!(refused(&root, None), None, "it is a true run of that program");
    truth.refuses(&root, Refused::Tie, "market.");
    // The outcomes of the calm market under the true program.
    let calm = parts(&root);
    let root = truth.forged(|it| it.parts = calm);
    truth.refuses(&root, Refused::Tail, "when it is walked again");
    let pools = truth.forged(|it| {
        it.program.pools[0] = (VenueId(0), AssetId(0));
        it.facts.pools[0].debt_asset = "A".to_owned();
    });
    let words = "no backend can walk it, legs.pool: it is that of the venue and the asset";
    truth.refuses(&pools, Refused::Reading, words);
    let mut more = truth.subject.clone();
    more.program.pools.push((VenueId(0), AssetId(0)));
    let label = PoolLabel { venue: VenueId(0), debt_asset: "A".to_owned() };
    more.facts.pools.push(label);
    let root = truth.place();
    whole(&bound(more), &root);
    truth.refuses(&root, Refused::Reading, "no backend can walk it, pools: each is there once");
    // The program alone, beside facts and a plan that name the true one.
    let root = truth.forged(|_| {});
    let program = moving(N_PATHS, 1, 4.0).program;
    replace(&root, PROGRAM, &pack(Kind::Program, &program));
    let words = "program.bin is damaged: it is not what the segments add up to";
    truth.refuses(&root, Refused::Reading, words);
}

#[test]
fn a_money_unit_that_is_other_in_program_and_facts_is_refused() {
    let truth = truth();
    let mut unit = truth.subject.clone();
    unit.program.money_log2 -= 10;
    unit.facts.quantum_log2 -= 10;
    unit.facts.rounding = unit.program.rounding_bound();
    let root = truth.place();
    whole(&bound(unit), &root);
    truth.refuses(&root, Refused::Tie, "quantum_log2 is");
}

#[test]
fn a_note_that_was_taken_away_or_made_up_is_refused() {
    let mut noted = subject(N_PATHS, 1);
    noted.facts.notes.push("marks hit their bounds".to_owned());
    let truth = Truth::new(bound(noted));
    let root = truth.forged(|it| it.facts.notes.clear());
    truth.refuses(&root, Refused::Tie, "a note is missing there and marks hit their bounds here");
    let root = truth.forged(|it| it.facts.notes.push("audited".to_owned()));
    truth.refuses(&root, Refused::Tie, "a note is audited there and missing here");
}

#[test]
fn files_that_do_not_follow_from_the_segments_are_refused() {
    let truth = truth();
    let root = truth.forged(|_| {});
    edit(&root, COMMITMENT, |it| it["root"]["scalars"]["sums"]["n_losing"] = 1.into());
    truth.refuses(&root, Refused::Figures, "commitment.json is damaged: it is not what");
    let root = truth.forged(|_| {});
    edit(&root, SUMMARY, |it| it["bad_debt"]["mean_usd"] = 0.0.into());
    truth.refuses(&root, Refused::Figures, "summary.json is damaged: it is not what");
    let root = truth.forged(|_| {});
    let mut bytes = super::files(&root)[BLOCKS].clone();
    bytes.swap(0, 40);
    replace(&root, BLOCKS, &bytes);
    truth.refuses(&root, Refused::Figures, "blocks.bin is damaged: it is not what");
    let root = truth.forged(|_| {});
    let known = super::files(&root)[SUMMARY].clone();
    for name in ["../x", "/etc/hostname", "segments/../../x", "segments/000000000-00000001x"] {
        list(&root, |it| {
            it.files.insert(name.to_owned(), shortfall::archive::manifest::Listed::of(&known));
        });
        let words = format!("{MANIFEST} is damaged: it lists {name:?}, and a run has no such file");
        truth.refuses(&root, Refused::Reading, &words);
    }
    let extra = "segments/000000900-000000901";
    replace(&root, extra, &known);
    truth.refuses(&root, Refused::Figures, "000000900-000000901 is damaged: it is no file");
}
