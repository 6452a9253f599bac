//! What shells complete, and the man pages.

use std::process::Command;

use tempfile::TempDir;

use crate::common::run;

/// The commands that help lists.
fn commands(dir: &TempDir) -> Vec<String> {
    let help = run(dir.path(), &["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let named = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = named.map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_command_is_completed() {
    let dir = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = run(dir.path(), &["completions", shell]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{shell}");
        for name in commands(&dir) {
            assert!(done.stdout.contains(&name), "{shell}: {name}");
        }
        assert!(done.stdout.contains("report"), "{shell}: options of every command");
    }
    let script = dir.path().join("polcheck.bash");
    std::fs::write(&script, run(dir.path(), &["completions", "bash"]).stdout).unwrap();
    let typed = "COMP_WORDS=(polcheck che); COMP_CWORD=1; _polcheck polcheck che polcheck; echo \"${COMPREPLY[@]}\"";
    let shell = Command::new("bash").args(["-c", &format!("source {}; {typed}", script.display())]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&shell.stdout).trim(), "check", "{}", String::from_utf8_lossy(&shell.stderr));
    assert_eq!(run(dir.path(), &["completions"]).code, 2);
}

#[test]
fn every_command_has_a_man_page() {
    let dir = TempDir::new().unwrap();
    assert_eq!(run(dir.path(), &["completions", "--man", "new/man1"]).code, 0);
    let page = |name: &str| std::fs::read_to_string(dir.path().join(format!("new/man1/{name}.1"))).unwrap();
    assert!(page("polcheck").contains("polcheck\\-check(1)"), "{}", page("polcheck"));
    for name in commands(&dir) {
        let text = page(&format!("polcheck-{name}"));
        assert!(text.contains(&format!(".TH polcheck-{name} 1")) && text.contains("SYNOPSIS"), "{text}");
    }
}
