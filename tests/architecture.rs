//! Holds the code to the import table in `src/lib.rs` and the files of a folder to one direction, and the tests to a
//! few programs that leave no file out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ALL: &[&str] = &["everything"];

/// The table as written: module -> what it may import.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string("src/lib.rs").unwrap();
    let names = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut table = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [modules, imports, ..] = cells.as_slice() else { continue };
        let may = if *imports == "everything" { ALL.iter().map(|s| (*s).to_owned()).collect() } else { names(imports) };
        for module in names(modules) {
            table.insert(module, may.clone());
        }
    }
    table
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The modules that `text` names after `crate::`, braces included, tests and comments aside.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut start = true;
            for (offset, c) in list.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && !c.is_whitespace() => {
                        found.push(word(&list[offset..]));
                        start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.push(word(rest));
        }
    }
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() > 10, "the table in src/lib.rs was not found");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in files {
        let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let [_, module, ..] = parts.as_slice() else { continue };
        let module = module.trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let may = table.get(module).unwrap_or_else(|| panic!("`{module}` is not in the table of src/lib.rs"));
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            checked += 1;
            let allowed = may == ALL || import == module || may.contains(&import);
            if !allowed {
                wrong.push(format!("{}: crate::{import}", file.display()));
            }
        }
    }
    assert!(checked > 100, "only {checked} imports were seen");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn four_places_touch_the_internals_of_cedar() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let uses = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .any(|line| !line.trim_start().starts_with("//") && line.contains("cedar_policy_core"))
    };
    let folder = Path::new("src/repo/cedar");
    let whole = ["src/symbolic/compile/untyped", "src/decide/compiled"];
    let (within, others): (Vec<_>, Vec<_>) = files.into_iter().filter(uses).partition(|file| file.starts_with(folder));
    let mut others: Vec<PathBuf> =
        others.into_iter().filter(|file| !whole.iter().any(|folder| file.starts_with(folder))).collect();
    others.sort();
    // Syntax trees with places; what symcc's terms, policies and schemas do not say by themselves, and policies that
    // symcc refuses; values of operands; and the compiled evaluator.
    assert!(!within.is_empty(), "{} was not found", folder.display());
    let known = ["src/symbolic/compile/terms.rs", "src/trace/reading.rs", "src/trace/term.rs", "src/trace/world.rs"];
    assert_eq!(others, known.map(PathBuf::from));
}

#[test]
fn the_import_reader_sees_every_shape() {
    let text = "use crate::a::B;\nuse crate::{b::{C, D}, c};\n// crate::no\nlet x = crate::d::f();\n#[cfg(test)]\nuse crate::no;";
    assert_eq!(imports(text), ["a", "b", "c", "d"]);
}

/// Each program is linked with the whole library, and again after every change to it.
const PROGRAMS: usize = 8;

/// The modules that `text` declares in files of their own, each with its `#[path]` if it has one.
fn declared(text: &str) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    let mut path = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            path = rest.strip_suffix("\"]").map(str::to_owned);
        } else if !line.starts_with("#[") {
            let words: Vec<_> = line.split_whitespace().collect();
            if let ["mod", name] | ["pub" | "pub(crate)" | "pub(super)", "mod", name] = words.as_slice()
                && let Some(name) = name.strip_suffix(';')
            {
                found.push((path.take(), name.to_owned()));
            }
            path = None;
        }
    }
    found
}

/// Adds `file` and what it declares, and what that declares, to `reached`.
fn reach(file: &Path, reached: &mut BTreeSet<PathBuf>) {
    let file = file.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let folder = file.parent().unwrap();
    // Where the modules of a file are looked for: beside it if it is the root of a program or a folder, else below its
    // name.
    let inside = if file.ends_with("main.rs") || file.ends_with("mod.rs") || folder.ends_with("tests") {
        folder.to_path_buf()
    } else {
        file.with_extension("")
    };
    for (path, name) in declared(&std::fs::read_to_string(&file).unwrap()) {
        let flat = inside.join(format!("{name}.rs"));
        let module = match path {
            Some(path) => folder.join(path),
            None if flat.is_file() => flat,
            None => inside.join(name).join("mod.rs"),
        };
        reach(&module, reached);
    }
    reached.insert(file);
}

