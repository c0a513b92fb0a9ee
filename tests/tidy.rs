//! Is the house in order: who imports whom, sizes, names, captions, and what lies at the top?
//!
//! A rule that fails is kept, and the code mended.

mod tidy {
    mod circles;
    mod offsets;
    mod words;
}

use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library and the binary, and which of ours it may import.
const FLOORS: [(&str, &[&str]); 19] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "lanes", "job", "archive", "report", "engine", "program", "scenario", "figures",
            "market", "book", "tail", "units", "escape",
        ],
    ),
    (
        "job",
        &[
            "archive", "report", "engine", "program", "scenario", "figures", "book", "tail",
            "units", "lanes",
        ],
    ),
    ("archive", &["report", "engine", "program", "tail", "units"]),
    ("report", &["figures", "program", "tail", "scenario", "market", "book", "units", "escape"]),
    (
        "engine",
        &["program", "scenario", "tail", "market", "book", "fixed", "rows", "units", "lanes"],
    ),
    ("program", &["scenario", "market", "book", "fixed", "rows", "units", "sound"]),
    ("scenario", &["figures", "market", "book", "units", "escape"]),
    ("figures", &["tail", "book", "units", "escape"]),
    ("market", &["fixed", "rows", "units", "lanes", "sound"]),
    ("book", &["fixed", "rows", "units"]),
    ("tail", &["fixed", "rows", "units"]),
    ("fixed", &[]),
    ("rows", &[]),
    ("units", &[]),
    ("escape", &[]),
    ("lanes", &[]),
    ("sound", &[]),
    ("lib", &[]),
];

const MOST_LINES: usize = 400;
const MOST_LINES_OF_FUNCTION: usize = 70;
const MOST_COLUMNS: usize = 100;
const BANNED_NAMES: [&str; 6] = ["util", "utils", "common", "helpers", "manager", "experimental"];
/// What stands at the top beside dotfiles.
const TOP: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "scenarios",
    "shaders",
    "src",
    "tests",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of ours, with its name from the repository's root.
struct Source {
    name: String,
    text: String,
}

/// All files below a folder with one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        // A folder that this stage of the project does not have yet holds nothing.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if extensions.iter().any(|it| path.extension().is_some_and(|own| own == *it)) {
                found.push(read(path));
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn read(path: PathBuf) -> Source {
    // Some invalid inputs are not UTF-8, which is their point.
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let name = path.strip_prefix(root()).expect("below the root");
    Source { name: name.to_string_lossy().replace('\\', "/"), text }
}

fn rust() -> Vec<Source> {
    ["src", "tests", "benches"].iter().flat_map(|folder| files(folder, &["rs"])).collect()
}

fn code() -> Vec<Source> {
    let mut code = rust();
    code.extend(files("shaders", &["wgsl"]));
    code
}

/// Lines with their numbers, from 1.
fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(source.text.lines())
}

/// The code of a file without its comment lines, which may name whom they please.
fn without_comments(source: &Source) -> String {
    let code = source.text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// The top module of a file in `src`.
fn module_of(name: &str) -> &str {
    let below = name.strip_prefix("src/").expect("a file in src");
    below.split(['/', '.']).next().expect("a first part")
}

/// The top modules that follow a prefix such as `crate::`, one or a list in braces.
fn named_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let first_word = |text: &'a str| text.split(|it| !is_word(it)).next().unwrap_or_default();
    let mut named = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => named.extend(top_of_list(list).map(|item| first_word(item.trim()))),
            None => named.push(first_word(rest)),
        }
    }
    named
}

/// The items of a list in braces, its brace already open.
fn top_of_list(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 1;
    let end = list.find(|it| {
        depth += i32::from(it == '{') - i32::from(it == '}');
        depth == 0
    });
    let mut depth = 0;
    list[..end.unwrap_or(list.len())].split(move |it| {
        depth += i32::from(it == '{') - i32::from(it == '}');
        depth == 0 && it == ','
    })
}

