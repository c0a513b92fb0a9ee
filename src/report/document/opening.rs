//! What the opening came to, a line each.

use super::Line;
use crate::figures::OpeningFacts;

/// No line where nothing was liquidatable.
pub(in crate::report) fn opening(opening: &OpeningFacts) -> Vec<Line> {
    let labels = std::iter::once("At the opening").chain(std::iter::repeat(""));
    labels.zip(opening.told()).map(|(label, told)| Line::Labelled(label, told)).collect()
}
