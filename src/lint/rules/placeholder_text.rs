//! Which texts are placeholders. Wrong alarms cost more here than a missed one, so every form is narrow.

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The id of an entity or a policy.
    Id,
    /// A string in a condition.
    Text,
    /// The pattern of `like`.
    Pattern,
}

/// The placeholder in `text`, if there is one.
pub(super) fn placeholder(text: &str, kind: Kind) -> Option<&str> {
    let whole = || (kind != Kind::Pattern && whole_word(text, kind)).then_some(text);
    whole()
        .or_else(|| enter_here(text))
        .or_else(|| braces(text, "${", "}", kind))
        .or_else(|| braces(text, "{{", "}}", kind))
        .or_else(|| if kind == Kind::Pattern { None } else { angle(text, kind) })
}

/// `CHANGE_ME` and the like, in capitals, as the whole text. A bare `TODO` is an id only: as a string it may be the
/// state of a task.
fn whole_word(text: &str, kind: Kind) -> bool {
    let words = ["CHANGEME", "CHANGE_ME", "CHANGE-ME", "REPLACEME", "REPLACE_ME", "REPLACE-ME", "FIXME"];
    let crosses = text.len() >= 4 && text.bytes().all(|byte| byte == b'X');
    let note = ["TODO:", "FIXME:", "TODO ", "FIXME "].iter().any(|start| text.starts_with(start));
    words.contains(&text) || crosses || note || (text == "TODO" && kind == Kind::Id)
}

/// `ENTER_..._HERE` and the like as a word.
fn enter_here(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.split(|c| !is_part(c)).find(|word| {
        let verb = ["ENTER", "YOUR", "INSERT", "PUT", "PASTE", "ADD"].iter().find_map(|verb| word.strip_prefix(verb));
        let inner = verb.and_then(|rest| rest.strip_suffix("HERE"));
        inner.is_some_and(|inner| {
            let (first, last) = (inner.chars().next(), inner.chars().next_back());
            let joined = |c: Option<char>| matches!(c, Some('_' | '-'));
            inner.len() >= 2 && joined(first) && joined(last) && !inner.chars().any(char::is_lowercase)
        })
    })
}

/// `${name}` or `{{ name }}`. A pattern with `*` right before and after it looks for such text in a value.
fn braces<'a>(text: &'a str, open: &str, close: &str, kind: Kind) -> Option<&'a str> {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(open)).map(|at| from + at) {
        let inner_start = at + open.len();
        let end = text.get(inner_start..).and_then(|rest| rest.find(close)).map(|end| inner_start + end)?;
        let inner = text.get(inner_start..end).unwrap_or_default().trim();
        let stop = end + close.len();
        let searched = kind == Kind::Pattern
            && text.get(..at).is_some_and(|before| before.ends_with('*'))
            && text.get(stop..).is_some_and(|after| after.starts_with('*'));
        if is_name(inner) && !searched {
            return text.get(at..stop);
        }
        from = inner_start;
    }
    None
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.'))
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// `<words-like-this>` as the whole text or as a whole segment between `/` and `:`.
fn angle(text: &str, kind: Kind) -> Option<&str> {
    text.split(['/', ':']).chain([text]).find(|part| {
        let inner = part.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        inner.is_some_and(|inner| {
            let lower = inner.to_ascii_lowercase();
            inner.len() >= 2
                && inner.starts_with(|c: char| c.is_ascii_alphabetic())
                && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'))
                && !SENTINELS.contains(&lower.as_str())
                && (kind == Kind::Id || !MARKUP.contains(&lower.as_str()))
        })
    })
}

/// What programs write in angle brackets and mean.
const SENTINELS: [&str; 15] = [
    "all",
    "any",
    "anonymous",
    "default",
    "deleted",
    "empty",
    "guest",
    "local",
    "nil",
    "none",
    "null",
    "root",
    "self",
    "system",
    "unknown",
];

/// Elements of HTML that a condition may well compare with.
const MARKUP: [&str; 44] = [
    "a", "article", "body", "br", "button", "canvas", "code", "div", "dl", "dt", "em", "embed", "footer", "form",
    "frame", "h1", "h2", "h3", "head", "header", "hr", "html", "iframe", "image", "img", "input", "li", "link", "meta",
    "nav", "ol", "pre", "script", "select", "span", "strong", "style", "svg", "table", "td", "th", "tr", "ul", "video",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_placeholder_and_what_is_not() {
        for text in ["<arn>", "a/<team_id>/b", "x${env.REGION}", "{{ name }}", "XXXX", "arn:ENTER_ACCOUNT_HERE:x"] {
            assert!(placeholder(text, Kind::Text).is_some(), "{text}");
        }
        for text in ["TODO", "<none>", "<br>", "a <b> c", "${7*7}", "${}", "{{", "XXX", "CENTER_HERE", "TODOS", "<>"] {
            assert_eq!(placeholder(text, Kind::Text), None, "{text}");
        }
        assert_eq!(placeholder("TODO", Kind::Id), Some("TODO"));
        assert_eq!(placeholder("*${jndi:ldap}*", Kind::Pattern), None);
        assert_eq!(placeholder("home/${user}/*", Kind::Pattern), Some("${user}"));
    }
}