#[test]
fn every_module_imports_only_from_the_floors_below() {
    let mut broken = Vec::new();
    for source in files("src", &["rs"]) {
        let module = module_of(&source.name);
        let Some((_, below)) = FLOORS.iter().find(|(floor, _)| *floor == module) else {
            broken.push(format!("{}: {module} has no floor", source.name));
            continue;
        };
        let code = without_comments(&source);
        let mut named = named_after(&code, "crate::");
        if ["main", "cli"].contains(&module) {
            named.extend(named_after(&code, "shortfall::"));
        }
        let is_module = |name: &str| FLOORS.iter().any(|(floor, _)| *floor == name);
        for other in named.into_iter().filter(|name| *name != module && is_module(name)) {
            if !below.contains(&other) {
                broken.push(format!("{} names {other}", source.name));
            }
        }
    }
    assert_none(&broken, "a new arrow between modules");
}

#[test]
fn the_arrows_are_found_however_they_are_written() {
    let code = "use crate::{tail::{Level, Tally}, book, units::AssetId};\n\
                fn f(x: crate::fixed::Mark) { shortfall::engine::run(); other_crate::no(); }";
    assert_eq!(named_after(code, "crate::"), ["tail", "book", "units", "fixed"]);
    assert_eq!(named_after(code, "shortfall::"), ["engine"]);
}

/// What only one part of the house may name, and which files that is.
#[test]
fn each_thing_has_one_home() {
    let homes: [(&[&str], &[&str]); 5] = [
        (&["println!", "print!", "eprintln!", "eprint!", "process::exit", "io::stderr"], &["cli"]),
        (&["toml::", "csv::Reader", "flate2::"], &["scenario"]),
        (&["clap::", "indicatif::", "signal_hook::"], &["cli"]),
        (&["postcard::"], &["archive", "tail"]),
        (&["parquet::", "quick_junit::", "plotters::"], &["report"]),
    ];
    let mut broken = Vec::new();
    for source in files("src", &["rs"]) {
        let code = without_comments(&source);
        for (words, modules) in homes {
            let is_at_home = modules.contains(&module_of(&source.name));
            for word in words.iter().filter(|word| !is_at_home && code.contains(**word)) {
                broken
                    .push(format!("{} names {word}, which is at home in {modules:?}", source.name));
            }
        }
    }
    assert_none(&broken, "not at home");
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut broken = Vec::new();
    for source in code() {
        let n_lines = source.text.lines().count();
        if n_lines > MOST_LINES {
            broken.push(format!("{}: {n_lines} lines, above {MOST_LINES}", source.name));
        }
        for (number, line) in lines(&source) {
            let n_columns = line.chars().count();
            if n_columns > MOST_COLUMNS {
                broken.push(format!("{}:{number}: {n_columns} columns", source.name));
            }
        }
        for (number, n_lines) in functions(&source) {
            if n_lines > MOST_LINES_OF_FUNCTION {
                broken.push(format!("{}:{number}: a function of {n_lines} lines", source.name));
            }
        }
    }
    assert_none(&broken, "too long");
}

/// Where each function begins and how many lines it has, from its first line to its last brace, as
/// rustfmt sets them.
fn functions(source: &Source) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let is_signature = |line: &str| {
        let words = line.split_whitespace();
        let mut words = words.skip_while(|word| {
            word.starts_with("pub") || ["in", "const", "async", "unsafe", "extern"].contains(word)
        });
        words.next() == Some("fn")
    };
    let mut found = Vec::new();
    for (idx, line) in lines.iter().enumerate().filter(|(_, line)| is_signature(line)) {
        let indent = line.len() - line.trim_start().len();
        let is_end = |end: &&str| end.trim_end() == format!("{}}}", " ".repeat(indent));
        let is_one_line = line.ends_with('}') || line.ends_with(';');
        if let Some(n_more) = lines[idx..].iter().position(is_end) {
            found.push((idx + 1, if is_one_line { 1 } else { n_more + 1 }));
        }
    }
    found
}

