//! Does a proof prove? Whatever is changed in one, sealed again or not, is refused, and a lie goes
//! unseen as often as is said.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use shortfall::archive::commitment::{Terms, run_digest};
use shortfall::archive::proof::{Falsehood, Proof, ProofError};
use shortfall::archive::sample::{Drawn, draw};
use shortfall::archive::sealed::{pack_json, seal, unpack_json};
use shortfall::archive::verify::walk_block;
use shortfall::archive::{Sealed, Subject, differences, signature};
use shortfall::engine::Walkers;
use shortfall::engine::cpu::Cpu;
use shortfall::tail::{BLOCK_PATHS, Digest, Leaf, Node, Scalars, SumTree};

use super::keys::{PUBLIC, SECRET};
use super::{moving, subject, whole};

/// As a proof is written.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    format: u32,
    run_digest: Digest,
    terms: Terms,
    segments_digest: Digest,
    root: Node,
    beacon: Option<String>,
    challenge: Digest,
    row: Vec<String>,
    blocks: Vec<WrittenBlock>,
    signature: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct WrittenBlock {
    block: u64,
    siblings: Vec<String>,
}

fn packed(node: &Node) -> String {
    let bytes = postcard::to_allocvec(node).expect("a node");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unpacked(digits: &str) -> Node {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    postcard::from_bytes(&bytes).expect("a node")
}

/// What draws the blocks of a proof.
fn challenge(run_digest: Digest, beacon: Option<&str>) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("shortfall proof challenge v1");
    hasher.update(&run_digest.0).update(&[u8::from(beacon.is_some())]);
    hasher.update(beacon.unwrap_or_default().as_bytes());
    Digest(*hasher.finalize().as_bytes())
}

/// The blocks that a run's digest and a beacon draw.
pub(super) fn drawn_by(run_digest: Digest, beacon: Option<&str>, of: (u64, u64)) -> Vec<u64> {
    draw(Drawn::Blocks, challenge(run_digest, beacon), run_digest, of)
}

impl Written {
    /// Makes all follow from the row and the terms, with blocks that the digest draws, whose
    /// siblings are those of a true tree.
    fn bind(&mut self, n_drawn: u64, tree: &SumTree, height: u32) {
        self.root = SumTree::over(self.row.iter().map(|it| unpacked(it)).collect()).root().clone();
        self.run_digest = run_digest(&self.terms, &self.root, self.segments_digest);
        self.challenge = challenge(self.run_digest, self.beacon.as_deref());
        let of = (n_drawn, tree.leaves().len() as u64);
        let places = drawn_by(self.run_digest, self.beacon.as_deref(), of);
        let block = |block: u64| WrittenBlock {
            block,
            siblings: tree.branch(block as usize, height).iter().map(packed).collect(),
        };
        self.blocks = places.into_iter().map(block).collect();
    }

    fn bytes(&self) -> Vec<u8> {
        pack_json(self)
    }
}

/// A true run, verified, with its tree and its blocks as they are when walked again.
struct Run {
    sealed: Sealed,
    tree: SumTree,
}

impl Run {
    fn of(subject: &Subject) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        whole(subject, dir.path());
        let mut sealed = Sealed::read(dir.path()).expect("sealed");
        sealed.check_figures(2).expect("true");
        let tree = SumTree::over(sealed.counted.tally.leaves());
        Self { sealed, tree }
    }

    fn prove(&self, n_drawn: u64, beacon: Option<&str>) -> Proof {
        Proof::of(&self.sealed, n_drawn, beacon.map(str::to_owned)).expect("a whole run")
    }

    fn written(&self, n_drawn: u64, beacon: Option<&str>) -> Written {
        let proof = self.prove(n_drawn, beacon);
        let written: Written = unpack_json(&proof.bytes()).expect("a proof");
        assert_eq!(written.bytes(), proof.bytes(), "it is written here as it is there");
        written
    }

    /// Verifies a proof against the true subject; what is wrong with it.
    fn verify(&self, bytes: &[u8]) -> Result<(), String> {
        let proof = Proof::read(bytes).map_err(|error| error.to_string())?;
        let subject = &self.sealed.subject;
        let ours = Terms::of(&subject.plan, &subject.facts);
        let found = differences::differences(&proof.terms, &ours);
        if !found.is_empty() {
            return Err(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
        }
        for (place, block) in proof.drawn().enumerate() {
            // What walking it again gives: a test of its own compares some with that.
            let leaf = self.tree.leaves()[block as usize].clone();
            proof.check_block(place, leaf).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn refuses(&self, written: &Written, words: &str) {
        let told = self.verify(&written.bytes()).expect_err(words);
        assert!(told.contains(words), "not {words}: {told}");
    }
}

/// More blocks than a row has: every block has a sibling.
fn long() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run::of(&subject(260 * BLOCK_PATHS - 7, 1)))
}

fn short() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run::of(&subject(3 * BLOCK_PATHS + 5, 1)))
}

