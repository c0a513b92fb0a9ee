//! Does a lie go unseen as often as is said? Forged blocks against draws by many seeds and beacons.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use shortfall::archive::proof::Proof;
use shortfall::archive::sample::{Drawn, Escape, Holding, SHARES, draw, escapes};
use shortfall::archive::verify::walk_block;
use shortfall::archive::{ArchiveError, ProofError, Sealed, Subject};
use shortfall::engine::Walkers;
use shortfall::engine::cpu::Cpu;
use shortfall::tail::{BLOCK_PATHS, Digest, Node};

use super::forger::{lie, lossless};
use super::prove::drawn_by;
use super::{subject, whole};

const N_BLOCKS: u64 = 200;
const N_DRAWN: u64 = 8;
const N_SEEDS: u64 = 20_000;

/// A finished run whose figures follow from its segments.
fn checked(root: &Path) -> Sealed {
    let mut sealed = Sealed::read(root).expect("sealed");
    sealed.check_figures(2).expect("its figures follow");
    sealed
}

/// The true run, and where forgeries of it lie: for each share the fewest blocks that hold it.
struct Forged {
    subject: Subject,
    of_shares: Vec<(Escape, BTreeSet<u64>, Sealed)>,
    _dir: TempDir,
}

/// The blocks with the largest losses, so many that they hold a share of all, and no more.
fn fewest(per_mille: u32, holdings: &[Holding]) -> BTreeSet<u64> {
    let mut places: Vec<u64> = (0..holdings.len() as u64).collect();
    let loss = |place: u64| holdings[place as usize].loss;
    places.sort_by_key(|place| std::cmp::Reverse(loss(*place)));
    let whole: u128 = holdings.iter().map(|it| it.loss).sum();
    let mut held = 0;
    places
        .into_iter()
        .take_while(|place| {
            let is_short = held * 1000 < whole * u128::from(per_mille);
            held += loss(*place);
            is_short
        })
        .collect()
}

fn forged() -> &'static Forged {
    static FORGED: OnceLock<Forged> = OnceLock::new();
    FORGED.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary folder");
        let (subject, root) = (subject(N_BLOCKS * BLOCK_PATHS, 1), dir.path().join("true"));
        whole(&subject, &root);
        let honest = checked(&root);
        let (holdings, whole) = (honest.holdings(), honest.counted.tally.sums.loss);
        let told = escapes(&holdings, N_DRAWN);
        assert_eq!(told.iter().map(|it| it.per_mille).collect::<Vec<_>>(), SHARES);
        let of_share = |escape: Escape| {
            let blocks = fewest(escape.per_mille, &holdings);
            assert_eq!(blocks.len() as u64, escape.n_blocks, "{escape:?}");
            let root = dir.path().join(escape.per_mille.to_string());
            lie(&subject, &root, &|path, outcome| {
                if blocks.contains(&(path / BLOCK_PATHS)) {
                    lossless(outcome);
                }
            });
            let sealed = checked(&root);
            let taken = whole - sealed.counted.tally.sums.loss;
            assert!(taken * 1000 >= whole * i128::from(escape.per_mille), "{taken} of {whole}");
            (escape, blocks, sealed)
        };
        let of_shares = told.into_iter().map(of_share).collect();
        Forged { subject, of_shares, _dir: dir }
    })
}

fn seed(seed: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Digest(bytes)
}

/// Asserts that a lie that went unseen so often does so with the probability that is told.
fn assert_as_told(what: &str, escape: &Escape, n_unseen: u64) {
    let Escape { per_mille, n_blocks, probability } = *escape;
    let n = N_SEEDS as f64;
    let error = (probability * (1.0 - probability) / n).sqrt();
    let away = (n_unseen as f64 / n - probability) / error;
    println!(
        "{what}: {} % of the bad debt in {n_blocks} of {N_BLOCKS} blocks, {N_DRAWN} drawn: told \
         {:.3} %, found {:.3} % ({n_unseen} of {N_SEEDS}), {away:+.2} standard errors",
        f64::from(per_mille) / 10.0,
        100.0 * probability,
        100.0 * n_unseen as f64 / n,
    );
    assert!(away.abs() < 4.0, "{what}: {away} standard errors");
}

#[test]
fn a_forged_folder_goes_unseen_as_often_as_is_said() {
    let Forged { subject, of_shares, .. } = forged();
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
    for (escape, blocks, sealed) in of_shares {
        let drawn = |it| draw(Drawn::Blocks, seed(it), sealed.committed(), (N_DRAWN, N_BLOCKS));
        let misses = |it: &u64| drawn(*it).iter().all(|block| !blocks.contains(block));
        let n_unseen = (0..N_SEEDS).filter(misses).count() as u64;
        assert_as_told("folder", escape, n_unseen);
        // Of some the blocks are walked: those that are forged are refused, and no other.
        for it in 0..12 {
            for block in drawn(it) {
                match sealed.check_block(&mut walkers, block) {
                    Ok(()) => assert!(!blocks.contains(&block), "block {block} passes"),
                    Err(ArchiveError::WrongBlock { block: told, .. }) => {
                        assert!(told == block && blocks.contains(&block), "block {told}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

#[test]
fn a_forged_proof_goes_unseen_as_often_as_is_said() {
    let Forged { subject, of_shares, .. } = forged();
    let mut cpu = Cpu::new(&subject.program, subject.plan.seed, 2);
    let mut walkers = Walkers { program: &subject.program, backend: &mut cpu, other: None };
    let mut walk = |block| -> Node {
        let (n_paths, materiality) = (subject.plan.n_paths, subject.facts.materiality());
        walk_block(&mut walkers, block, n_paths, materiality).expect("walked").node(block)
    };
    for (escape, blocks, sealed) in of_shares {
        let run_digest = sealed.committed();
        let drawn = |beacon: u64| {
            let beacon = format!("block {beacon}");
            drawn_by(run_digest, Some(&beacon), (N_DRAWN, N_BLOCKS))
        };
        let misses = |it: &u64| drawn(*it).iter().all(|block| !blocks.contains(block));
        let n_unseen = (0..N_SEEDS).filter(misses).count() as u64;
        assert_as_told("proof", escape, n_unseen);
        for it in 0..12 {
            let proof = Proof::of(sealed, N_DRAWN, Some(format!("block {it}"))).expect("a run");
            let proof = Proof::read(&proof.bytes()).expect("it agrees with itself");
            assert!(proof.drawn().eq(drawn(it)), "the draw is the proof's own");
            let mut wrong = (0..).zip(proof.drawn()).map(|(place, block)| {
                let checked = proof.check_block(place, walk(block));
                let is_refused = matches!(checked, Err(ProofError::Block { .. }));
                assert_eq!(is_refused, blocks.contains(&block), "block {block}: {checked:?}");
                is_refused
            });
            // Every block is looked at.
            let n_wrong = wrong.by_ref().filter(|it| *it).count();
            assert_eq!(n_wrong == 0, misses(&it));
        }
    }
}
