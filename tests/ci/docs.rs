//! What docs/ci/ tells people to write and run, written and run.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::common::{git, run, write, yaml};

/// The fenced blocks of `language` in a page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(format!("docs/ci/{page}")).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

const POLICY: &str = "@id(\"own\")\npermit (principal, action, resource) when { resource.owner == principal };\n";
const SCHEMA: &str =
    "entity User;\nentity Doc { owner: User };\naction view appliesTo { principal: User, resource: Doc };\n";

/// A remote whose `main` has gone on since `feature` began, which lets everybody view.
fn remote() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    // A head cannot turn the rule off for itself.
    let config = "[rules]\nunconditional-permit = \"off\"\n";
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", POLICY), ("polcheck.toml", config)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    git(dir.path(), &["checkout", "-qb", "feature"]);
    write(dir.path(), &[("all.cedar", "@id(\"all\")\npermit (principal, action, resource);\n")]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "two"]);
    git(dir.path(), &["checkout", "-q", "main"]);
    write(dir.path(), &[("q.cedar", &POLICY.replace("own\"", "also-own\"").replace("when", "when { true } when"))]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "three"]);
    dir
}

/// A clone of `branch` at `depth`, with our polcheck first on the path of `bash -c script`.
fn shell(remote: &Path, depth: &str, variables: &[(&str, &str)], script: &str) -> (TempDir, i32, String) {
    let place = TempDir::new().unwrap();
    let url = format!("file://{}", remote.display());
    git(place.path(), &["clone", "-q", depth, "--single-branch", "--branch=feature", &url, "clone"]);
    let built = Path::new(env!("CARGO_BIN_EXE_polcheck")).parent().unwrap();
    let output = Command::new("bash")
        .args(["-eu", "-c", script])
        .current_dir(place.path().join("clone"))
        .env_clear()
        .env("PATH", format!("{}:{}", built.display(), std::env::var("PATH").unwrap()))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (place, output.status.code().unwrap(), text)
}

