//! Where one policy ends and the next begins, by tokens alone: so that a broken policy does not take its file with it,
//! and so that hostile nesting is seen before any recursive code meets it.
//!
//! # Why
//!
//! Cedar's parser answers for a whole text or not at all. So chunks of statements are parsed together, in parallel, and
//! a chunk that fails is parsed one statement at a time (`policies_cedar`): a broken policy is reported alone.
//!
//! In a text that Cedar refuses, comments, quotes and semicolons of other languages hide where policies end, so that
//! one mistake becomes several. [`split_broken`] reads these as their author meant them.
//!
//! The same pass measures nesting and the number of operators, which the readers bound, because Cedar's parser,
//! validator and destructors recurse.

use super::slips::string_length;
use crate::text::Span;
use crate::text::tokens::code;

/// One policy's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::repo) struct Statement {
    /// From the first token to the closing `;` (or as far as it goes).
    pub(in crate::repo) span: Span,
    /// How deeply brackets nest.
    pub(in crate::repo) depth: usize,
    /// How deeply `<` and `>` nest, which are brackets in schemas (`Set<...>`).
    pub(in crate::repo) angles: usize,
    /// How many operators and brackets there are: an upper bound for the depth of the syntax tree.
    pub(in crate::repo) operators: usize,
}

/// The policies of `text`, one by one, without comments and white space.
#[must_use]
pub fn statements(text: &str) -> Vec<String> {
    split(text).iter().map(|one| code(text.get(one.span.start..one.span.end).unwrap_or_default())).collect()
}

/// Splits `text` into statements. In Cedar a `;` ends a policy and stands nowhere else outside of strings and comments;
/// where one is missing, an annotation or effect after a closed scope begins the next.
pub(in crate::repo) fn split(text: &str) -> Vec<Statement> {
    run(text, false)
}

/// The same for a text that Cedar refuses: comments as in other languages and text between single quotes hold no ends,
/// a string ends with its line, and so does what is not closed where the next line begins a policy; a `;` is no end
/// inside of a condition, and between annotations and their policy.
pub(in crate::repo) fn split_broken(text: &str) -> Vec<Statement> {
    run(text, true)
}

fn run(text: &str, lenient: bool) -> Vec<Statement> {
    let mut splitter = Splitter { text, bytes: text.as_bytes(), lenient, at: 0, current: None, found: Vec::new() };
    splitter.run();
    splitter.found
}

#[derive(Debug, Clone, Copy)]
struct Open {
    start: usize,
    end: usize,
    depth: usize,
    deepest: usize,
    angle: usize,
    deepest_angle: usize,
    operators: usize,
    /// Whether the scope's brackets have been closed.
    scope_closed: bool,
    /// Whether an effect has been seen, so that the next bracket opens the scope.
    effect: bool,
    /// Whether it has annotations.
    annotated: bool,
    /// Whether the last token is `@`, so that the next word is an annotation's key whatever it is.
    key: bool,
}

struct Splitter<'a> {
    text: &'a str,
    /// Whether the text is known not to be Cedar.
    lenient: bool,
    bytes: &'a [u8],
    at: usize,
    current: Option<Open>,
    found: Vec<Statement>,
}

