//! Which stores are found in repositories by others, as docs/stores-of-others.md shows.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use polcheck::config::Config;
use polcheck::repo::{self, EntityState, Request, SchemaSource, SchemaState, Store};
use polcheck::source::Worktree;

const PAGE: &str = "docs/stores-of-others.md";

const HEAD: &str = "\
# Stores of repositories by others

What [what-is-read.md](what-is-read.md) comes to for repositories by others, one after the other and with no configuration. A schema
in brackets lies elsewhere and is the only one that fits. `POLCHECK_BLESS=1 cargo test --test repo stores_of_others` writes this page.
";

fn row(store: &Store) -> String {
    let files: BTreeSet<&str> = store.policies.iter().map(|policy| policy.location.path()).collect();
    let schema = match (&store.schema, &store.schema_source) {
        (SchemaState::Broken, _) => "cannot be told or used".to_owned(),
        (SchemaState::None, SchemaSource::SeveralFit(_)) => "several fit".to_owned(),
        (SchemaState::None, _) => "none".to_owned(),
        (SchemaState::Ready(schema), source) => {
            let path = schema.files.iter().map(|file| format!("`{}`", file.path())).collect::<Vec<_>>().join(", ");
            if *source == SchemaSource::Elsewhere { format!("({path})") } else { path }
        }
    };
    let entities = match &store.entities {
        EntityState::None => "",
        EntityState::Ready(_) => "yes",
        EntityState::Broken(..) => "wrong",
    };
    format!(
        "| `{}` | {schema} | {} in {} | {entities} | {} | {} |\n",
        store.name,
        store.policies.len(),
        files.len(),
        store.links.len(),
        store.tables.len()
    )
}

/// The part about the repositories in `folder`.
fn section(folder: &Path) -> String {
    let mut text = String::new();
    let mut places: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    places.sort();
    for place in places.into_iter().filter(|place| place.is_dir()) {
        let repo = repo::load(&Worktree::new(&place), &Config::default(), &Request::default()).unwrap();
        let _ = write!(text, "\n## {}\n\n", place.file_name().unwrap().to_string_lossy());
        if repo.stores.is_empty() {
            text.push_str("Nothing that polcheck reads.\n");
            continue;
        }
        text.push_str(
            "| store | schema | policies in files | entities | links | tables |\n|---|---|---|---|---|---|\n",
        );
        repo.stores.iter().for_each(|store| text.push_str(&row(store)));
        let idle = |rule: &str| rule.starts_with("unused-") || rule == "schema-conflict";
        for finding in repo.findings.iter().filter(|finding| idle(finding.rule)) {
            let _ = write!(text, "\n`{}`: {}", finding.location.path(), finding.rule);
        }
        if repo.findings.iter().any(|finding| idle(finding.rule)) {
            text.push('\n');
        }
    }
    text
}

#[test]
fn the_page_shows_what_is_found() {
    let Some(corpora) = crate::common::corpora() else { return };
    let mut page = format!("{HEAD}{}", section(&corpora));
    let wild = corpora.with_file_name("wild");
    let whole = wild.is_dir();
    if whole {
        page.push_str(&section(&wild));
    } else {
        println!("{} is not there, so what it holds is not compared", wild.display());
    }
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let kept = std::fs::read_to_string(PAGE).unwrap();
    let same = if whole { kept == page } else { kept.starts_with(&page) };
    assert!(same, "run this test with POLCHECK_BLESS=1 to write {PAGE} anew");
}
