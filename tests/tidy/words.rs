//! Data is named by nouns: no pronoun for a person stands for a position, a path or a row.

use crate::{Source, assert_none, code, files, lines};

/// What stands for data where a noun should.
const BANNED: [&str; 6] = ["somebody", "nobody", "whoever", "anybody", "someone", "everybody"];

/// The words of a line, in small letters.
fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|it: char| !it.is_alphabetic()).map(str::to_lowercase)
}

#[test]
fn no_pronoun_for_a_person_stands_for_data() {
    let mut all = code();
    all.extend(files("src", &["md"]));
    all.extend(files("scenarios", &["toml", "md"]));
    let text = std::fs::read_to_string(crate::root().join("README.md")).expect("the README");
    all.push(Source { name: "README.md".to_owned(), text });
    let is_this = |source: &Source| source.name == "tests/tidy/words.rs";
    let mut broken = Vec::new();
    for source in all.iter().filter(|source| !is_this(source)) {
        for (number, line) in lines(source) {
            let found = words(line).filter(|word| BANNED.contains(&word.as_str()));
            broken.extend(found.map(|word| format!("{}:{number}: {word}", source.name)));
        }
    }
    assert_none(&broken, "people for data");
}

/// Places that a line of comment names: files of the house, by path.
fn paths(line: &str) -> Vec<String> {
    let comment = line.trim_start();
    if !comment.starts_with("//") {
        return Vec::new();
    }
    let is_of_path = |it: char| it.is_alphanumeric() || "/._-".contains(it);
    let words = comment.split(|it| !is_of_path(it)).map(|it| it.trim_end_matches('.'));
    let is_path = |word: &&str| {
        let is_house = ["src/", "shaders/"].iter().any(|folder| word.starts_with(folder));
        is_house && [".rs", ".wgsl"].iter().any(|ending| word.ends_with(ending))
    };
    words.filter(is_path).map(str::to_owned).collect()
}

#[test]
fn the_twin_that_a_file_names_is_there() {
    let all = code();
    let mut broken = Vec::new();
    let mut n_paths = 0;
    for source in all.iter().filter(|it| it.name.starts_with("src") || it.name.starts_with("sh")) {
        for (number, line) in lines(source) {
            for path in paths(line) {
                n_paths += 1;
                if !crate::root().join(&path).is_file() {
                    broken.push(format!("{}:{number}: {path}", source.name));
                }
            }
        }
    }
    assert_none(&broken, "a comment names a file that is gone");
    assert!(n_paths > 40, "{n_paths} paths are named");
    assert_eq!(paths("// Twin: src/a.rs and `shaders/b.wgsl`."), ["src/a.rs", "shaders/b.wgsl"]);
}
