//! Do the README and the guide show what the program prints? Their commands are run word for word,
//! in order, in a folder that holds the scenarios, and their outputs are held against the blocks
//! below them.
//!
//! A block `sh` holds commands, a line each; the block `text` that follows shows what the last of
//! them prints, or parts of it with a line `...` for each gap. A block `csv NAME` is a file that
//! commands below it read. Times, rates and backends are masked.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The pages, in the order in which a newcomer reads them.
const PAGES: [&str; 8] = [
    "README.md",
    "src/guide/intervals.md",
    "src/guide/books.md",
    "src/guide/operations.md",
    "src/guide/gates.md",
    "src/guide/models.md",
    "src/guide/markets.md",
    "src/guide/speed.md",
];

/// What is done with a command of a page.
#[derive(Clone, Copy, PartialEq)]
enum Treatment {
    /// It is run, and ends with this exit code.
    Ends(i32),
    /// It is not run, for this reason.
    Left(&'static str),
}
use Treatment::{Ends, Left};

/// Every command of the pages that is not run to exit code 0.
const OTHERWISE: [(&str, Treatment); 9] = [
    ("cargo test", Left("it runs this")),
    (
        "shortfall run scenarios/lending.toml --paths 20_000 --fail-on \"es99 > 2.5e5\" \
         --fail-on \"es99 > 3e5\" --fail-on \"probability > 10%\"",
        Ends(99),
    ),
    (
        "shortfall run runs/proposal.toml --book scenarios/lending_book.csv.gz --paths 20_000 \
         --baseline runs/main --fail-on \"delta.es99 > 0\"",
        Ends(99),
    ),
    (
        "shortfall run scenarios/lending.toml --paths 1e8 --out runs/night --resume \
         --time-limit 11h",
        Left("an overnight run"),
    ),
    (
        "shortfall run scenarios/lending.toml --paths 1e9 --out /shared/night --resume \
         --shard 3/64",
        Left("an overnight run, on many machines"),
    ),
    ("shortfall merge /shared/night", Left("it merges what many machines found overnight")),
    ("shortfall bench", Left("it measures this machine, for ten seconds")),
    (
        "shortfall bench scenarios/lending.toml --device 0 --seconds 30s",
        Left("it measures this machine's GPU, for half a minute"),
    ),
    ("shortfall bench --scale --svg benches/growth.svg", Left("it takes minutes")),
];

/// A fenced block of a page.
struct Block<'a> {
    page: &'a str,
    language: &'a str,
    /// The number of its first line.
    line: usize,
    lines: Vec<&'a str>,
}

/// A command of a page, and the block that shows what it prints.
struct Shown<'a> {
    page: &'a str,
    command: &'a str,
    line: usize,
    output: Option<Block<'a>>,
}

fn blocks<'a>(page: &'a str, text: &'a str) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(text.lines()) {
        match line.strip_prefix("```") {
            Some(language) if !is_open => {
                blocks.push(Block { page, language, line: number + 1, lines: Vec::new() });
                is_open = true;
            }
            Some(_) => is_open = false,
            None if is_open => blocks.last_mut().expect("a block is open").lines.push(line),
            None => {}
        }
    }
    assert!(!is_open, "{page} ends within a block");
    blocks
}

/// The commands of all blocks of a page, in order.
fn shown<'a>(page: &'a str, text: &'a str) -> Vec<Shown<'a>> {
    let mut shown: Vec<Shown<'_>> = Vec::new();
    let mut may_follow = false;
    for block in blocks(page, text) {
        match block.language {
            "sh" => {
                let commands = (block.line..).zip(&block.lines);
                let commands = commands.filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
                shown.extend(commands.map(|(line, it)| Shown {
                    page,
                    command: it,
                    line,
                    output: None,
                }));
                may_follow = true;
            }
            "text" => {
                assert!(may_follow, "{page}:{}: an output without a command", block.line);
                shown.last_mut().expect("a command precedes").output = Some(block);
                may_follow = false;
            }
            _ => may_follow = false,
        }
    }
    shown
}

fn treatment(command: &str) -> Treatment {
    let row = OTHERWISE.iter().find(|(it, _)| *it == command);
    row.map_or(Ends(0), |(_, treatment)| *treatment)
}

/// A line without what differs from machine to machine: how long it took, on what.
fn masked(line: &str) -> String {
    match line.split_once(": ") {
        Some((_, rates)) if rates.contains(" paths a second, ") => "(time and backend)".to_owned(),
        Some((walked, what)) if walked.starts_with("walked again on ") => {
            format!("walked again: {what}")
        }
        _ => line.trim_end().to_owned(),
    }
}

/// Where an output differs from the block that shows it; `None` if it does not.
fn difference(block: &Block<'_>, printed: &str) -> Option<String> {
    let printed: Vec<String> = printed.lines().map(masked).collect();
    let shown: Vec<String> = block.lines.iter().map(|line| masked(line)).collect();
    let (mut number, mut from) = (block.line, 0);
    for part in shown.split(|line| line == "...") {
        let rest = &printed[from..];
        let mut places = rest.windows(part.len().max(1));
        match places.position(|it| it == part) {
            Some(at) => from += at + part.len(),
            None if part.is_empty() => {}
            None => return Some(first_difference((block.page, number), part, rest)),
        }
        number += part.len() + 1;
    }
    None
}

