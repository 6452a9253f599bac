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
        .or_else(|| arn(text))
        .or_else(|| at_signs(text))
        .or_else(|| if kind == Kind::Pattern { None } else { angle(text, kind) })
}

/// `CHANGE_ME` and the like, all capitals or none, as all of the text. Bare `TODO` is an id only: as a string it may
/// be the state of a task.
fn whole_word(text: &str, kind: Kind) -> bool {
    let words = ["CHANGEME", "CHANGE_ME", "CHANGE-ME", "REPLACEME", "REPLACE_ME", "REPLACE-ME", "FIXME"];
    let crosses = text.len() >= 4 && text.bytes().all(|byte| byte == b'X');
    let note = ["TODO:", "FIXME:", "TODO ", "FIXME "].iter().any(|start| text.starts_with(start));
    let capital = !text.chars().any(char::is_lowercase) || !text.chars().any(char::is_uppercase);
    (capital && words.contains(&text.to_uppercase().as_str()))
        || crosses
        || note
        || (text == "TODO" && kind == Kind::Id)
}

/// `ENTER_..._HERE`, `YOUR_...` and `REPLACE-...` as a word in capitals.
fn enter_here(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let joined = |c: Option<char>| matches!(c, Some('_' | '-'));
    let capital =
        |inner: &str| inner.len() >= 3 && joined(inner.chars().next()) && !inner.chars().any(char::is_lowercase);
    text.split(|c| !is_part(c)).find(|word| {
        let verb = ["ENTER", "YOUR", "INSERT", "PUT", "PASTE", "ADD"].iter().find_map(|verb| word.strip_prefix(verb));
        let inner = verb.and_then(|rest| rest.strip_suffix("HERE"));
        let here = inner.is_some_and(|inner| capital(inner) && joined(inner.chars().next_back()));
        here || ["YOUR", "REPLACE"].iter().filter_map(|verb| word.strip_prefix(verb)).any(capital)
    })
}

/// A word in capitals for the account or the region of an ARN: `arn:aws:s3:REGION:ACCOUNT_ID:x`.
fn arn(text: &str) -> Option<&str> {
    let rest = text.get(text.find("arn:")?..)?;
    let word = |part: &&str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    rest.split(':').skip(3).take(2).find(word)
}

/// `@@name@@`.
fn at_signs(text: &str) -> Option<&str> {
    let start = text.find("@@")?;
    let inner = text.get(start + 2..)?;
    let end = inner.find("@@")?;
    let name = inner.get(..end)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(plain)).then(|| text.get(start..start + end + 4)).flatten()
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
        for text in [
            "<arn>",
            "a/<team_id>/b",
            "XXXX",
            "arn:ENTER_ACCOUNT_HERE:x",
            "arn:aws:iam::ACCOUNT_ID:role/x",
            "YOUR_USER",
            "REPLACE-ME-WITH-AN-ID",
            "change_me",
            "a-@@USER@@",
        ] {
            assert!(placeholder(text, Kind::Text).is_some(), "{text}");
        }
        for text in [
            "TODO",
            "<none>",
            "<br>",
            "a <b> c",
            "XXX",
            "CENTER_HERE",
            "TODOS",
            "<>",
            "YOURS",
            "REPLACE",
            "Your_Name",
            "arn:aws:iam::123456789012:role/ADMIN",
            "a@@b",
            "@@@@",
            "Change_Me",
            "IRREPLACE_X",
            // A value that nobody knows is not one that somebody forgot.
            "x${env.REGION}",
            "{{ name }}",
            "${user}",
            "__USER__",
        ] {
            assert_eq!(placeholder(text, Kind::Text), None, "{text}");
        }
        assert_eq!(placeholder("TODO", Kind::Id), Some("TODO"));
    }
}
