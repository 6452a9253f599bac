//! A check that runs again whenever a file changes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::{command, git, write};

/// Longer than anything that is waited for takes on a slow machine.
const LONG: Duration = Duration::from_secs(60);

struct Watching {
    process: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = channel();
        let (out, errors) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let also = send.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).try_for_each(|line| also.send(line))
        });
        Self { process, lines }
    }

    /// Waits for a line that holds `text`.
    fn says(&self, text: &str) {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{text}: {error}: {seen:#?}"),
            }
        }
    }

    /// That nothing is said for a while, longer than a change takes to be met.
    fn is_quiet(&self) {
        let said = self.lines.recv_timeout(Duration::from_millis(1500));
        assert!(said.is_err(), "{said:?}");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_changed_file_is_checked_again() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    let schema = "entity User; action view appliesTo { principal: User, resource: User };\n";
    let policy = "permit (principal == User::\"ann\", action == Action::\"view\", resource);\n";
    write(dir.path(), &[("app.cedarschema", schema), ("policies/p.cedar", policy)]);
    let mut watched = command(dir.path());
    watched.args(["check", "--watch", "--report", "human", "--report", "json=out.json"]);
    let watching = Watching::start(watched);
    watching.says("polcheck check: clean");
    watching.says("Ctrl-C ends it");
    // What the run writes itself starts none, nor does what has nothing to do with policies.
    watching.is_quiet();
    write(dir.path(), &[("node_modules/x/index.js", "x"), (".git/description", "x")]);
    watching.is_quiet();
    write(dir.path(), &[("policies/p.cedar", "permit (principal")]);
    watching.says("syntax-error");
    watching.says("Ctrl-C ends it");
    // A mistake in the configuration is said, and the next change goes on.
    write(dir.path(), &[("polcheck.toml", "no-such-key = 1\n")]);
    watching.says("no-such-key");
    std::fs::remove_file(dir.path().join("polcheck.toml")).unwrap();
    write(dir.path(), &[("policies/new/folder/p.cedar", policy), ("policies/p.cedar", "")]);
    watching.says("polcheck check: clean");
}