#[test]
fn every_file_of_tests_is_in_one_of_a_few_programs() {
    let root = Path::new("tests").canonicalize().unwrap();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (alone, below): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.parent() == Some(&*root));
    assert_eq!(alone, [root.join("architecture.rs")], "each is a program: tests belong below one of the others");
    let (programs, modules): (Vec<_>, Vec<_>) =
        below.into_iter().partition(|file| file.strip_prefix(&root).unwrap().iter().skip(1).eq(["main.rs"]));
    assert!((1..=PROGRAMS).contains(&programs.len()), "{programs:#?}");
    let mut reached = BTreeSet::new();
    for program in &programs {
        reach(program, &mut reached);
    }
    let left_out: Vec<_> = modules.iter().filter(|file| !reached.contains(*file)).collect();
    assert!(modules.len() > 50 && left_out.is_empty(), "of {} files no `mod` leads to {left_out:#?}", modules.len());
}

#[test]
fn the_reader_of_modules_sees_every_shape() {
    let text = "//! mod no;\nmod a;\n#[path = \"../b/mod.rs\"]\n#[cfg(unix)]\nmod b;\npub(crate) mod c;\nmod here {\n    mod d;\n}\n// mod no;";
    let plain = |name: &str| (None, name.to_owned());
    let with_path = (Some("../b/mod.rs".to_owned()), "b".to_owned());
    assert_eq!(declared(text), [plain("a"), with_path, plain("c"), plain("d")]);
}

/// `text` without comments, the contents of strings and unit tests: what is left has the same paths as the code.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text.split("#[cfg(test)]").next().unwrap();
    while let Some(at) = rest.find(['/', '"', '\'', 'r']) {
        code.push_str(&rest[..at]);
        rest = &rest[at..];
        let raw = rest.trim_start_matches('r').trim_start_matches('#').starts_with('"')
            && rest.starts_with('r')
            && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if raw {
            let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
            let open = 2 + hashes;
            rest[open..].find(&format!("\"{}", "#".repeat(hashes))).map_or(rest.len(), |end| open + end + 1 + hashes)
        } else if let Some(inner) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = inner.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if let Some(inner) = rest.strip_prefix("'\\") {
            inner.find('\'').map_or(rest.len(), |end| end + 3)
        } else if rest.starts_with('\'') && rest.chars().nth(2) == Some('\'') {
            rest.char_indices().nth(3).map_or(rest.len(), |(end, _)| end)
        } else {
            code.push_str(&rest[..1]);
            1
        };
        rest = &rest[length..];
    }
    code + rest
}

/// Every path in `code` that begins with `crate`, `self` or `super`, those in braces written out: `super::{a::B, c}` is
/// two.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    for start in ["crate::", "self::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].trim_end();
            // `pub(in crate::x)` says who sees something, not what is used.
            if before.ends_with(is_name) && !before.ends_with("use") && before.ends_with(" in")
                || before.ends_with("(in")
            {
                continue;
            }
            if !before.ends_with("::") && !code[..at].ends_with(is_name) {
                path_tree(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path or use tree at the beginning of `text`; gives what comes after it.
fn path_tree<'t>(text: &'t str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let known = prefix.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut list) = rest.strip_prefix('{') {
            while !list.trim_start().starts_with('}') {
                let after = path_tree(list, prefix, found).trim_start();
                let after = after
                    .strip_prefix("as ")
                    .map_or(after, |name| name.trim_start_matches(|c: char| c != ',' && c != '}'));
                list = after.strip_prefix(',').unwrap_or(after);
                assert!(list.starts_with(|_| true), "an import list without an end");
            }
            prefix.truncate(known);
            return list.trim_start().strip_prefix('}').unwrap_or_default();
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
        rest = &rest[name.len()..];
        prefix.push(name);
        match rest.strip_prefix("::") {
            Some(after) if after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{' || c == '*') => {
                rest = after
            }
            _ => break,
        }
    }
    found.push(prefix.clone());
    prefix.truncate(known);
    rest
}

/// The files below `src` by the path of their module: `["symbolic", "encode", "sets"]`.
struct Modules(BTreeMap<Vec<String>, String>);

impl Modules {
    fn read() -> Self {
        let mut files = Vec::new();
        sources(Path::new("src"), &mut files);
        let module = |file: &PathBuf| {
            let mut path: Vec<_> = file.iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
            let name = path.pop().unwrap();
            let name = name.trim_end_matches(".rs");
            path.extend((!matches!(name, "mod" | "lib")).then(|| name.to_owned()));
            (path, code_of(&std::fs::read_to_string(file).unwrap()))
        };
        Self(files.iter().map(module).filter(|(path, _)| path != &["main"]).collect())
    }

