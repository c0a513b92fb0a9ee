//! A sample of a finished run, walked again: are the outcomes that it says it has those of its paths?

use std::ops::ControlFlow;

use super::error::JobError;
use super::machine::Machine;
use super::watch::{Begun, Watch};
use crate::archive::Sealed;
use crate::archive::sample::{Drawn, draw, n_drawn};
use crate::engine::{BackendChoice, Done, Progress, single_paths};
use crate::tail::Digest;

/// What is walked again. The seed is to be drawn once the run is there, so that its maker could not
/// know it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Share of the blocks; with all of them every segment is walked again whole.
    pub share: f64,
    /// Segments that are walked again whole, with histogram, worst paths and counters.
    pub n_segments: u64,
    /// Draws both.
    pub seed: u64,
}

/// What was walked again and found equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkedAgain {
    /// Blocks.
    pub n_blocks: u64,
    /// Segments, whole.
    pub n_segments: u64,
    /// Paths of the tail; none of a shard.
    pub tail_paths: usize,
    /// Name of the backend.
    pub backend: &'static str,
}

/// Walks a sample of a run again, and all paths of its tail; the watcher cannot stop it.
///
/// # Errors
///
/// The first block, segment or path that comes out otherwise, or if a backend fails.
pub fn walk_again(
    sealed: &Sealed,
    sample: &Sample,
    choice: &BackendChoice,
    watch: &mut dyn Watch,
) -> Result<WalkedAgain, JobError> {
    let (segments, blocks) = (sealed.segments(), sealed.blocks());
    let (n_blocks, n_segments) = (blocks.end - blocks.start, segments.len() as u64);
    let sampled = n_drawn(n_blocks, sample.share);
    // All blocks are those of all segments.
    let is_whole = sampled >= n_blocks || sample.n_segments >= n_segments;
    let (sampled, sampled_segments) =
        if is_whole { (n_blocks, n_segments) } else { (sampled, sample.n_segments) };
    let subject = &sealed.subject;
    let compared = subject.compared();
    // Of blocks alone only the outcomes are compared, and the other program adds nothing to them.
    let other = compared.as_ref().filter(|_| sampled_segments > 0);
    let mut machine = Machine::open(choice, None, subject, other, watch)?;
    let batch = machine.batch;
    let mut walkers = machine.walkers();
    let n_paths = sealed.paths.end - sealed.paths.start;
    let _ = watch.begin(Begun { facts: &subject.facts, n_found: 0, n_paths, is_kept: false });
    let seed = bytes_of(sample.seed);
    let drawn = |what, n_drawn, n| draw(what, seed, sealed.committed(), (n_drawn, n));
    for place in drawn(Drawn::Segments, sampled_segments, n_segments) {
        let segment = &segments[place as usize];
        sealed.check_segment(&mut walkers, segment, batch, &mut ToTheEnd(watch))?;
    }
    if !is_whole {
        for place in drawn(Drawn::Blocks, sampled, n_blocks) {
            sealed.check_block(&mut walkers, blocks.start + place)?;
        }
    }
    let tail_paths = check_tail(sealed, choice.n_threads)?;
    let _ = watch.end(None);
    let backend = walkers.backend.name();
    Ok(WalkedAgain { n_blocks: sampled, n_segments: sampled_segments, tail_paths, backend })
}

/// A seed as the first bytes of a digest.
fn bytes_of(seed: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Digest(bytes)
}

/// Walks the tail again; how many paths it has.
fn check_tail(sealed: &Sealed, n_threads: usize) -> Result<usize, JobError> {
    let tail = sealed.tail();
    let paths: Vec<u64> = tail.iter().map(|(path, _)| *path).collect();
    let subject = &sealed.subject;
    let outcomes = single_paths(&subject.program, subject.plan.seed, n_threads, &paths)?;
    for ((path, there), outcome) in tail.iter().zip(outcomes) {
        sealed.check_path(*path, *there, outcome.loss())?;
    }
    Ok(tail.len())
}

/// Tells a watcher how far a walk is that is of use only when it is whole.
struct ToTheEnd<'w>(&'w mut dyn Watch);

impl Progress for ToTheEnd<'_> {
    fn done(&mut self, done: Done<'_>) -> ControlFlow<()> {
        let _ = self.0.after(done);
        ControlFlow::Continue(())
    }
}
