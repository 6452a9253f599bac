//! What is shown of an edit is what somebody wrote: it stands in the file, and no bracket is cut off.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::{run, write};
use crate::documents::unescaped;

const SCHEMA: &str = "entity Role; entity Incident { open: Bool, system: System };
entity Team; entity User in [Team]; entity System { owners: Team, lowRisk: Bool };
action restart appliesTo { principal: User, resource: System, context: { amount: Long, role: Role, approver: User,
  incident: Incident, from: datetime, until: datetime, network: String, levels: Set<Long>, factor?: { strong: Bool } } };
";

const LEAVES: [&str; 10] = [
    "resource.lowRisk",
    "context.role == Role::\"operator\"",
    "context.approver in resource.owners",
    "context.incident.open",
    "context.incident.system == resource",
    "context.until.durationSince(context.from) <= duration(\"30m\")",
    "context.network == \"a ) b && (c\"",
    "context.levels.contains(context.amount)",
    "!(context has factor && context.factor.strong)",
    "context.amount < 500",
];

/// Each leaf with what an edit makes of it.
const EDITED: [(&str, &str); 6] = [
    ("\"30m\"", "\"8h\""),
    ("\"operator\"", "\"maintainer\""),
    ("context.amount < 500", "context.amount <= 501"),
    ("context.levels.contains", "![1, 2].contains"),
    ("incident.system == resource", "incident.system != resource"),
    ("a ) b && (c", "a ( b || )c"),
];

const BREAKS: [&str; 4] = [" ", "\n  ", "  ", "\n\t\t"];

/// An expression of so many leaves, laid out in lines.
fn nested(rng: &mut Rng, size: usize) -> String {
    if size < 2 {
        return (*rng.pick(&LEAVES)).to_owned();
    }
    let left = 1 + rng.below(size - 1);
    let (left, right) = (nested(rng, left), nested(rng, size - left));
    let (gap, joint) = (*rng.pick(&BREAKS), *rng.pick(&["&&", "||"]));
    match rng.below(3) {
        0 => format!("({left} {joint}{gap}{right})"),
        1 => format!("!({left} {joint}{gap}{right})"),
        _ => format!("{left}{gap}{joint} {right}"),
    }
}

fn policy(conjuncts: &[String], exception: &str) -> String {
    let conjuncts: Vec<String> = conjuncts.iter().map(|one| format!("({one})")).collect();
    let when = conjuncts.join(" &&\n  ");
    format!(
        "@id(\"p\")\npermit (principal in Team::\"on-call\", action, resource)\nwhen\n{{\n  {when}\n}}\nunless {{ {exception} }};\n"
    )
}

/// Without white space and the brackets that may stand around any operand. A negation of alternatives says the opposite
/// of each, so that signs are as their opposites here.
fn bare(text: &str) -> String {
    let text = text.replace("<=", ">").replace('<', ">=").replace(">=", "<").replace("!=", "==");
    text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '(' | ')' | '!')).collect()
}

/// Whether every bracket outside of strings is opened before it is closed, and closed.
fn is_balanced(text: &str) -> bool {
    let (mut depth, mut quoted) = (0_i32, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !quoted
}

/// What the comment says of edits, as it is read.
fn said(comment: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in comment.lines().flat_map(|line| line.split("<br>")) {
        let begins = ["now also demands ", "no longer demands ", "now excludes ", "no longer excludes "];
        if begins.iter().any(|lead| line.starts_with(lead)) || line.contains("` became `") && !line.starts_with("- ") {
            lines.push(line.to_owned());
        }
    }
    lines
}

#[test]
fn what_is_shown_of_an_edit_stands_in_the_file() {
    let mut seen = 0;
    for seed in 0..150 {
        let mut rng = Rng::new(88_000 + seed);
        let count = 2 + rng.below(4);
        let mut conjuncts: Vec<String> = Vec::new();
        for _ in 0..count {
            let size = 1 + rng.below(4);
            conjuncts.push(nested(&mut rng, size));
        }
        let size = 1 + rng.below(3);
        let mut exception = nested(&mut rng, size);
        let old = policy(&conjuncts, &exception);
        match rng.below(4) {
            0 => conjuncts.push(nested(&mut rng, 2)),
            1 => conjuncts.truncate(count - 1),
            2 => exception = nested(&mut rng, 2),
            _ => {}
        }
        let (from, to) = *rng.pick(&EDITED);
        let [old, new] = [old, policy(&conjuncts, &exception).replace(from, to)];
        let dir = TempDir::new().unwrap();
        for (side, text) in [("old", &old), ("new", &new)] {
            write(dir.path(), &[(&format!("{side}/s.cedarschema"), SCHEMA), (&format!("{side}/p.cedar"), text)]);
        }
        let comment = run(dir.path(), &["diff", "--files", "old", "new", "--report", "markdown"]).stdout;
        let comment = comment.replace("<code>", "`").replace("</code>", "`");
        let whole = bare(&(old.clone() + &new));
        for line in said(&comment) {
            // Without the place at its end.
            let line = line.rsplit_once(" (`").map_or(line.as_str(), |(line, _)| line);
            let line = unescaped(line);
            let texts: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            assert!(!texts.is_empty(), "{line}");
            for text in texts {
                seen += 1;
                assert!(is_balanced(text), "{text}\n{line}\n{old}\n{new}");
                assert!(whole.contains(&bare(text)), "{text}\n{line}\n{old}\n{new}");
            }
        }
    }
    assert!(seen > 60, "{seen}");
}
