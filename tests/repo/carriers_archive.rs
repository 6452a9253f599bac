//! Archives of Cedarling: what is in them is read, and what they could do to whoever unpacks them is not done.

use std::io::{Cursor, Write};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::common::{json as run_json, rules, run};

const SCHEMA: &str = "entity User;\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";
const POLICY: &str = "@id(\"view\")\npermit (principal == User::\"ann\", action == Action::\"view\", resource);";

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn check(bytes: &[u8]) -> (Value, i32, TempDir) {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("store.cjar"), bytes).unwrap();
    let (report, code) = run_json(dir.path(), &["check"]);
    (report, code, dir)
}

fn store(policy: &str) -> Vec<u8> {
    archive(&[
        ("metadata.json", b"{\"cedar_version\": \"v4.4.0\"}"),
        ("schema.cedarschema", SCHEMA.as_bytes()),
        ("policies/view.cedar", policy.as_bytes()),
        ("entities/users.json", b"[{\"uid\": {\"type\": \"User\", \"id\": \"ann\"}, \"attrs\": {}, \"parents\": []}]"),
        ("trusted-issuers/a.json", b"{}"),
    ])
}

#[test]
fn an_archive_is_a_store() {
    let (report, code, _dir) = check(&store(POLICY));
    assert_eq!((code, rules(&report)), (0, vec![]), "{report:#}");
    let summary = &report["summary"];
    assert_eq!(
        (&summary["policies"], &summary["stores"], &summary["entities"]),
        (&1.into(), &1.into(), &1.into()),
        "{report:#}"
    );
    let (report, code, dir) = check(&store(&POLICY.replace("resource", "resource is Dok")));
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!((&finding["location"]["path"], &finding["policy"]), (&"store.cjar".into(), &"store.cjar#view".into()));
    // Every report has something to show of it.
    let formats = ["human", "github", "sarif", "gitlab", "junit", "markdown", "csv"];
    for format in formats {
        let shown = run(dir.path(), &["check", "--report", format]);
        assert!(shown.code == 1 && shown.stdout.contains("store.cjar"), "{format}: {}", shown.stdout);
    }
}

#[test]
fn hostile_archives_are_bounded_and_said() {
    let whole = store(POLICY);
    let bomb = archive(&[("policies/a.cedar", &vec![b' '; 65 * 1024 * 1024])]);
    assert!(bomb.len() < 1024 * 1024);
    for bytes in [&whole[..whole.len() / 2], &bomb, b"PK\x03\x04", &archive(&[("policies/a.cedar", b"\xff\xfe")])] {
        let (report, code, _dir) = check(bytes);
        assert_eq!((code, report["notices"][0]["kind"].as_str()), (4, Some("unresolved")), "{report:#}");
    }
    // Names that lead out are names.
    let (report, code, dir) = check(&archive(&[("../../evil.cedar", POLICY.as_bytes())]));
    assert_eq!((code, &report["summary"]["policies"]), (0, &1.into()), "{report:#}");
    assert!(!Path::new(dir.path()).join("../../evil.cedar").exists());
    let (_, code, _dir) = check(&archive(&[("readme.txt", b"x")]));
    assert_eq!(code, 3);
}
