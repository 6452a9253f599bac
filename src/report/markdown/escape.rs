//! Untrusted text in Markdown.
//!
//! Every character that Markdown, HTML or GitHub could read as more than itself is written as a character reference,
//! which CommonMark (section 2.5) never takes for structure.

use crate::text::inline;

/// Longest cell, in characters.
const LONGEST_CELL: usize = 1000;

/// Longest sentence, in characters: what says why is not cut.
const LONGEST_PROSE: usize = 4000;

/// Untrusted text as a name: code, in which GitHub links nothing.
pub(super) fn code(text: &str) -> String {
    named(text, LONGEST_CELL)
}

/// The same of no more than `longest` characters: between backticks, in which all is text, where it has none itself and
/// ends no cell.
pub(super) fn named(text: &str, longest: usize) -> String {
    let shown = inline(text);
    // What a CI runner obeys in a log is broken up, as is what ends the span or a cell.
    let obeyed = shown.contains("##") || shown.split(' ').any(|word| word.starts_with("::"));
    let plain = shown.chars().count() <= longest && !shown.contains(['`', '|']) && !obeyed;
    // One space at either end would be taken away, and nothing is no span.
    let edge = |letter: Option<char>| letter.is_some_and(|letter| letter != ' ');
    if plain && edge(shown.chars().next()) && edge(shown.chars().next_back()) {
        return format!("`{shown}`");
    }
    format!("<code>{}</code>", cut(text, longest))
}

/// Untrusted text on one line of bounded length, harmless in a table.
pub(super) fn cell(text: &str) -> String {
    cut(text, LONGEST_CELL)
}

/// The same of a sentence that has names between backticks, which stay code.
pub(super) fn prose(text: &str) -> String {
    let shown = inline(text);
    let parts: Vec<&str> = shown.split('`').collect();
    if parts.len().is_multiple_of(2) || text.chars().count() > LONGEST_PROSE {
        return cut(text, LONGEST_PROSE);
    }
    let part = |(at, part): (usize, &&str)| if at % 2 == 1 { code(part) } else { cell(part) };
    parts.iter().enumerate().map(part).collect()
}

/// Untrusted text on one line, no more than `longest` characters of it.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{} ...", escape(text.get(..at).unwrap_or_default())),
        None => escape(text),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let shown = inline(text);
    let mut rest = shown.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // GitHub looks for mentions and issues in the text that the references stand for; a comment breaks them up.
            '@' | '#' => out.push_str(&format!("&#{};<!-- -->", u32::from(c))),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '{' | '}' | '^' | '=' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            // Bare addresses become links: `https://`, `www.`; and `GH-1` an issue.
            ':' if rest.peek() == Some(&'/') => out.push_str("&#58;<!-- -->"),
            '.' | '-' if rest.peek().is_some_and(|next| next.is_alphanumeric()) && ends_in_trigger(&out) => {
                out.push_str(&format!("&#{};<!-- -->", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn ends_in_trigger(text: &str) -> bool {
    let tail: String = text.chars().rev().take(3).map(|c| c.to_ascii_lowercase()).collect();
    tail == "www" || tail.starts_with("hg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_would_act_on_is_broken_up() {
        assert_eq!(escape("a|b\\"), "a&#124;b&#92;");
        assert_eq!(escape("@team #12"), "&#64;<!-- -->team &#35;<!-- -->12");
        assert_eq!(escape("https://x www.x GH-1"), "https&#58;<!-- -->//x www&#46;<!-- -->x GH&#45;<!-- -->1");
        assert_eq!(escape("User::\"a\" 1.5"), "User::\"a\" 1.5");
    }
}