    /// The module that declares what `path`, as written in `from`, stands for: names that a `mod.rs` hands on lead to
    /// where they come from.
    fn target(&self, from: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut at = from.to_vec();
        let mut segments = path.iter().peekable();
        while let Some(segment) = segments.next_if(|segment| matches!(segment.as_str(), "crate" | "self" | "super")) {
            match segment.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                _ => {}
            }
        }
        for segment in segments {
            let mut below = at.clone();
            below.push(segment.clone());
            if self.0.contains_key(&below) {
                at = below;
                continue;
            }
            if let Some(source) = self.handed_on(&at, segment) {
                at = source;
            }
            break;
        }
        self.0.contains_key(&at).then_some(at)
    }

    /// Where `module` has `name` from, if it hands it on by `pub use child::name`.
    fn handed_on(&self, module: &[String], name: &str) -> Option<Vec<String>> {
        let code = self.0.get(module)?;
        for (at, _) in code.match_indices("use ") {
            if !code[..at].trim_end().ends_with(['b', ')']) {
                continue;
            }
            let mut found = Vec::new();
            path_tree(&code[at + "use ".len()..], &mut Vec::new(), &mut found);
            if let Some(path) = found.iter().find(|path| path.len() > 1 && path.last().is_some_and(|last| last == name))
            {
                return self.target(module, path);
            }
        }
        None
    }

    /// For each folder: which of the files and folders in it uses which other.
    fn uses(&self) -> BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> {
        let mut uses: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (from, code) in &self.0 {
            for target in paths(code).iter().filter_map(|path| self.target(from, path)) {
                let common = from.iter().zip(&target).take_while(|(a, b)| a == b).count();
                // A folder's `mod.rs` may use everything in the folder. What uses the `mod.rs` above it, uses the list,
                // not a file.
                if let (Some(user), Some(used)) = (from.get(common), target.get(common)) {
                    uses.entry(from[..common].to_vec())
                        .or_default()
                        .entry(user.clone())
                        .or_default()
                        .insert(used.clone());
                }
            }
        }
        uses
    }
}

/// Files that use each other, by way of others or at once: each ring is the largest set of that kind.
fn rings(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached = |from: &String| -> BTreeSet<String> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            open.extend(uses.get(at).into_iter().flatten().filter(|next| reached.insert((*next).clone())));
        }
        reached
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = uses.keys().map(|file| (file, reached(file))).collect();
    let mut rings: Vec<BTreeSet<String>> = Vec::new();
    for (file, others) in &reached {
        if others.contains(*file) && !rings.iter().any(|ring| ring.contains(*file)) {
            let ring = others.iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(*file)));
            rings.push(ring.cloned().collect());
        }
    }
    rings
}

#[test]
fn files_of_a_folder_do_not_use_each_other_in_rings() {
    let modules = Modules::read();
    let uses = modules.uses();
    let edges: usize = uses.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
    assert!(edges > 300, "only {edges} uses were seen");
    let mut found = Vec::new();
    // Between the top modules the table of src/lib.rs decides.
    for (folder, uses) in uses.iter().filter(|(folder, _)| !folder.is_empty()) {
        for ring in rings(uses) {
            let files: Vec<_> = ring.into_iter().collect();
            found.push(format!("{}: {}", folder.join("/"), files.join(" ")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reader_of_paths_sees_every_shape() {
    let code = code_of(
        "use super::a::{B, c::{D, E as F}};\nlet x = crate::d::f('\"', \"crate::no\"); // crate::no\npub(in crate::no) fn g(r: &'a str) {}\n\
         pub(super) use super::super::h::*; let y = r#\"super::no\"#; self::z(); use crate::{\n    i::J,\n    k,\n};\n#[cfg(test)]\nuse super::no;",
    );
    let mut found: Vec<String> = paths(&code).iter().map(|path| path.join("::")).collect();
    found.sort();
    let expected = [
        "crate::d::f",
        "crate::i::J",
        "crate::k",
        "self::z",
        "super::a::B",
        "super::a::c::D",
        "super::a::c::E",
        "super::super::h::*",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_ring_is_found() {
    let uses = |pairs: &[(&str, &str)]| {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            uses.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        rings(&uses)
    };
    assert!(uses(&[("a", "b"), ("b", "c"), ("a", "c")]).is_empty());
    let ring = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        uses(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "f"), ("f", "e")]),
        [ring(&["a", "b", "c"]), ring(&["e", "f"])]
    );
}

/// Of code rustfmt sees to it. The row of a table cannot be broken.
#[test]
fn comments_keep_the_width() {
    let mut files = Vec::new();
    ["src", "tests", "benches"].into_iter().for_each(|folder| sources(Path::new(folder), &mut files));
    let mut wide = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(std::fs::read_to_string(&file).unwrap().lines()) {
            let comment = line.trim_start().strip_prefix("//").map(|text| text.trim_start_matches(['/', '!', ' ']));
            if comment.is_some_and(|text| !text.starts_with('|')) && line.chars().count() > 120 {
                wide.push(format!("{}:{number}", file.display()));
            }
        }
    }
    assert_eq!(wide, Vec::<String>::new());
}
