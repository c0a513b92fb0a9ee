//! No shader types the place of a word: rows and counters are declared in Rust, once.

use crate::{assert_none, files, lines};

/// Whether WGSL types the place of a word: a number among what an index or a name of a table is
/// made of. The upper word of a 64-bit number stands one beyond the lower.
fn types_an_offset(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_number = |word: &str| {
        word.strip_suffix('u')
            .is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    let words = |text: &str| -> Vec<String> {
        let is_word = |it: char| it.is_alphanumeric() || it == '_';
        text.split(|it| !is_word(it)).map(str::to_owned).collect()
    };
    let named = code.split([';', ',', '{', '(', '=']).any(|term| {
        let words = words(term);
        let is_table = |it: &String| ["T_", "C_", "S_"].iter().any(|start| it.starts_with(start));
        words.iter().any(is_table) && words.iter().any(|it| is_number(it))
    });
    let indexed = ["tables[", "state[", "counters[", "outcomes[", "totals["].iter().any(|buffer| {
        code.match_indices(buffer).any(|(at, _)| {
            let mut depth = 1;
            let end = code[at + buffer.len()..].find(|it| {
                depth += i32::from(it == '[') - i32::from(it == ']');
                depth == 0
            });
            let index = &code[at + buffer.len()..][..end.unwrap_or(0)];
            words(index.strip_suffix(" + 1u").unwrap_or(index)).iter().any(|it| is_number(it))
        })
    });
    named || indexed
}

#[test]
fn no_shader_types_the_place_of_a_word() {
    for typed in ["tables[row + 2u]", "let row = T_JUMPS + 5u * asset;", "counters[4u * at + word]"]
    {
        assert!(types_an_offset(typed), "{typed}");
    }
    for named in [
        "tables[row + BAND_FALL]",
        "state[at + 1u]",
        "let half = 2u * curve;",
        "tables[T_STALE + step] == 1u",
    ] {
        assert!(!types_an_offset(named), "{named}");
    }
    let mut broken = Vec::new();
    for source in files("shaders", &["wgsl"]) {
        for (number, line) in lines(&source) {
            if types_an_offset(line) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert_none(&broken, "a typed offset: declare a row");
}
