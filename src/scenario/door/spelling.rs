//! What a person may have meant: the nearest known word, and lists and numbers fit to read.

use std::fmt;

use crate::escape;

/// Words listed in full; more would bury the message.
const MOST_LISTED: usize = 12;
/// Bytes of a word beyond which no other is looked for.
const LONGEST_MEANT: usize = 256;

/// "did you mean `x`?", or the words that would do.
pub(in crate::scenario) fn suggest<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    if let Some(near) = nearest(word, known) {
        format!("did you mean `{}`?", shown(near))
    } else if known.is_empty() {
        "there is none to choose from".to_owned()
    } else {
        format!("write one of {}", list(known))
    }
}

/// The words that would do, and the nearest if it is a slip of the finger away: two words with
/// other digits are two versions, as `compound-v3` and `compound-v2`, and neither means the other.
pub(in crate::scenario) fn suggest_rule<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    let alike = |near: &&str| edits(word, near) <= 2 && digits(word) == digits(near);
    let meant = nearest(word, known).filter(alike);
    let meant = meant.map_or(String::new(), |near| format!(" (did you mean `{}`?)", shown(near)));
    format!("write one of {}{meant}", list(known))
}

/// To rename the column that may be meant, or to add one.
pub(in crate::scenario) fn suggest_rename(column: &str, found: &[String]) -> String {
    match nearest(column, found) {
        Some(near) => format!("rename `{}` if that is it", shown(near)),
        None => "add it".to_owned(),
    }
}

/// `a, b, c`, cut after a dozen.
pub(in crate::scenario) fn list<S: AsRef<str>>(words: &[S]) -> String {
    let words_shown = words.iter().take(MOST_LISTED).map(|word| shown(word.as_ref()));
    let words_shown: Vec<String> = words_shown.collect();
    match words.len().saturating_sub(MOST_LISTED) {
        0 => words_shown.join(", "),
        hidden => format!("{} and {hidden} more", words_shown.join(", ")),
    }
}

/// A word of a file that may be any file.
fn shown(word: &str) -> String {
    escape::line(&escape::cut(word, escape::CELL_CHARS)).into_owned()
}

/// The known word within a third of the word's length in edits, if there is one.
pub(in crate::scenario) fn nearest<'a, S: AsRef<str>>(
    word: &str,
    known: &'a [S],
) -> Option<&'a str> {
    // Words this long are no slip of the finger, and the distance costs their square.
    if word.len() > LONGEST_MEANT {
        return None;
    }
    let farthest = word.chars().count().div_ceil(3).min(4);
    known
        .iter()
        .map(AsRef::as_ref)
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 4 * farthest)
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= farthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, letters of either case alike.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (from_idx, from_char) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = from_idx + 1;
        for (to_idx, to_char) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from_char != *to_char);
            diagonal = row[to_idx + 1];
            row[to_idx + 1] = replaced.min(diagonal + 1).min(row[to_idx] + 1);
        }
    }
    row[to.len()]
}

/// A number as people read it: plain digits where these are few, else an exponent.
pub(in crate::scenario) struct Shown(pub(in crate::scenario) f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size != 0.0 && !(1e-5..1e15).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(suggest("volatilty", &["drift", "volatility"]), "did you mean `volatility`?");
        assert_eq!(suggest("eth", &["BTC", "ETH"]), "did you mean `ETH`?");
        assert_eq!(suggest("zebra", &["drift", "name"]), "write one of drift, name");
        assert_eq!(suggest("zebra", &[""; 0]), "there is none to choose from");
    }

    #[test]
    fn another_version_of_a_rule_is_not_what_was_meant() {
        let rules = ["reference", "aave-v3", "compound-v2", "morpho-blue"];
        let all = "write one of reference, aave-v3, compound-v2, morpho-blue";
        for word in ["compound-v3", "aave-v2", "aave", "compund", "euler-v2"] {
            assert_eq!(suggest_rule(word, &rules), all, "{word}");
        }
        for (word, near) in [("compund-v2", "compound-v2"), ("Aave-v3", "aave-v3")] {
            assert_eq!(suggest_rule(word, &rules), format!("{all} (did you mean `{near}`?)"));
        }
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (from, to, distance) in [("kitten", "sitting", 3), ("", "abc", 3), ("a", "a", 0)] {
            assert_eq!(edits(from, to), distance, "{from} to {to}");
        }
    }
}
