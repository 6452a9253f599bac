//! docs/commands.md is the help of every command.

use std::fmt::Write;
use std::path::Path;

use super::keep;
use crate::common::{command, finish};

/// Where more is said of a command.
const PAGES: [(&str, &str); 14] = [
    ("check", "what-is-new.md"),
    ("validate", "what-is-read.md"),
    ("lint", "rules.md"),
    ("test", "tables.md"),
    ("prove", "guardrails.md"),
    ("diff", "reading-a-change.md"),
    ("who-can", "who-can.md"),
    ("explain", "explain.md"),
    ("replay", "replay.md"),
    ("baseline", "what-is-new.md"),
    ("schema infer", "inferred-schemas.md"),
    ("init", "ci/README.md"),
    ("rules", "rules.md"),
    ("lsp", "editors.md"),
];

/// The help of a command, as a terminal of 80 columns shows it.
fn help(name: &str) -> String {
    let run = finish(
        command(Path::new(".")).env("COLUMNS", "80").args(name.split_whitespace()).arg("--help").output().unwrap(),
    );
    assert_eq!(run.code, 0, "{name}");
    run.stdout
}

/// A command and those below it, each with its help, in the order of the help.
fn all(name: &str, found: &mut Vec<(String, String)>) {
    let text = help(name);
    let list = text.split_once("Commands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
    let below: Vec<String> = (list.lines())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|below| below != "help")
        .collect();
    found.push((name.to_owned(), text));
    for one in below {
        all(format!("{name} {one}").trim(), found);
    }
}

#[test]
fn the_page_is_the_help() {
    let mut commands = Vec::new();
    all("", &mut commands);
    assert!(commands.len() > 14, "{}", commands.len());
    let mut page =
        "# Commands\n\nWhat `--help` says of each. `POLCHECK_BLESS=1 cargo test --test ci documents` writes this \
                    page.\n"
            .to_owned();
    for (name, text) in &commands {
        let title = format!("polcheck {name}");
        let _ = write!(page, "\n## `{}`\n\n", title.trim());
        if let Some((_, more)) = PAGES.iter().find(|(command, _)| command == name) {
            let _ = write!(page, "More: [{more}]({more}).\n\n");
        }
        let _ = write!(page, "```text\n{}\n```\n", text.trim_end());
    }
    keep("docs/commands.md", &page);
}