impl Splitter<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn run(&mut self) {
        while self.at < self.bytes.len() {
            let byte = self.byte(self.at);
            let start = self.at;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.byte(self.at + 1) == b'/' => self.skip_comment(),
                b'#' | b'/' | b'\'' | b'`' if self.lenient => self.foreign(start, byte),
                b'"' => {
                    if self.lenient {
                        self.at += string_length(self.text.get(self.at..).unwrap_or_default());
                    } else {
                        self.skip_string();
                    }
                    self.token(start);
                }
                b';' => {
                    self.at += 1;
                    self.token(start);
                    if !(self.lenient && self.goes_on()) {
                        self.close();
                    }
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
                // What closes nothing between two policies is left of what stands around them.
                b')' | b']' | b'}' if self.lenient && self.current.is_none() => self.at += 1,
                _ => self.symbol(start, byte),
            }
        }
        self.close();
    }

    /// As for Cedar's lexer, a carriage return alone ends a comment too.
    fn skip_comment(&mut self) {
        while self.at < self.bytes.len() && !matches!(self.byte(self.at), b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.byte(self.at) {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
    }

    /// What begins with `byte` where Cedar has no such thing: a comment, or text between quotes on one line.
    fn foreign(&mut self, start: usize, byte: u8) {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let length = match byte {
            b'#' => Some(line),
            b'/' if rest.starts_with("/*") => Some(rest.find("*/").map_or(line, |end| end + 2)),
            b'/' => None,
            quote => rest.get(1..line).and_then(|inner| inner.find(char::from(quote))).map(|end| end + 2),
        };
        match length {
            Some(length) => {
                self.at += length;
                self.token(start);
            }
            None => self.symbol(start, byte),
        }
    }

    /// Whether the policy goes on after the `;` that was just read, for all that its author knew.
    fn goes_on(&self) -> bool {
        let Some(open) = self.current else { return false };
        let mut rest = self.text.get(self.at..).unwrap_or_default().trim_start();
        while let Some((_, after)) = rest.strip_prefix("//").map(|line| line.split_once('\n').unwrap_or_default()) {
            rest = after.trim_start();
        }
        let begins = |word: &str| {
            let after = rest.strip_prefix(word).and_then(|rest| rest.bytes().next());
            after.is_some_and(|byte| !byte.is_ascii_alphanumeric() && byte != b'_')
        };
        let policy = begins("permit") || begins("forbid");
        if !open.effect {
            return open.annotated && (policy || rest.starts_with('@'));
        }
        open.depth > 0 && !rest.is_empty() && !policy && !rest.starts_with('@')
    }

    /// Whether nothing but white space stands before `start` on its line.
    fn begins_line(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or_default();
        before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty())
    }

    fn word(&mut self, start: usize) {
        while matches!(self.byte(self.at), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        let key = self.current.is_some_and(|open| open.key);
        let effect = !key && (word == b"permit" || word == b"forbid");
        if effect {
            self.begin_next();
            let bracket = self.text.get(self.at..).unwrap_or_default().trim_start().starts_with('(');
            if self.lenient && bracket && self.begins_line(start) && self.current.is_some_and(|open| open.effect) {
                self.close();
            }
        }
        let open = self.token(start);
        if effect && open.depth == 0 {
            open.effect = true;
        }
        if matches!(word, b"if" | b"in" | b"has" | b"like" | b"is") {
            open.operators += 1;
        }
    }

    fn symbol(&mut self, start: usize, byte: u8) {
        if byte == b'@' {
            self.begin_next();
        }
        self.at += 1;
        let open = self.token(start);
        open.key = byte == b'@';
        open.annotated |= open.key;
        match byte {
            b'<' => {
                open.angle += 1;
                open.deepest_angle = open.deepest_angle.max(open.angle);
            }
            b'>' => open.angle = open.angle.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'(' | b'[' | b'{' => {
                open.depth += 1;
                open.operators += 1;
                open.deepest = open.deepest.max(open.depth);
            }
            b')' | b']' | b'}' => {
                open.depth = open.depth.saturating_sub(1);
                open.scope_closed |= open.depth == 0 && open.effect && byte == b')';
            }
            b'&' | b'|' | b'!' | b'<' | b'>' | b'=' | b'+' | b'-' | b'*' | b'.' => open.operators += 1,
            _ => {}
        }
    }

    /// An annotation or an effect: after a complete scope at the outermost level it begins the next policy.
    fn begin_next(&mut self) {
        if self.current.is_some_and(|open| open.scope_closed && open.depth == 0) {
            self.close();
        }
    }

    /// The token from `start` to here belongs to the current statement.
    fn token(&mut self, start: usize) -> &mut Open {
        let end = self.at;
        let open = self.current.get_or_insert(Open {
            start,
            end,
            depth: 0,
            deepest: 0,
            angle: 0,
            deepest_angle: 0,
            operators: 0,
            scope_closed: false,
            effect: false,
            annotated: false,
            key: false,
        });
        open.end = end;
        open.key = false;
        open
    }

    fn close(&mut self) {
        if let Some(open) = self.current.take() {
            let span = Span::new(open.start, open.end);
            let (depth, angles) = (open.deepest, open.deepest_angle);
            self.found.push(Statement { span, depth, angles, operators: open.operators });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|statement| &text[statement.span.start..statement.span.end]).collect()
    }

    #[test]
    fn strings_and_comments_hold_no_ends() {
        let text =
            "// a; b\n@id(\"x;\\\"y\") permit(principal,action,resource); // c;\nforbid(principal,action,resource);";
        assert_eq!(
            texts(text),
            ["@id(\"x;\\\"y\") permit(principal,action,resource);", "forbid(principal,action,resource);"]
        );
    }

    #[test]
    fn a_missing_semicolon_ends_where_the_next_policy_begins() {
        let text = "permit(principal,action,resource) when { true }\n@id(\"b\")\nforbid(principal,action,resource);";
        assert_eq!(texts(text).len(), 2);
    }

    #[test]
    fn a_missing_bracket_costs_one_statement() {
        assert_eq!(texts("permit(principal,action,resource) when { (1 ; permit(principal,action,resource);").len(), 2);
    }

    #[test]
    fn words_named_like_an_effect_inside_brackets_are_words() {
        assert_eq!(texts("permit(principal,action,resource) when { resource.permit };").len(), 1);
        assert_eq!(texts("@permit(\"x\")@forbid permit(principal,action,resource);").len(), 1);
        assert_eq!(texts("@ // key\nforbid(\"x\") permit(principal,action,resource);").len(), 1);
    }

    #[test]
    fn a_carriage_return_alone_ends_a_comment() {
        assert_eq!(texts("// a\rpermit(principal,action,resource); // b\r\n").len(), 1);
    }

    #[test]
    fn comments_and_quotes_of_others_hold_no_ends_in_a_broken_text() {
        let broken = |text: &str| split_broken(text).len();
        assert_eq!(
            broken("/* a; \"b */ permit(principal,action,resource); # it's \"\nforbid(principal,action,resource);"),
            2
        );
        assert_eq!(broken("permit(principal == User::'a;b',action,resource);"), 1);
        assert_eq!(broken("permit(principal == User::\"a, action, resource);\nforbid(principal,action,resource);"), 2);
        assert_eq!(broken("permit(principal,action,resource) when { a\nforbid(principal,action,resource);"), 2);
    }

    #[test]
    fn a_policy_goes_on_after_a_semicolon_that_does_not_belong_there() {
        let broken = |text: &str| split_broken(text).len();
        assert_eq!(broken("@id(\"a\");\npermit(principal,action,resource);"), 1);
        assert_eq!(broken("permit(principal,action,resource) when { true; };"), 1);
        assert_eq!(broken("permit(principal,action,resource) when { (1; permit(principal,action,resource);"), 2);
    }

    #[test]
    fn an_unclosed_string_ends_with_the_text() {
        assert_eq!(texts("permit(\"").len(), 1);
        assert_eq!(texts("permit(\"\\").len(), 1);
    }
}
