//! Actions of others are used by hash, and by no other than the list has.

use std::path::{Path, PathBuf};

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_action_of_others_is_pinned_as_the_list_has_it() {
    let list = std::fs::read_to_string("docs/ci/actions.txt").unwrap();
    let known: Vec<Vec<&str>> =
        list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_whitespace().collect()).collect();
    for line in &known {
        let [_, hash, tag] = line.as_slice() else { panic!("{line:?}") };
        assert!(hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()) && tag.starts_with('v'), "{line:?}");
    }
    let mut all = vec![PathBuf::from("action.yml"), PathBuf::from("README.md")];
    files(Path::new("docs"), &mut all);
    files(Path::new(".github"), &mut all);
    let mut used = 0;
    for path in all {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for line in text.lines() {
            let Some((before, uses)) = line.split_once("uses: ") else { continue };
            // A word may end so.
            let word = before.ends_with(char::is_alphanumeric);
            if word || uses.starts_with("polcheck/") || uses.starts_with("./") {
                continue;
            }
            used += 1;
            let wanted = known
                .iter()
                .any(|one| matches!(one.as_slice(), [name, hash, tag] if uses == format!("{name}@{hash} # {tag}")));
            assert!(wanted, "{}: {uses}", path.display());
        }
    }
    assert!(used >= 12);
}
