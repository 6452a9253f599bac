//! The page in a real Chromium, driven by tests/tools/browser.py. `POLCHECK_CHROMEDRIVER` names its driver.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::store::{everything, hostile, large, page};

/// chromedriver's executable, or `None` with a word about it.
fn driver() -> Option<PathBuf> {
    let found = std::env::var_os("POLCHECK_CHROMEDRIVER").map(PathBuf::from);
    if found.is_none() {
        println!("skipped: POLCHECK_CHROMEDRIVER is not set, so no page can be opened in Chromium");
    }
    found
}

/// What the page of `dir` does in Chromium; `word` is typed into its filter.
fn opened(driver: &Path, dir: &TempDir, args: &[&str], word: &str) -> Value {
    let out = TempDir::new().unwrap();
    let file = out.path().join("page.html");
    std::fs::write(&file, page(dir.path(), args).0).unwrap();
    let mut command = Command::new("python3");
    command.arg("tests/tools/browser.py").arg(driver).arg(&file).env("FILTER_WORD", word);
    if let Some(folder) = std::env::var_os("POLCHECK_SCREENSHOTS") {
        let folder = PathBuf::from(folder).join(word);
        std::fs::create_dir_all(&folder).unwrap();
        command.arg(folder);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{word}: {} elements, {}, {}", found["injected"]["nodes"], found["times"], found["print"]);
    found
}

/// What every page is held to, whatever is on it.
fn sound(found: &Value) {
    assert_eq!((&found["alert"], &found["alert_later"]), (&Value::from(false), &Value::from(false)));
    assert_eq!(found["console"], Value::Array(Vec::new()), "{}", found["console"]);
    let injected = &found["injected"];
    let wanted = serde_json::json!({ "scripts": 1, "styles": 1, "foreign": 0, "handlers": 0, "scheme": [], "loaded": 0,
        "ran": false, "dangling": [], "twice": 0 });
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(&injected[key], value, "{key}: {injected}");
    }
    // Everything with a keyboard: the way past what leads the page, and what is folded.
    let keyboard = &found["keyboard"];
    assert_eq!(keyboard["first"][0], "skip", "{keyboard}");
    assert_eq!(keyboard["after_enter"][2], "main", "{keyboard}");
    for what in ["seen", "summary", "opened", "closed"] {
        assert_eq!(keyboard[what], true, "{what}: {keyboard}");
    }
    // Both schemes, each legible (WCAG 2.2, 1.4.3), and not the same.
    for scheme in ["light", "dark"] {
        let least = found[scheme]["ratio"].as_f64().unwrap();
        assert!(least >= 4.5, "{scheme}: {}", found[scheme]);
        assert!(found[scheme]["looked"].as_u64().unwrap() > 20, "{}", found[scheme]);
    }
    assert_ne!(found["light"]["ground"], found["dark"]["ground"]);
    assert_ne!(found["light"]["ink"], found["dark"]["ink"]);
    for how in ["folded", "unfolded"] {
        assert_eq!(found["narrow"][how], 360, "{how}");
    }
    assert_eq!(found["anchored"], true);
    assert!(found["print"]["pages"].as_u64().unwrap() > 0, "{}", found["print"]);
    // The filter leaves something, and gives all back.
    let filter = &found["filter"];
    assert_eq!((&filter["before"], &filter["after"]), (&filter["all"], &filter["all"]), "{filter}");
    assert!(filter["left"].as_u64().unwrap() < filter["all"].as_u64().unwrap(), "{filter}");
    assert!(filter["left"].as_u64().unwrap() > 0, "{filter}");
}

#[test]
fn a_page_with_everything_is_for_everybody() {
    let Some(driver) = driver() else { return };
    let found = opened(&driver, &everything(), &["--against", "main", "--all"], "admins");
    sound(&found);
    let headings: Vec<_> = found["injected"]["headings"].as_array().unwrap().iter().skip(1).collect();
    let wanted = ["Stores", "Changes", "Who may do what", "Guardrails", "Findings", "Decision tables", "Policies"];
    assert!(wanted.iter().all(|one| headings.iter().any(|heading| heading == one)), "{headings:?}");
}

#[test]
fn hostile_names_do_nothing() {
    let Some(driver) = driver() else { return };
    sound(&opened(&driver, &hostile(), &["--against", "main", "--all"], "onerror"));
}

#[test]
fn a_page_of_500_policies_opens_with_bounded_work() {
    let Some(driver) = driver() else { return };
    let found = opened(&driver, &large(), &[], "policy-499");
    sound(&found);
    let nodes = found["injected"]["nodes"].as_u64().unwrap();
    assert!((5_000..40_000).contains(&nodes), "{nodes}");
}
