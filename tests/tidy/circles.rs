//! No file of the library imports, by whatever way, a file that imports it.
//!
//! A file imports another if its code names an item that stands there: by `use`, by a path, or
//! through the re-exports of modules. Declarations and re-exports themselves are signposts and no
//! imports, and tests beside the code may look where they like.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{assert_none, files};

type Path = Vec<String>;

/// A name that a module has from elsewhere.
struct Import {
    name: String,
    path: Path,
    /// Whether it is there for others.
    is_shown: bool,
}

/// A module: the file it stands in, and what its code names.
struct Room {
    file: usize,
    imports: Vec<Import>,
    paths: Vec<Path>,
}

/// All modules, by their paths from the crate's root.
#[derive(Default)]
struct House {
    names: Vec<String>,
    rooms: BTreeMap<Path, Room>,
}

/// The module that a file in `src` is.
fn module_of(name: &str) -> Path {
    let below = name.strip_prefix("src/").and_then(|it| it.strip_suffix(".rs")).expect("a file");
    let mut parts: Path = below.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|it| it == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

/// Tokens of one module, read from the left.
struct Reader<'t> {
    tokens: &'t [TokenTree],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self, ahead: usize) -> Option<&'t TokenTree> {
        self.tokens.get(self.at + ahead)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek(ahead), Some(TokenTree::Ident(it)) if it == word)
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        matches!(self.peek(ahead), Some(TokenTree::Punct(it)) if it.as_char() == sign)
    }

    fn word(&self, ahead: usize) -> Option<String> {
        match self.peek(ahead) {
            Some(TokenTree::Ident(it)) => Some(it.to_string()),
            _ => None,
        }
    }

    fn group(&self, ahead: usize, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
        match self.peek(ahead) {
            Some(TokenTree::Group(it)) if it.delimiter() == delimiter => {
                Some(it.stream().into_iter().collect())
            }
            _ => None,
        }
    }

    /// Passes over an item: up to a semicolon, or behind its body.
    fn pass_item(&mut self) {
        while self.at < self.tokens.len() {
            let is_end = self.is_sign(0, ';') || self.group(0, Delimiter::Brace).is_some();
            self.at += 1;
            if is_end {
                return;
            }
        }
    }

    /// `a::b::c`, or as much of it as stands here.
    fn path(&mut self) -> Path {
        let mut path = Path::new();
        while let Some(word) = self.word(0) {
            path.push(word);
            self.at += 1;
            if !(self.is_sign(0, ':') && self.is_sign(1, ':')) {
                break;
            }
            self.at += 2;
        }
        path
    }

    /// What a tree of `use` names, each behind what stands before its braces.
    fn use_tree(&mut self, before: &[String], is_shown: bool, imports: &mut Vec<Import>) {
        let path = [before, &self.path()].concat();
        if let Some(inner) = self.group(0, Delimiter::Brace) {
            self.at += 1;
            let mut inner = Reader { tokens: &inner, at: 0 };
            while inner.peek(0).is_some() {
                inner.use_tree(&path, is_shown, imports);
                inner.at += 1;
            }
            return;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.is_sign(0, '*') {
            (self.at, name) = (self.at + 1, "*".to_owned());
        }
        let is_self = path.last().is_some_and(|it| it == "self");
        let path = if is_self { path[..path.len() - 1].to_vec() } else { path };
        if is_self {
            name = path.last().cloned().unwrap_or_default();
        }
        if self.is_word(0, "as") {
            (self.at, name) = (self.at + 2, self.word(1).unwrap_or_default());
        }
        imports.push(Import { name, path, is_shown });
    }
}

impl House {
    fn of(sources: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut house = Self::default();
        for (file, (name, text)) in sources.into_iter().enumerate() {
            let tokens = TokenStream::from_str(&text).unwrap_or_else(|it| panic!("{name}: {it}"));
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            house.read_module(module_of(&name), file, &tokens);
            house.names.push(name);
        }
        house
    }

    fn read_module(&mut self, module: Path, file: usize, tokens: &[TokenTree]) {
        let mut room = Room { file, imports: Vec::new(), paths: Vec::new() };
        self.read(&module, &mut room, tokens);
        self.rooms.insert(module, room);
    }

    fn read(&mut self, module: &Path, room: &mut Room, tokens: &[TokenTree]) {
        let mut reader = Reader { tokens, at: 0 };
        let mut is_shown = false;
        while reader.peek(0).is_some() {
            if reader.is_sign(0, '#')
                && let Some(attribute) = reader.group(1, Delimiter::Bracket)
            {
                reader.at += 2;
                let text: String = attribute.iter().map(ToString::to_string).collect();
                if text.starts_with("cfg") && text.contains("test") && !text.contains("not") {
                    reader.pass_item();
                }
            } else if reader.is_word(0, "pub") {
                (reader.at, is_shown) = (reader.at + 1, true);
                // Not the path of `pub(in path)`.
                reader.at += usize::from(reader.group(0, Delimiter::Parenthesis).is_some());
                continue;
            } else if reader.is_word(0, "use") {
                reader.at += 1;
                reader.use_tree(&[], is_shown, &mut room.imports);
            } else if reader.is_word(0, "mod")
                && let Some(body) = reader.group(2, Delimiter::Brace)
            {
                let name = reader.word(1).expect("the name of a module");
                self.read_module([&module[..], &[name]].concat(), room.file, &body);
                reader.at += 3;
            } else if let Some(TokenTree::Group(group)) = reader.peek(0) {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.read(module, room, &inner);
                reader.at += 1;
            } else if reader.word(0).is_some() {
                let path = reader.path();
                if path.len() > 1 {
                    room.paths.push(path);
                }
            } else {
                reader.at += 1;
            }
            is_shown = false;
        }
    }