/// Of lines from such a number of a page on that are not printed as they stand: the first that
/// is not, where they are printed furthest.
fn first_difference((page, number): (&str, usize), part: &[String], printed: &[String]) -> String {
    let n_equal = |start: usize| {
        let pairs = part.iter().zip(&printed[start..]);
        pairs.take_while(|(shown, line)| shown == line).count()
    };
    let furthest = (0..printed.len()).max_by_key(|start| (n_equal(*start), printed.len() - start));
    let n = furthest.map_or(0, n_equal);
    let Some(start) = furthest.filter(|_| n > 0) else {
        return format!("{page}:{number}: `{}` is not printed", part[0]);
    };
    let line = printed.get(start + n).map_or("(nothing)", |line| line);
    format!("{page}:{}: shows   `{}`\nthe program prints `{line}`", number + n, part[n])
}

/// A folder as a newcomer has it, with the tables that the pages show.
fn checkout(pages: &[(&str, String)]) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    let (from, to) = (Path::new("scenarios"), dir.path().join("scenarios"));
    fs::create_dir(&to).expect("a folder for the scenarios");
    for entry in fs::read_dir(from).expect("the scenarios") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    for block in pages.iter().flat_map(|(page, text)| blocks(page, text)) {
        if let Some(name) = block.language.strip_prefix("csv ") {
            fs::write(dir.path().join(name), block.lines.join("\n")).expect("a table");
        }
    }
    dir
}

/// `PATH` with the program that is tested before all others.
fn search_path() -> OsString {
    let program = PathBuf::from(assert_cmd::cargo::cargo_bin!("shortfall"));
    let folder = program.parent().expect("a folder of the program").to_owned();
    let others = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(folder).chain(env::split_paths(&others))).expect("a PATH")
}

/// What is wrong with what a page says about a command; `None` if nothing is.
fn fault(shown: &Shown<'_>, exit_code: i32, folder: &Path) -> Option<String> {
    let Shown { page, command, line, output } = shown;
    let run = Command::new("sh")
        .args(["-c", &command.replace("cargo run --release --", "shortfall")])
        .env("PATH", search_path())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("a shell starts");
    let texts = [&run.stdout, &run.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
    let printed = texts.concat();
    if run.status.code() != Some(exit_code) {
        let status = run.status;
        return Some(format!(
            "{page}:{line}: `{command}`: {status}, expected {exit_code}:\n{printed}"
        ));
    }
    let difference = difference(output.as_ref()?, &printed)?;
    Some(format!("{difference}\nafter `{command}`, which prints:\n{printed}"))
}

#[test]
fn the_readme_s_and_the_guide_s_commands_print_what_they_show() {
    let text = |page| fs::read_to_string(page).unwrap_or_else(|error| panic!("{page}: {error}"));
    let pages = PAGES.map(|page| (page, text(page)));
    let n_files = fs::read_dir("src/guide").expect("the guide").count();
    assert_eq!(n_files + 1, PAGES.len(), "every page of src/guide is to be in PAGES");
    let shown: Vec<Shown<'_>> = pages.iter().flat_map(|(page, text)| shown(page, text)).collect();
    let is_there = |command: &str| shown.iter().any(|it| it.command == command);
    let gone = OTHERWISE.iter().filter(|(it, _)| !is_there(it));
    let mut faults: Vec<String> =
        gone.map(|(it, _)| format!("no page has `{it}`, which is in OTHERWISE")).collect();
    let checkout = checkout(&pages);
    for it in &shown {
        match treatment(it.command) {
            Ends(code) => faults.extend(fault(it, code, checkout.path())),
            Left(why) => println!("{}:{}: `{}` is not run: {why}", it.page, it.line, it.command),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn a_readme_that_shows_something_else_is_found_out() {
    let printed =
        "a\nb 1\n0.1 s on cpu, 2 threads: 9 paths a second, 5 checks a CPU second\nc\nd\n";
    let told = |text: &str| {
        let readme = format!("```sh\nshortfall run\n```\n\n```text\n{text}\n```\n");
        let shown = shown("README.md", &readme);
        difference(shown[0].output.as_ref().expect("an output"), printed)
    };
    assert_eq!(told("b 1\n7 s on gpu: 3 paths a second, 1 checks a CPU second\n...\nd"), None);
    assert_eq!(told("b 1"), None);
    for (text, words) in [
        ("a\nb 2", "README.md:7: shows   `b 2`\nthe program prints `b 1`"),
        ("d\ne", "README.md:7: shows   `e`\nthe program prints `(nothing)`"),
        ("d\n...\na", "README.md:8: `a` is not printed"),
        ("x", "README.md:6: `x` is not printed"),
    ] {
        assert_eq!(told(text).as_deref(), Some(words), "{text}");
    }
}