#[test]
fn the_shell_page_works_in_full_and_shallow_clones() {
    let remote = remote();
    let script = blocks("shell.md", "sh").concat();
    for (depth, base) in [("--depth=1", ""), ("--no-tags", ""), ("--depth=1", "origin/main")] {
        let variables = if base.is_empty() { vec![] } else { vec![("BASE", base)] };
        let (place, code, text) = shell(remote.path(), depth, &variables, &script);
        assert_eq!(code, 0, "{text}");
        let report = std::fs::read_to_string(place.path().join("clone/polcheck.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["changes"][0]["relation"], "gained", "{text}");
        // Where the branch began is known only with its history.
        let old = git(
            remote.path(),
            if depth == "--no-tags" { &["merge-base", "main", "feature"] } else { &["rev-parse", "main"] },
        );
        assert_eq!(report["old"]["commit"], old, "{text}");
        let markdown = std::fs::read_to_string(place.path().join("clone/polcheck.md")).unwrap();
        assert!(markdown.contains("polcheck check: "), "{markdown}");
    }
}

/// The job of the template, its lines run as GitLab runs them.
#[test]
fn the_gitlab_job_runs() {
    let job = gitlab();
    let script: Vec<_> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let remote = remote();
    let main = git(remote.path(), &["rev-parse", "main"]);
    let zero = "0".repeat(40);
    for (variables, said) in [
        (vec![("CI_MERGE_REQUEST_DIFF_BASE_SHA", main.as_str())], &main[..12]),
        (vec![("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &main), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "x")], &main[..12]),
        (vec![("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""), ("CI_COMMIT_BEFORE_SHA", &main)], &main[..12]),
        (vec![("CI_COMMIT_BEFORE_SHA", &zero)], "there is nothing from before"),
        (vec![], "there is nothing from before"),
    ] {
        let variables = [variables, vec![("POLCHECK_ARGS", "--fail-on warning .")]].concat();
        let (place, code, text) = shell(remote.path(), "--depth=1", &variables, &script.join("\n"));
        assert!(code == 0 && text.contains(said), "{text}");
        for kind in ["codequality", "junit"] {
            let file = job["artifacts"]["reports"][kind].as_str().unwrap();
            assert!(place.path().join("clone").join(file).is_file(), "{file}");
        }
    }
    let nowhere = "1234567890123456789012345678901234567890";
    for (variables, wanted) in [
        (vec![("CI_MERGE_REQUEST_DIFF_BASE_SHA", nowhere), ("CI_MERGE_REQUEST_IID", "7")], 2),
        // Force-pushed away.
        (vec![("CI_COMMIT_BEFORE_SHA", nowhere)], 0),
    ] {
        let variables = [variables, vec![("POLCHECK_ARGS", "")]].concat();
        let (_, code, text) = shell(remote.path(), "--depth=1", &variables, &script.join("\n"));
        assert!(code == wanted && text.contains("cannot fetch the base"), "{text}");
    }
}

fn gitlab() -> serde_json::Value {
    yaml::parse(&std::fs::read_to_string("docs/ci/gitlab.yml").unwrap())["polcheck"].clone()
}

/// The template takes a release whose checksum holds, and no other.
#[test]
fn the_gitlab_job_verifies_what_it_downloads() {
    let job = gitlab();
    let script = job["before_script"][0].as_str().unwrap();
    let remote = remote();
    let releases = TempDir::new().unwrap();
    let machine = String::from_utf8(Command::new("uname").arg("-m").output().unwrap().stdout).unwrap();
    let name = format!("polcheck-9.9.9-{}-unknown-linux-gnu", machine.trim());
    let folder = releases.path().join("v9.9.9");
    write(&folder.join(&name), &[("polcheck", "#!/bin/sh\necho it is the released one\n")]);
    let package = format!(
        "cd '{}' && chmod +x {name}/polcheck && tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz > SHA256SUMS",
        folder.display()
    );
    assert!(Command::new("bash").args(["-c", &package]).status().unwrap().success());
    let url = format!("file://{}", releases.path().display());
    let variables = [("POLCHECK_VERSION", "9.9.9"), ("POLCHECK_RELEASES", url.as_str())];
    let script = format!("{script}\npolcheck --version");
    let (_, code, text) = shell(remote.path(), "--depth=1", &variables, &script);
    assert!(code == 0 && text.contains("it is the released one"), "{text}");
    for sums in ["0000000000000000000000000000000000000000000000000000000000000000", ""] {
        let line = if sums.is_empty() { String::new() } else { format!("{sums}  {name}.tar.gz\n") };
        write(&folder, &[("SHA256SUMS", &line)]);
        let (_, code, text) = shell(remote.path(), "--depth=1", &variables, &script);
        assert!(code != 0 && !text.contains("it is the released one"), "{text}");
    }
}

#[test]
fn the_pages_show_what_init_writes() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["remote", "add", "origin", "https://github.com/a/b"]);
    git(dir.path(), &["remote", "add", "mirror", "https://gitlab.com/a/b"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA)]);
    let done = run(dir.path(), &["init"]);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(blocks("README.md", "yaml"), [read(".github/workflows/polcheck.yml")]);
    let hooks = yaml::parse(&read(".pre-commit-config.yaml"));
    assert_eq!(yaml::parse(&blocks("pre-commit.md", "yaml")[0]), hooks);
    // The template says itself how it is included.
    let (_, advice) = done.stdout.split_once("by hand: add to .gitlab-ci.yml").unwrap();
    let include: Vec<_> = advice.lines().skip(1).map_while(|line| line.strip_prefix("  | ")).collect();
    let template = std::fs::read_to_string("docs/ci/gitlab.yml").unwrap();
    assert!(
        include.len() == 2 && include.iter().all(|line| template.contains(&format!("#   {line}\n"))),
        "{include:?}"
    );
    let action = yaml::parse(&std::fs::read_to_string("action.yml").unwrap());
    let page = std::fs::read_to_string("docs/ci/README.md").unwrap();
    let listed: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(listed, action["inputs"].as_object().unwrap().keys().collect::<Vec<_>>());
    assert!(action["outputs"].as_object().unwrap().keys().all(|name| page.contains(&format!("`{name}`"))));
}