#[test]
fn a_function_is_measured_from_its_name_to_its_brace() {
    let function = "    pub(super) const fn b(\n    ) {\n        {\n        }\n    }\n";
    let text = format!("fn a() {{}}\n\nimpl B {{\n{function}}}\n");
    let source = Source { name: "src/a.rs".to_owned(), text };
    assert_eq!(functions(&source), [(1, 1), (4, 5)]);
}

#[test]
fn every_file_begins_with_its_caption() {
    let is_captioned = |source: &Source| {
        source.text.starts_with(if source.name.ends_with(".rs") { "//! " } else { "// " })
    };
    let bare: Vec<String> =
        code().into_iter().filter(|it| !is_captioned(it)).map(|it| it.name).collect();
    assert_none(&bare, "no caption on the first line");
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let says_nothing = |name: &str| name.split(['/', '.']).any(|part| BANNED_NAMES.contains(&part));
    let named: Vec<String> =
        code().into_iter().map(|it| it.name).filter(|name| says_nothing(name)).collect();
    assert_none(&named, "a file that wants such a name is two files");
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["todo", "unimplemented", "dbg"].map(|word| format!("{word}!("));
    let ignored = format!("#[{}", "ignore");
    let mut broken = Vec::new();
    for source in code() {
        for (number, line) in lines(&source) {
            if words.iter().chain([&ignored]).any(|word| line.contains(word)) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert_none(&broken, "left for later");
}

#[test]
fn no_file_names_a_path_of_a_machine() {
    let folders = ["home", "root", "work", "tmp", "Users", "mnt"].map(|it| format!("/{it}/"));
    let mut texts = code();
    texts.extend(files("scenarios", &["toml", "csv", "py"]));
    texts.extend(files("tests", &["toml", "csv", "snap", "json"]));
    for name in ["README.md", "Cargo.toml", ".ci/run"] {
        texts.push(read(root().join(name)));
    }
    let mut broken = Vec::new();
    for source in &texts {
        for (number, line) in lines(source) {
            if folders.iter().any(|folder| line.contains(folder)) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert_none(&broken, "a path of a machine");
}

#[test]
fn the_top_holds_what_was_agreed() {
    let ignored = read(root().join(".gitignore")).text;
    let is_ignored = |name: &str| ignored.lines().any(|line| line.trim_matches('/') == name);
    let mut strange = Vec::new();
    for entry in fs::read_dir(root()).expect("the root is there") {
        let name = entry.expect("an entry of the root").file_name().to_string_lossy().into_owned();
        if !(name.starts_with('.') || TOP.contains(&&*name) || is_ignored(&name)) {
            strange.push(name);
        }
    }
    assert_none(&strange, "not agreed at the top");
}

/// The commands that the README shows: indented or fenced lines that begin with `cargo`.
fn commands_of(readme: &str) -> Vec<&str> {
    let lines = readme.lines().map(|line| line.trim().trim_start_matches("$ "));
    lines.filter(|line| line.starts_with("cargo ")).collect()
}

#[test]
fn the_readme_s_test_command_is_what_ci_runs() {
    let (readme, ci) = (read(root().join("README.md")).text, read(root().join(".ci/run")).text);
    let commands = commands_of(&readme);
    let mut tests = commands.iter().filter(|it| it.starts_with("cargo test")).peekable();
    assert!(tests.peek().is_some(), "README.md shows no test command");
    for test in tests {
        let is_run = ci.lines().any(|line| line.replace(" --locked", "").trim() == *test);
        assert!(is_run, ".ci/run does not run `{test}`");
    }
}

#[test]
fn the_files_that_the_readme_s_commands_name_are_there() {
    let mut readme = read(root().join("README.md")).text;
    files("src/guide", &["md"]).iter().for_each(|page| readme.push_str(&page.text));
    let words = commands_of(&readme).into_iter().flat_map(str::split_whitespace);
    let is_file = |word: &&str| [".toml", ".csv", ".csv.gz"].iter().any(|end| word.ends_with(end));
    let missing = words.filter(is_file).filter(|word| !root().join(word).is_file());
    let missing: Vec<String> = missing.map(str::to_owned).collect();
    assert_none(&missing, "README.md names files that are not here");
}
