//! docs/ is a book: every page is in its table of contents, and every link on every page leads somewhere.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{keep, pages};

const SUMMARY: &str = "docs/SUMMARY.md";

/// Text without its blocks of code, and without code in its lines.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut found = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            found.push_str(&line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
            found.push('\n');
        }
    }
    found
}

/// Where the links of a page lead.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let inline = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.to_owned());
    let images = prose.split("src=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link.to_owned());
    inline.chain(images).collect()
}

/// The names of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        inside ^= line.trim_start().starts_with("```");
        let Some((level, title)) = line.split_once(' ') else { continue };
        if !inside && !level.is_empty() && level.chars().all(|c| c == '#') {
            let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.insert(kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect());
        }
    }
    found
}

/// `path` without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(found.pop(), "{} leads out of the repository", path.display()),
            Component::CurDir => {}
            other => found.push(other),
        }
    }
    found
}

/// What is wrong with the links of a page.
fn wrong(path: &Path, text: &str) -> Vec<String> {
    let own = format!("{}/blob/main/", env!("CARGO_PKG_REPOSITORY"));
    let mut found = Vec::new();
    for link in links(text) {
        let mut complain = |why: &str| found.push(format!("{}: {link} {why}", path.display()));
        let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
        let file = if let Some(inside) = target.strip_prefix(&own) {
            PathBuf::from(inside)
        } else if target.contains("://") {
            continue;
        } else if target.is_empty() {
            path.to_path_buf()
        } else {
            plain(&path.parent().unwrap().join(target))
        };
        let book = path.starts_with("docs");
        if book && !target.contains("://") && !file.starts_with("docs") {
            complain("leads out of the book; it has to name the place on the web");
        }
        if !file.exists() || (book && file.is_dir()) {
            complain("leads to no file");
        } else if !anchor.is_empty() && !anchors(&std::fs::read_to_string(&file).unwrap()).contains(anchor) {
            complain("leads to no heading");
        }
    }
    found
}

#[test]
fn every_link_leads_somewhere() {
    let mut all: Vec<PathBuf> = ["README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY"]
        .map(|name| format!("{name}.md").into())
        .into();
    all.extend(pages("docs"));
    let found: Vec<String> = all.iter().flat_map(|path| wrong(path, &std::fs::read_to_string(path).unwrap())).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let page = "# A\n[x](engine.md#no-such) [y](nowhere.md) [z](../README.md) `[code](gone.md)`\n";
    assert_eq!(wrong(Path::new("docs/page.md"), page).len(), 3);
}

/// Pages in the order of the table of contents.
fn listed(summary: &str) -> Vec<PathBuf> {
    links(summary).into_iter().map(|link| Path::new("docs").join(link)).collect()
}

/// The table of contents, with lists of the rules and of the changes that are shown, and what it lacks at its end.
#[test]
fn the_book_has_every_page_once() {
    let kept = std::fs::read_to_string(SUMMARY).unwrap();
    let title = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let head = text.lines().find_map(|line| line.strip_prefix("# ").map(|title| title.replace('`', "")));
        head.unwrap_or_else(|| path.file_stem().unwrap().to_str().unwrap().to_owned())
    };
    let line = |indent: &str, path: &Path| {
        format!("{indent}- [{}]({})\n", title(path), path.strip_prefix("docs").unwrap().display())
    };
    let mut wanted = String::new();
    for old in kept.lines() {
        // Below these two the list is made.
        if !old.starts_with("    - [") {
            wanted.push_str(old);
            wanted.push('\n');
        }
        for (parent, folder) in [("(rules.md)", "docs/rules"), ("(reading-a-change.md)", "docs/diff")] {
            if old.ends_with(parent) {
                wanted.extend(pages(folder).iter().map(|path| line("    ", path)));
            }
        }
    }
    let there: BTreeSet<PathBuf> = listed(&wanted).into_iter().collect();
    let lacks: Vec<PathBuf> =
        (pages("docs").into_iter()).filter(|path| path != Path::new(SUMMARY) && !there.contains(path)).collect();
    wanted.extend(lacks.iter().map(|path| line("", path)));
    let pages: BTreeSet<PathBuf> = pages("docs").into_iter().filter(|path| path != Path::new(SUMMARY)).collect();
    assert_eq!(listed(&wanted).len(), pages.len(), "{SUMMARY} lists a page twice, or one that is not there");
    keep(SUMMARY, &wanted);
}
