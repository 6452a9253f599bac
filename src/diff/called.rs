//! What a policy is called besides its name: what an annotation says of it, or the comment above it.

use crate::repo::Policy;

/// Annotations that say what a policy is for, the most telling first; any other comes after them.
const TELLING: [&str; 8] = ["title", "name", "summary", "description", "doc", "reason", "decision", "comment"];

/// Longer texts are not a name, in characters.
const LONGEST: usize = 160;

/// What `policy` is called, on one line; none where nothing says it, or its id does.
pub(super) fn called(policy: &Policy) -> Option<String> {
    let annotations = &policy.syntax().annotations;
    let telling = TELLING.iter().filter_map(|key| annotations.iter().find(|(known, ..)| known == key));
    // A word alone is a mark, such as a version or an owner.
    let others = annotations.iter().filter(|(key, value, _)| key != "id" && value.trim().contains(' '));
    let mut texts = telling.chain(others).map(|(_, value, _)| one_line(value));
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= LONGEST;
    if let Some(text) = texts.find(fits) {
        return Some(text);
    }
    if policy.id.is_some() {
        return None;
    }
    comment_above(policy).filter(fits)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentence that the comment right above the policy begins with.
fn comment_above(policy: &Policy) -> Option<String> {
    let before = policy.location.file.text().get(..policy.location.span.start)?;
    let mut lines: Vec<&str> = Vec::new();
    for line in before.trim_end_matches([' ', '\t']).strip_suffix('\n')?.lines().rev() {
        match line.trim().strip_prefix("//") {
            Some(comment) => lines.push(comment.trim_start_matches('/').trim()),
            None => break,
        }
    }
    lines.reverse();
    // A line without words ends what is said, and is none of it.
    let says = |line: &&str| line.contains(char::is_alphanumeric);
    let said: Vec<&str> = lines.into_iter().skip_while(|line| !says(line)).take_while(says).collect();
    let text = one_line(&said.join(" "));
    let text =
        text.trim_matches(|letter: char| matches!(letter, '-' | '=' | '*' | '#' | ' ' | '\u{2500}'..='\u{257f}'));
    let end = text.find(". ").unwrap_or(text.len());
    let first = text.get(..end)?.trim_end_matches(['.', ':']);
    first.contains(char::is_alphabetic).then(|| first.to_owned())
}
