//! Text that a stranger may have written, put where it does no harm: one function a medium.
//!
//! Characters that are not seen but act are written as `\u{202e}`: those that control a terminal,
//! those that turn the direction of writing or end a line, and those without any width that make
//! two names look alike. Letters of every script stay.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The most characters of a name in a table or a sentence.
pub const NAME_CHARS: usize = 64;
/// The most characters of a note.
pub const NOTE_CHARS: usize = 1000;
/// The most characters of a field of a file, or of a line of it, in an error.
pub const CELL_CHARS: usize = 40;

/// Whether a character acts without being seen. The blank is none of these.
#[must_use]
pub fn is_hidden(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            // Soft hyphen; marks, embeddings, overrides and isolates of direction.
            '\u{ad}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{206f}'
            // Ends of lines and paragraphs; signs without width; what annotates, what tags.
                | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The beginning of a text, with an ellipsis where there is more.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text.into();
    }
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect::<String>().into(),
    }
}

/// One line of a terminal or a table: not even the end of a line stays.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// A name in one line, cut after [`NAME_CHARS`].
#[must_use]
pub fn name(text: &str) -> String {
    line(&cut(text, NAME_CHARS)).into_owned()
}

/// Lines of a terminal: their ends stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |sign| sign == '\n')
}

/// A field of a file in an error: quoted, and cut after [`CELL_CHARS`].
#[must_use]
pub fn quoted(text: &str) -> String {
    // What `Debug` leaves as it is may act still.
    line(&format!("{:?}", cut(text, CELL_CHARS))).into_owned()
}

/// Text without a meaning in Markdown or HTML, in one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    const SIGNS: &str = r"\`*_{}[]<>#|&~@";
    let text = line(text);
    let mut written = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        // Of a colon before slashes a link would be made.
        if SIGNS.contains(sign) || text[at..].starts_with("://") {
            written.push('\\');
        }
        written.push(sign);
    }
    written
}

/// Text as code in Markdown, in one line, between more backticks than follow each other in it.
#[must_use]
pub fn code(text: &str) -> String {
    let text = line(text);
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let gap = if longest > 0 { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// A field of a CSV file: in one line, and to no spreadsheet a formula.
#[must_use]
pub fn cell(text: &str) -> String {
    // The signs that begin a formula, in both widths.
    const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let text = line(text);
    let is_formula = text.trim_start().starts_with(SIGNS);
    if is_formula { format!("'{text}") } else { text.into_owned() }
}

/// The value of a label of Prometheus' text format, without its quotes.
#[must_use]
pub fn label(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\\' => written.push_str(r"\\"),
            '"' => written.push_str("\\\""),
            '\n' => written.push_str(r"\n"),
            sign if is_hidden(sign) => push_escaped(&mut written, sign, r"\\"),
            sign => written.push(sign),
        }
    }
    written
}

/// A JSON text as it is serialised, of which nothing but its strings holds hidden characters.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|sign| is_hidden(sign) && sign != '\n') {
        return text.into();
    }
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        if !is_hidden(sign) || sign == '\n' {
            written.push(sign);
            continue;
        }
        for unit in sign.encode_utf16(&mut [0; 2]) {
            let _infallible = write!(written, "\\u{unit:04x}");
        }
    }
    written.into()
}

/// Writes text for a terminal, of which nothing hidden but the ends of its lines stays.
///
/// # Errors
///
/// If `out` cannot be written.
pub fn through(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    out.write_all(lines(&String::from_utf8_lossy(&bytes)).as_bytes())
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all text is of bytes that are seen, which are told at a glance.
    let is_seen = |byte: u8| (b' '..0x7f).contains(&byte) || (byte == b'\n' && stays('\n'));
    if text.bytes().all(is_seen) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len());
    for sign in text.chars() {
        if is_hidden(sign) && !stays(sign) {
            push_escaped(&mut written, sign, r"\");
        } else {
            written.push(sign);
        }
    }
    written.into()
}

fn push_escaped(written: &mut String, sign: char, backslash: &str) {
    written.push_str(backslash);
    match sign {
        '\n' => written.push('n'),
        '\r' => written.push('r'),
        '\t' => written.push('t'),
        sign => {
            let _infallible = write!(written, "u{{{:x}}}", u32::from(sign));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ends the screen, turns the writing, ends the line, the cell, the code and the tag.
    const HOSTILE: &str = "a\u{1b}[2J\u{202e}b\r\nc\t`|<i>\"\\\u{200b}\u{9b}";

    #[test]
    fn what_is_not_seen_is_written_out_and_letters_stay() {
        assert_eq!(line("żółw 龜 🐢 e\u{301}"), "żółw 龜 🐢 e\u{301}");
        let seen = r#"a\u{1b}[2J\u{202e}b\r\nc\t`|<i>"\\u{200b}\u{9b}"#;
        assert_eq!(line(HOSTILE), seen);
        assert_eq!(lines("a\nb\tc"), "a\nb\\tc");
        assert!(!quoted(HOSTILE).chars().any(is_hidden));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("龜龜龜", 3), "龜龜龜");
        assert_eq!(cut("龜龜龜龜", 3), "龜龜…");
        assert_eq!(name(&"x".repeat(60_000)).chars().count(), NAME_CHARS);
        assert_eq!(quoted(&"x".repeat(60_000)).chars().count(), CELL_CHARS + 2);
    }

    #[test]
    fn names_have_no_meaning_in_markdown() {
        assert_eq!(markdown("black-thursday (1)"), "black-thursday (1)");
        assert_eq!(markdown("a_b <c> `d` | e"), r"a\_b \<c\> \`d\` \| e");
        assert_eq!(markdown("@you https://a\n# b"), r"\@you https\://a\\n\# b");
        assert_eq!(code("es99 > 1"), "`es99 > 1`");
        assert_eq!(code("a`` b\n"), r"``` a`` b\n ```");
    }

    #[test]
    fn no_field_is_a_formula_and_signs_within_a_name_stay() {
        let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"].map(cell);
        assert_eq!(formulas, ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "' =1", "'＝1"]);
        assert_eq!(cell("fund.=a.emptied"), "fund.=a.emptied");
        assert_eq!(cell("\t=1"), r"\t=1");
    }

    #[test]
    fn labels_and_json_hold_what_was_written() {
        assert_eq!(label("a \"b\" \\ c\nd\u{202e}"), r#"a \"b\" \\ c\nd\\u{202e}"#);
        let text = serde_json::to_string(&format!("{HOSTILE}\u{e0041}")).unwrap();
        let safe = json(&text);
        assert!(!safe.chars().any(is_hidden), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), format!("{HOSTILE}\u{e0041}"));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_of_any_text(text in any::<String>(), most in 1_usize..50) {
            for safe in [line(&text).into_owned(), name(&text), quoted(&text), markdown(&text),
                         code(&text), cell(&text), label(&text),
                         json(&text.replace('\n', "")).into_owned()] {
                prop_assert!(!safe.chars().any(is_hidden), "{safe:?}");
            }
            prop_assert!(!lines(&text).chars().any(|sign| is_hidden(sign) && sign != '\n'));
            prop_assert!(cut(&text, most).chars().count() <= most);
            prop_assert!(!line(&text).contains('\n'));
        }
    }
}
