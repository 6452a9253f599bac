//! What must hold of every fix, over generated stores: no decision changes, another run changes nothing, and comments
//! that belong to nothing that went stay.
//!
//! `POLCHECK_DIFF_SEEDS` sets how many seeds, `POLCHECK_DIFF_FROM` the first of them.

use std::path::Path;

use polcheck::config::Config;
use polcheck::diff::compare;
use polcheck::outcome::FixStatus;
use polcheck::outcome::changes::Relation;
use polcheck::repo::{self, Repo};
use polcheck::run::{FixOptions, Fixed, LintOptions, Reading, fix};
use polcheck::source::Worktree;
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::write;
use crate::diff_laws::each;
use crate::oracle::generate::{CaseSpec, Shape};

/// Clauses of which one or the other part says nothing.
const CLAUSES: [&str; 5] = [
    "when { principal == principal }",
    "when {\n  // inside\n  principal == principal || action == action\n}",
    "unless { principal != principal }",
    "when { principal in principal && (resource == resource || 1 == 2) }",
    "when { 1 == 1 && // behind\n  !(2 == 3) }",
];

/// A store of which some policies say more than they need to, and some are there twice.
fn store(seed: u64) -> (String, String) {
    let shape = [Shape::Finite, Shape::Small, Shape::Hierarchy, Shape::Memberships][(seed % 4) as usize];
    let (case, _) = CaseSpec::new(seed, shape, false);
    let side = &case.sides[0];
    let mut rng = Rng::new(seed ^ 0xf1);
    let mut text = "// keep: the file\n\n".to_owned();
    let mut number = 0;
    for spec in side.policies.iter().filter(|spec| !spec.is_template()) {
        for _ in 0..1 + rng.below(2) {
            let mut policy = spec.text(&side.schema).trim().trim_end_matches(';').to_owned();
            for _ in 0..rng.below(3) {
                policy = format!("{policy}\n{}", rng.pick(&CLAUSES));
            }
            text.push_str(&format!(
                "// keep: {number}\n\n// of p{number}\n@id(\"p{number}\")\n{policy}; // ends p{number}\n\n"
            ));
            number += 1;
        }
    }
    if seed.is_multiple_of(3) {
        text = text.replace('\n', "\r\n");
    }
    (side.schema.text(), text)
}

fn load(dir: &Path) -> Repo {
    repo::load(&Worktree::new(dir), &Config::default(), &repo::Request::default()).unwrap()
}

fn mend(dir: &Path) -> Fixed {
    let reading =
        Reading { directory: Some(dir.to_path_buf()), now: Some("2026-01-01".to_owned()), ..Reading::default() };
    let options = FixOptions { lint: LintOptions { reading, ..LintOptions::default() }, notes: true, dry: false };
    fix(&options).unwrap()
}

fn law(seed: u64) -> usize {
    let (schema, text) = store(seed);
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", &schema), ("p.cedar", &text)]);
    let before = load(dir.path());
    let fixed = mend(dir.path());
    let applied = fixed.outcome.fixes.iter().filter(|fix| fix.status == FixStatus::Applied).count();
    let after_text = std::fs::read_to_string(dir.path().join("p.cedar")).unwrap();
    let after = load(dir.path());
    assert!(after.findings.len() <= before.findings.len(), "seed {seed}\n{text}\n----\n{after_text}");
    for store in &compare(&before, &after).stores {
        for environment in &store.environments {
            assert_eq!(environment.relation(), Relation::Same, "seed {seed}\n{schema}\n{text}\n----\n{after_text}");
        }
    }
    for line in text.lines().filter(|line| line.starts_with("// keep")) {
        assert!(after_text.lines().any(|other| other == line), "seed {seed}: {line}\n{text}\n----\n{after_text}");
    }
    for (at, policy) in before.stores[0].policies.iter().enumerate() {
        let there = after.stores.iter().flat_map(|store| &store.policies).any(|other| other.short == policy.short);
        for comment in [format!("// of p{at}"), format!("// ends p{at}")] {
            let stays = after_text.lines().any(|line| line.ends_with(&comment));
            assert_eq!(there, stays, "seed {seed}: {comment}\n{text}\n----\n{after_text}");
        }
    }
    assert_eq!(after_text.contains("\r\n"), text.contains("\r\n"), "seed {seed}");
    assert!(!text.contains("\r\n") || !after_text.replace("\r\n", "").contains('\n'), "seed {seed}");
    let again = mend(dir.path());
    assert!(again.files.is_empty(), "seed {seed}: {:?}\n{after_text}", again.files);
    applied
}

#[test]
fn fixes_change_no_decision_and_are_made_once() {
    let applied = std::sync::atomic::AtomicUsize::new(0);
    each(0, 40, |seed| {
        applied.fetch_add(law(seed), std::sync::atomic::Ordering::Relaxed);
    });
    let applied = applied.into_inner();
    println!("{applied} fixes applied");
    assert!(applied > 40, "{applied}");
}