/// Seals the body of a proof as its writer would.
fn sealed_again(body: &[u8]) -> Vec<u8> {
    let seal = seal(body).to_string();
    [body, b",\n  \"seal\": \"", seal.as_bytes(), b"\"\n}\n"].concat()
}

/// Another digit in the place of a digit, decimal or hexadecimal.
fn another(digit: u8) -> u8 {
    match digit {
        b'9' => b'1',
        b'f' => b'a',
        digit => digit + 1,
    }
}

/// The places of digits in the body of a proof, and the body.
fn digits(bytes: &[u8]) -> (Vec<usize>, &[u8]) {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let body = &bytes[..text.rfind(",\n  \"seal\"").expect("a seal")];
    ((0..body.len()).filter(|place| body[*place].is_ascii_hexdigit()).collect(), body)
}

/// Changes single digits; each is refused, as it is and sealed again.
fn change_digits(run: &Run, proof: &Proof, chosen: impl Fn(usize) -> bool) {
    let bytes = proof.bytes();
    let (places, body) = digits(&bytes);
    let (mut n_changed, mut fates) = (0, BTreeMap::<String, u64>::new());
    for place in places.into_iter().filter(|place| chosen(*place)) {
        let mut changed = bytes.clone();
        changed[place] = another(changed[place]);
        let told = Proof::read(&changed).expect_err("a proof whose seal is old").to_string();
        let is_seal = told.contains("its seal does not match") || told.contains("neither a run");
        assert!(is_seal, "byte {place}: {told}");
        let told = run.verify(&sealed_again(&changed[..body.len()])).and_then(|()| {
            let proof = Proof::read(&sealed_again(&changed[..body.len()])).expect("read");
            signature::check(proof.run_digest, proof.signature.as_deref(), PUBLIC)
                .map_err(|error| error.to_string())
        });
        let Err(told) = told else {
            let around = String::from_utf8_lossy(&body[place.saturating_sub(60)..place + 1]);
            panic!("byte {place} may be another: {around}");
        };
        let fate = told.split([',', ':']).take(2).collect::<Vec<_>>().join(":");
        *fates.entry(fate).or_default() += 1;
        n_changed += 1;
    }
    println!("{n_changed} digits, each refused: {fates:#?}");
    assert!(n_changed > 1000, "only {n_changed} digits");
}

#[test]
fn one_changed_digit_anywhere_is_refused() {
    let mut proof = short().prove(2, Some("block 840000"));
    proof.signature = Some(signature::sign(proof.run_digest, SECRET).expect("a key"));
    assert_eq!(short().verify(&proof.bytes()), Ok(()));
    let step = super::tries("SHORTFALL_DIGITS", 1, 1) as usize;
    change_digits(short(), &proof, |place| place % step == 0);
}

#[test]
fn one_changed_digit_of_a_proof_with_branches_is_refused() {
    let mut proof = long().prove(2, None);
    proof.signature = Some(signature::sign(proof.run_digest, SECRET).expect("a key"));
    assert_eq!(long().verify(&proof.bytes()), Ok(()));
    let text = String::from_utf8(proof.bytes()).expect("UTF-8");
    let branches = text.rfind("\"blocks\"").expect("blocks");
    let step = super::tries("SHORTFALL_DIGITS", 101, 1) as usize;
    change_digits(long(), &proof, |place| place > branches || place % step == 0);
}

#[test]
fn blocks_that_were_chosen_or_left_out_are_refused() {
    let (run, chosen) = (long(), Falsehood::Chosen.to_string());
    let written = run.written(8, None);
    let with = |change: &dyn Fn(&mut Written)| {
        let mut changed = written.clone();
        change(&mut changed);
        changed
    };
    let other = (0..).find(|it| written.blocks.iter().all(|own| own.block != *it)).expect("one");
    let siblings: Vec<String> = run.tree.branch(other as usize, 1).iter().map(packed).collect();
    let put = |it: &mut Written| {
        it.blocks[0] = WrittenBlock { block: other, siblings: siblings.clone() };
        it.blocks.sort_by_key(|it| it.block);
    };
    run.refuses(&with(&put), &chosen);
    run.refuses(&with(&|it| drop(it.blocks.remove(3))), &chosen);
    run.refuses(&with(&|it| it.blocks.clear()), &chosen);
    run.refuses(&with(&|it| it.blocks.swap(0, 1)), &chosen);
    run.refuses(&with(&|it| it.blocks.push(it.blocks[7].clone())), &chosen);
    run.refuses(&with(&|it| it.beacon = Some("1".to_owned())), &Falsehood::Challenge.to_string());
    let exchange = |it: &mut Written| {
        it.beacon = Some("1".to_owned());
        it.challenge = challenge(it.run_digest, Some("1"));
    };
    run.refuses(&with(&exchange), &chosen);
    // A prover may draw fewer, and the reader counts them.
    assert_eq!(run.verify(&run.prove(1, None).bytes()), Ok(()));
    let told = Proof::read(b"{\n  \"format\": 1").expect_err("a beginning").to_string();
    assert!(told.contains("it is damaged"), "{told}");
    for text in ["", "{}", "mean_usd = 3", "{\n  \"dir\": \"x\"\n}\n"] {
        assert!(matches!(Proof::read(text.as_bytes()), Err(ProofError::NoProof)), "{text}");
    }
}

