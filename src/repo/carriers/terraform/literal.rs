//! Where every byte of a string or of a heredoc stands.

use crate::text::{Mapped, Span};

/// How the literals of a template are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Between quotes.
    pub(super) quoted: bool,
    /// In a heredoc or a file, whose first line begins with it.
    pub(super) opens: bool,
}

/// Between quotes.
pub(super) const QUOTED: Form = Form { quoted: true, opens: false };
/// In a heredoc or a file.
pub(super) const UNQUOTED: Form = Form { quoted: false, opens: true };

/// The text `said`, which is written at `span` of `source`: between quotes, or in a heredoc, where `opens` says
/// whether it begins a line, and the indentation that its lines share is no part of what it says. All of it stands
/// for the whole of `span` where the two cannot be brought together.
pub(super) fn mapped(source: &str, span: Span, said: &str, quoted: bool, opens: bool) -> Mapped {
    let found = align(source, span, said, quoted, opens);
    found.unwrap_or_else(|| Mapped::whole(said, span))
}

fn align(source: &str, span: Span, said: &str, quoted: bool, opens: bool) -> Option<Mapped> {
    let mut mapped = Mapped::default();
    let (mut at, mut done) = (span.start, 0);
    let mut line_begins = opens && !quoted;
    while done < said.len() {
        let written = source.get(at..span.end)?;
        let rest = said.get(done..)?;
        if line_begins {
            at += indent(written).checked_sub(indent(rest))?;
            line_begins = false;
            continue;
        }
        let c = rest.chars().next()?;
        let part = rest.get(..c.len_utf8())?;
        if let Some(len) = escape(written, rest, quoted) {
            mapped.push_as(part, Span::new(at, at + len));
            at += len;
        } else if written.starts_with(c) {
            mapped.push_same(part, at);
            at += part.len();
        } else {
            return None;
        }
        done += part.len();
        line_begins = !quoted && c == '\n';
    }
    // What is left over would be a part that stands nowhere.
    let left = source.get(at..span.end)?;
    left.trim().is_empty().then_some(mapped)
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// How many bytes the first character of `said` takes, where it is written otherwise.
fn escape(written: &str, said: &str, quoted: bool) -> Option<usize> {
    if (written.starts_with("$${") && said.starts_with("${")) || (written.starts_with("%%{") && said.starts_with("%{"))
    {
        return Some(2);
    }
    if written.starts_with("\r\n") && said.starts_with('\n') {
        return Some(2);
    }
    let escaped = written.strip_prefix('\\').filter(|_| quoted)?;
    Some(match escaped.bytes().next()? {
        b'u' => 6,
        b'U' => 10,
        _ => 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_leads_to_its_own() {
        let source = r#"x = "a\"b\u00e9$${c}\n" "#;
        let span = Span::new(5, source.rfind('"').unwrap());
        let mapped = mapped(source, span, "a\"bé${c}\n", true, true);
        let at = |part: &str, whole: &str| {
            let start = mapped.text().find(part).unwrap();
            let outer = mapped.outer(Span::new(start, start + part.len()));
            assert_eq!(&source[outer.start..outer.end], whole);
        };
        at("a", "a");
        at("\"", "\\\"");
        at("é", "\\u00e9");
        at("${c", "$${c");
        at("\n", "\\n");
    }

    #[test]
    fn what_lines_share_is_no_part_of_a_heredoc() {
        let source = "<<-A\r\n    one\r\n\r\n      two\r\n    A";
        let span = Span::new(6, 31);
        let mapped = mapped(source, span, "one\r\n\r\n  two\r\n", false, true);
        let start = mapped.text().find("two").unwrap();
        assert_eq!(mapped.outer(Span::new(start, start + 3)), Span::new(23, 26));
        assert_eq!(&source[23..26], "two");
    }
}
