//! Where the program comes from.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::job::{Done, Job};
use super::stub::Stub;

/// A release archive that holds a program which only knows its version.
fn archive(version: &str, name: &str) -> Vec<u8> {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("polcheck-x")).unwrap();
    std::fs::write(folder.path().join("polcheck-x").join(name), format!("#!/bin/sh\necho polcheck {version}\n"))
        .unwrap();
    let mut tar = Command::new("tar");
    tar.current_dir(folder.path()).args(["-czf", "-", "polcheck-x"]).stdin(Stdio::null());
    tar.output().unwrap().stdout
}

/// Installs `version` from a release of 1.2.3 that holds `content` and `sums`.
fn install(version: &str, content: &[u8], sums: &str) -> (Done, Stub) {
    let stub = Stub::start();
    let place = "/acme/polcheck/releases/download/v1.2.3";
    {
        let mut state = stub.state.lock().unwrap();
        state.files.insert(format!("{place}/polcheck-1.2.3-x86_64-unknown-linux-gnu.tar.gz"), content.to_vec());
        state.files.insert(format!("{place}/SHA256SUMS"), sums.as_bytes().to_vec());
    }
    let releases = format!("{}/acme/polcheck/releases/download", stub.url);
    let job = Job::new("schedule", &json!({})).env("POLCHECK_BIN", "").env("POLCHECK_RELEASES", &releases);
    (job.input("version", version).run(), stub)
}

fn sum(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

const NAME: &str = "polcheck-1.2.3-x86_64-unknown-linux-gnu.tar.gz";

#[test]
fn a_release_is_used_when_its_checksum_holds() {
    let content = archive("1.2.3", "polcheck");
    for version in ["1.2.3", "v1.2.3"] {
        let sums = format!("{}  another.tar.gz\n{}  {NAME}\n", sum(b"x"), sum(&content));
        let (done, stub) = install(version, &content, &sums);
        assert_eq!(done.outputs["version"], "1.2.3", "{}", done.log);
        assert_eq!(stub.count("GET"), 2);
        assert!(stub.state.lock().unwrap().tokens.is_empty(), "no token is sent for a download");
    }
}

#[test]
fn a_release_is_refused_when_it_cannot_be_verified() {
    let content = archive("1.2.3", "polcheck");
    for (sums, why) in [
        (format!("{}  {NAME}\n", sum(b"something else")), "the checksum of"),
        (format!("{}  another.tar.gz\n", sum(&content)), "does not name"),
        (format!("{0}  {NAME}\n{0}  {NAME}\n", sum(&content)), "does not name"),
        (String::new(), "does not name"),
    ] {
        let (done, _) = install("1.2.3", &content, &sums);
        assert_eq!(done.code, 2);
        assert!(done.log.contains("::error title=polcheck::") && done.log.contains(why), "{}", done.log);
        assert_eq!(done.outputs["version"], "");
    }
}

#[test]
fn a_release_that_holds_something_else_is_refused() {
    for (content, why) in [
        (archive("1.2.4", "polcheck"), "the release holds 1.2.4"),
        (archive("1.2.3", "other"), "holds no polcheck"),
        (b"not an archive".to_vec(), "holds no polcheck"),
    ] {
        let (done, _) = install("1.2.3", &content, &format!("{}  {NAME}\n", sum(&content)));
        assert_eq!(done.code, 2);
        assert!(done.log.contains(why), "{}", done.log);
    }
}

#[test]
fn a_version_is_a_version() {
    for version in ["latest", "1.2", "1.2.3/../../x", "$(touch pwned)", "1.2.3\n"] {
        let (done, stub) = install(version, b"", "");
        // The newline at the end is trimmed, and then there is no such checksum.
        assert_eq!(done.code, 2, "{version}");
        assert_eq!(stub.count("GET"), usize::from(version == "1.2.3\n"), "{version}: {}", done.log);
    }
    let (done, _) = install("9.9.9", b"", "");
    assert!(done.code == 2 && done.log.contains("cannot download"), "{}", done.log);
}

/// With no version it is cargo that is run, on the action's own checkout and with its lock file.
#[test]
fn the_actions_own_checkout_is_built() {
    let folder = tempfile::TempDir::new().unwrap();
    let cargo = folder.path().join("cargo");
    let script = "#!/bin/sh\necho \"cargo $* in $(pwd -P) for ${CARGO_BUILD_TARGET-this machine}.\"\nmkdir -p \"$7/release\"\n\
                  printf '#!/bin/sh\\necho polcheck 0.0.1\\n' > \"$7/release/polcheck\"\nchmod +x \"$7/release/polcheck\"\n";
    std::fs::File::create(&cargo).unwrap().write_all(script.as_bytes()).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&cargo).status().unwrap().success());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    for version in ["", "source"] {
        let job = Job::new("schedule", &json!({})).env("POLCHECK_BIN", "").env("PATH", &path).input("version", version);
        let done = job.env("CARGO_BUILD_TARGET", "wasm32-unknown-unknown").run();
        assert_eq!(done.outputs["version"], "0.0.1", "{}", done.log);
        let root = std::env::current_dir().unwrap();
        let wanted = format!("cargo build --release --locked --manifest-path {}/Cargo.toml", root.display());
        assert!(done.log.contains(&wanted), "{}", done.log);
        // Not in the workspace, whose configuration of cargo is the pull request's.
        let place = root.canonicalize().unwrap();
        assert!(done.log.contains(&format!(" in {} for this machine.", place.display())), "{}", done.log);
    }
}