#[test]
fn branches_of_another_length_or_place_lead_to_no_root() {
    let (run, words) = (long(), "walked again, does not lead to the root");
    let written = run.written(8, Some("x"));
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = written.clone();
        change(&mut changed.blocks[2].siblings);
        changed
    };
    assert_eq!(written.blocks[2].siblings.len(), 1);
    run.refuses(&with(&|it| it.clear()), words);
    run.refuses(&with(&|it| it.push(it[0].clone())), words);
    let other = packed(&run.tree.leaves()[259]);
    run.refuses(&with(&|it| it[0].clone_from(&other)), words);
    let understated = |it: &mut Vec<String>| {
        let mut node = unpacked(&it[0]);
        node.scalars = without_loss(&node.scalars);
        it[0] = packed(&node);
    };
    run.refuses(&with(&understated), words);
}

/// The scalars of as many paths that lose nothing.
fn without_loss(of: &Scalars) -> Scalars {
    let mut sums = of.sums;
    (sums.realised, sums.stranded, sums.under_water, sums.loss) = (0, 0, 0, 0);
    (sums.loss_squared, sums.n_losing, sums.n_material) = (Default::default(), 0, 0);
    Scalars { sums, octaves: Vec::new() }
}

#[test]
fn a_row_or_a_root_that_understates_is_refused() {
    let run = long();
    let written = run.written(8, None);
    let understate = |it: &mut Written, place: usize| {
        let mut node = unpacked(&it.row[place]);
        node.scalars = without_loss(&node.scalars);
        it.row[place] = packed(&node);
    };
    let mut changed = written.clone();
    understate(&mut changed, 70);
    run.refuses(&changed, &Falsehood::Root.to_string());
    let mut changed = written.clone();
    changed.root.scalars = without_loss(&changed.root.scalars);
    run.refuses(&changed, &Falsehood::Root.to_string());
    let mut changed = written.clone();
    drop(changed.row.pop());
    run.refuses(&changed, "its row is not that of 1064953 paths");
    // The root made of it, but not the digest of the run.
    let mut changed = written.clone();
    understate(&mut changed, 70);
    let row: Vec<Node> = changed.row.iter().map(|it| unpacked(it)).collect();
    changed.root = SumTree::over(row).root().clone();
    run.refuses(&changed, &Falsehood::RunDigest.to_string());
    // All made of it: half of the row understates, and the draw falls on one of those.
    let mut changed = written;
    (0..130).step_by(2).for_each(|place| understate(&mut changed, place));
    changed.bind(8, &run.tree, 1);
    run.refuses(&changed, "walked again, does not lead to the root");
}

#[test]
fn a_proof_of_another_program_or_meaning_is_refused_by_its_terms() {
    let run = short();
    let n_paths = run.sealed.subject.plan.n_paths;
    let calm = Run::of(&moving(n_paths, 1, 4.0));
    let bytes = calm.prove(2, None).bytes();
    assert_eq!(calm.verify(&bytes), Ok(()));
    let told = run.verify(&bytes).expect_err("another program");
    assert!(told.contains("program_digest is"), "{told}");
    let other_seed = Run::of(&subject(n_paths, 2));
    let told = run.verify(&other_seed.prove(2, None).bytes()).expect_err("another seed");
    assert!(told.starts_with("meaning_digest is"), "{told}");
    // The terms of the true run over the paths of the calm one.
    let mut written = calm.written(2, None);
    written.terms = run.written(2, None).terms;
    run.refuses(&written, &Falsehood::RunDigest.to_string());
    written.bind(2, &calm.tree, 0);
    run.refuses(&written, "walked again, does not lead to the root");
    let mut written = run.written(2, None);
    written.terms.n_paths = 3 * BLOCK_PATHS;
    run.refuses(&written, "its row is not that of 12288 paths");
    written.terms.n_paths = 0;
    run.refuses(&written, "it has 0 paths, and a run has 1 to");
    written.format = 2;
    run.refuses(&written, "its format is 2, and this version reads 1");
}

#[test]
fn the_blocks_of_a_proof_are_those_that_a_walk_gives() {
    let run = long();
    let subject = &run.sealed.subject;
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
    let proof = Proof::read(&run.prove(4, Some("y")).bytes()).expect("a proof");
    assert_eq!((proof.blocks_together(), proof.n_blocks()), (2, 260));
    assert_eq!(short().prove(1, None).blocks_together(), 1);
    for (place, block) in proof.drawn().enumerate() {
        let leaf: Leaf =
            walk_block(&mut walkers, block, subject.plan.n_paths, subject.facts.materiality())
                .expect("walked");
        proof.check_block(place, leaf.node(block)).expect("true");
    }
}
