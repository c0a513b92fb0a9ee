//! Whether the paths of a prefix are enough.

use crate::archive::Subject;
use crate::figures::Precision;
use crate::report::{Summary, UntilFigures};
use crate::tail::{Paired, Tally};

/// Whether paths that have been counted are enough.
pub(super) fn is_reached(
    until: &Precision,
    tally: &Tally,
    paired: Option<&Paired>,
    subject: &Subject,
) -> bool {
    let mut summary = Summary::of(tally, &subject.facts, None);
    if let Some(paired) = paired {
        summary = summary.with_feedback(paired, &subject.facts);
    }
    UntilFigures::of(until, &summary).is_reached
}