    /// The file in which the item of a path stands, as a module sees it; none of another crate.
    fn file_of(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        if depth > 16 || path.is_empty() {
            return None;
        }
        let n_up = path.iter().take_while(|it| *it == "super").count();
        let (start, rest) = match path[0].as_str() {
            "crate" | "shortfall" => (Path::new(), &path[1..]),
            "self" => (module.to_vec(), &path[1..]),
            "super" => (module[..module.len().checked_sub(n_up)?].to_vec(), &path[n_up..]),
            name => {
                let is_child = self.rooms.contains_key(&[module, &[name.to_owned()]].concat());
                if !is_child && self.imported(module, path, depth).is_none() {
                    return None;
                }
                (module.to_vec(), path)
            }
        };
        let mut at = start;
        for (idx, name) in rest.iter().enumerate() {
            let below = [&at[..], std::slice::from_ref(name)].concat();
            if self.rooms.contains_key(&below) {
                at = below;
                continue;
            }
            if let Some(found) = self.imported(&at, &rest[idx..], depth) {
                return Some(found);
            }
            break;
        }
        self.rooms.get(&at).map(|room| room.file)
    }

    /// The same of a path that begins with a name that the module has from elsewhere.
    fn imported(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        let imports = || self.rooms.get(module).into_iter().flat_map(|room| &room.imports);
        let named = imports().filter(|it| it.name == path[0] && it.path[..] != path[..1]);
        let whole = named.map(|it| [&it.path[..], &path[1..]].concat());
        let mut globs = imports().filter(|it| it.name == "*" && it.path[0] != "super");
        let mut found = whole.filter_map(|path| self.file_of(module, &path, depth + 1));
        found.next().or_else(|| {
            globs.find_map(|it| {
                let inside = [&it.path[..], path].concat();
                self.file_of(module, &inside, depth + 1)
            })
        })
    }

    /// Which files each file imports.
    fn arrows(&self) -> Vec<BTreeSet<usize>> {
        let mut arrows = vec![BTreeSet::new(); self.names.len()];
        for (module, room) in &self.rooms {
            let is_module = |import: &Import| {
                // Its paths count, where they stand.
                let inside = [&import.path[..], &["?".to_owned()]].concat();
                let file = self.file_of(module, &inside, 0);
                file.is_some_and(|it| module_of(&self.names[it]).last() == import.path.last())
            };
            let own = room.imports.iter().filter(|it| !it.is_shown && !is_module(it));
            for path in own.map(|it| &it.path).chain(&room.paths) {
                arrows[room.file].extend(self.file_of(module, path, 0));
            }
            arrows[room.file].remove(&room.file);
        }
        arrows
    }

    /// The shortest circle through each file that is in one, a line each.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let mut circles = BTreeSet::new();
        for start in 0..arrows.len() {
            let mut before: BTreeMap<usize, usize> = BTreeMap::new();
            let mut queue = VecDeque::from([start]);
            while let Some(at) = queue.pop_front() {
                for &next in &arrows[at] {
                    before.entry(next).or_insert_with(|| {
                        queue.push_back(next);
                        at
                    });
                }
            }
            let Some(&last) = before.get(&start) else { continue };
            let mut circle = vec![start, last];
            while circle[circle.len() - 1] != start {
                circle.push(before[&circle[circle.len() - 1]]);
            }
            circle.reverse();
            let names: Vec<&str> = circle.iter().map(|it| &*self.names[*it]).collect();
            circles.insert(names.join(" -> "));
        }
        circles.into_iter().collect()
    }
}

#[test]
fn no_file_imports_one_that_imports_it() {
    let sources = files("src", &["rs"]).into_iter().map(|it| (it.name, it.text));
    let house = House::of(sources.filter(|(name, _)| name != "src/main.rs"));
    let n_arrows: usize = house.arrows().iter().map(BTreeSet::len).sum();
    assert!(n_arrows > 1000, "{n_arrows} imports are found");
    assert_none(&house.circles(), "a circle of imports");
}

#[test]
fn circles_are_found_through_re_exports_and_paths_and_not_in_tests() {
    let circles = |files: &[(&str, &str)]| {
        let sources = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        House::of(sources).circles()
    };
    let list = ("src/a.rs", "mod b; mod c; pub use c::Row; fn f() { b::run(); }");
    let row = ("src/a/c.rs", "pub struct Row;");
    let by_re_export = ("src/a/b.rs", "use super::Row; pub fn run() {}");
    assert_eq!(circles(&[list, row, by_re_export]), [""; 0]);
    let by_path = ("src/a/b.rs", "pub fn run() { let _ = vec![crate::a::f()]; }");
    let found = circles(&[list, row, by_path]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "src/a.rs -> src/a/b.rs -> src/a.rs");
    let in_test = ("src/a/b.rs", "pub fn run() {} #[cfg(test)] mod tests { use super::super::f; }");
    assert_eq!(circles(&[list, row, in_test]), [""; 0]);
    let named = ("src/a/b.rs", "use crate::a::{self, c::{Row as R}}; pub fn run() { a::f(R) }");
    assert_eq!(circles(&[list, row, named]).len(), 2);
}
