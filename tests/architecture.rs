//! Holds the code to the import table in `src/lib.rs`.

use std::collections::BTreeMap;
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