/// A program at `path`.
fn program(path: &std::path::Path, script: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(path).status().unwrap().success());
}

/// The workspace may hold a program of the same name, which is the pull request's.
#[test]
fn an_installed_program_is_never_one_of_the_workspace() {
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_polcheck")).parent().unwrap();
    let path = format!("{}:{}", built.display(), std::env::var("PATH").unwrap());
    for (given, path, code) in [
        ("polcheck", path.clone(), 3),
        ("./polcheck", path.clone(), 2),
        ("polcheck", format!(".:{path}"), 2),
        ("not-installed", path, 2),
    ] {
        let job = Job::new("schedule", &json!({})).env("POLCHECK_BIN", given).env("PATH", &path);
        program(&job.work().join("polcheck"), "echo PWNED 9.9.9");
        let done = job.run();
        assert_eq!(done.code, code, "{given}: {}", done.log);
        assert!(!done.log.contains("PWNED"), "{}", done.log);
        let installed = if code == 3 { format!("{}\n", built.display()) } else { String::new() };
        assert_eq!(job.file("path"), installed);
        assert_eq!(
            done.log.contains("::error title=polcheck::POLCHECK_BIN names no program"),
            code == 2,
            "{}",
            done.log
        );
    }
}

/// Whatever ran and said that all is well: without a report nothing is known.
#[test]
fn a_program_that_writes_no_report_fails_the_job() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("polcheck");
    let cut_off = "for a; do case $a in --report=json=*) echo '{' > \"${a#--report=json=}\";; esac; done\n";
    for before in ["", cut_off] {
        program(&path, &format!("{before}echo polcheck 1.2.3"));
        let done = Job::new("schedule", &json!({})).env("POLCHECK_BIN", path.to_str().unwrap()).run();
        assert_eq!(
            (done.code, done.outputs["exit-code"].as_str(), done.outputs["outcome"].as_str()),
            (2, "2", "error")
        );
        assert!(
            done.log.contains("::error title=polcheck::polcheck ended with exit code 0 and wrote no report"),
            "{}",
            done.log
        );
        assert!(done.summary.contains("did not get as far as a report"), "{}", done.summary);
    }
}

/// The repository that the action comes from is the one that its checkout is named after. Windows has archives of
/// another kind.
#[test]
fn releases_are_those_of_the_actions_own_repository() {
    let folder = tempfile::TempDir::new().unwrap();
    let place = folder.path().join("_actions/acme/polcheck");
    std::fs::create_dir_all(&place).unwrap();
    std::os::unix::fs::symlink(std::env::current_dir().unwrap(), place.join("v1")).unwrap();
    std::fs::create_dir(folder.path().join("polcheck-x")).unwrap();
    program(&folder.path().join("polcheck-x/polcheck.exe"), "echo polcheck 1.2.3");
    let mut zip = Command::new("python3");
    zip.current_dir(folder.path()).args(["-m", "zipfile", "-c", "polcheck.zip", "polcheck-x"]);
    assert!(zip.status().unwrap().success());
    let zip = std::fs::read(folder.path().join("polcheck.zip")).unwrap();
    for (system, name, content) in
        [("Linux", NAME, archive("1.2.3", "polcheck")), ("Windows", "polcheck-1.2.3-x86_64-pc-windows-msvc.zip", zip)]
    {
        let stub = Stub::start();
        let releases = "/acme/polcheck/releases/download/v1.2.3";
        let sums = format!("{}  {name}\n", sum(&content));
        stub.state
            .lock()
            .unwrap()
            .files
            .extend([(format!("{releases}/{name}"), content), (format!("{releases}/SHA256SUMS"), sums.into_bytes())]);
        let job = Job::new("schedule", &json!({})).env("POLCHECK_BIN", "").env("RUNNER_OS", system);
        let job = job.env("GITHUB_ACTION_PATH", &place.join("v1").display().to_string());
        let done = job.env("GITHUB_SERVER_URL", &stub.url).input("version", "1.2.3").run();
        assert_eq!(done.outputs["version"], "1.2.3", "{}", done.log);
    }
}

/// The job's own settings of Python may lead to the workspace, where a pull request can put modules.
#[test]
fn no_module_comes_from_the_workspace() {
    let job = Job::new("schedule", &json!({})).env("PYTHONPATH", ".");
    for module in ["sitecustomize.py", "secrets.py", "json.py"] {
        std::fs::write(job.work().join(module), "print('PWNED')\n").unwrap();
    }
    let done = job.run();
    assert!(!done.log.contains("PWNED") && !done.outputs["version"].is_empty(), "{}", done.log);
}

#[test]
fn a_mirror_that_is_no_url_is_said() {
    let job =
        Job::new("schedule", &json!({})).env("POLCHECK_BIN", "").env("POLCHECK_RELEASES", "http://127.0.0.1:9/a b");
    let done = job.input("version", "1.2.3").run();
    assert!(done.code == 2 && done.log.contains("::error title=polcheck::cannot download"), "{}", done.log);
}

#[test]
fn a_runner_without_python_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    for program in ["bash", "dirname"] {
        let found = Command::new("which").arg(program).output().unwrap().stdout;
        std::os::unix::fs::symlink(String::from_utf8(found).unwrap().trim(), folder.path().join(program)).unwrap();
    }
    let job = Job::new("schedule", &json!({})).env("PATH", &folder.path().display().to_string());
    let done = job.run();
    assert_eq!(done.code, 2);
    assert!(done.log.contains("::error title=polcheck::the action needs Python 3.8"), "{}", done.log);
}
