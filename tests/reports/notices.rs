//! What could not be decided stands in every report where it has a place there.

use serde_json::Value;

use crate::common::{git, json, run, write};

const SCHEMA: &str = "entity U { s: String };\naction a appliesTo { principal: U, resource: U };\n";

/// A policy that is not analysed: it reads an address from a string that is not written out.
fn beyond(seed: usize) -> String {
    format!("permit (principal, action, resource)\nwhen {{ ip(principal.s).isInRange(ip(\"10.0.0.{seed}\")) }};\n")
}

/// The kind: news about one policy, of `lint` and of `diff`.
#[test]
fn what_is_open_is_anchored_in_every_report() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", &format!("// first\n{}", beyond(0)))]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), &[("p.cedar", &format!("// first\n{}", beyond(1)))]);
    for command in [&["lint"][..], &["diff", "HEAD"]] {
        let (report, code) = json(dir.path(), command);
        assert_eq!(code, 4, "{report:#}");
        let notice = report["notices"].as_array().unwrap().iter().find(|one| one["inconclusive"] == true).unwrap();
        assert_eq!(notice["policy"], "p.cedar#policy0", "{report:#}");
        let place = &notice["location"];
        assert_eq!((place["path"].as_str(), place["start"]["line"].as_u64()), (Some("p.cedar"), Some(2)), "{report:#}");
        let shown = |format: &str| run(dir.path(), &[command, &["--report", format]].concat()).stdout;
        let sarif: Value = serde_json::from_str(&shown("sarif")).unwrap();
        let notifications = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        let open = notifications.iter().find(|one| one["level"] == "error").unwrap();
        assert_eq!(open["locations"][0]["physicalLocation"]["region"]["startLine"], 2, "{open:#}");
        let gitlab: Value = serde_json::from_str(&shown("gitlab")).unwrap();
        let open = gitlab.as_array().unwrap().iter().find(|one| one["check_name"] == "inconclusive").unwrap();
        assert_eq!((&open["location"]["path"], &open["location"]["lines"]["begin"]), (&"p.cedar".into(), &2.into()));
        for (format, words) in [
            ("github", "::error file=p.cedar,line=2"),
            ("junit", "p.cedar"),
            ("human", "(p.cedar:2:1)"),
            ("markdown", "(p.cedar:2:1)"),
        ] {
            assert!(shown(format).contains(words), "{format}: {}", shown(format));
        }
    }
}
