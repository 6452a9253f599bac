//! Holds the code to the import table in `src/lib.rs`, and the tests to a few programs that leave no file out.

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
fn three_places_touch_the_internals_of_cedar() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let uses = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .any(|line| !line.trim_start().starts_with("//") && line.contains("cedar_policy_core"))
    };
    let folder = Path::new("src/repo/cedar");
    let (within, mut others): (Vec<_>, Vec<_>) =
        files.into_iter().filter(uses).partition(|file| file.starts_with(folder));
    others.sort();
    // Syntax trees with places; what symcc's terms, policies and schemas do not say by themselves; and values of operands.
    assert!(!within.is_empty(), "{} was not found", folder.display());
    assert_eq!(others, ["src/symbolic/terms.rs", "src/trace/terms.rs"].map(PathBuf::from));
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
    // Where the modules of a file are looked for: beside it if it is the root of a program or a folder, else below its name.
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
