//! What Cedar's parser says, in words that need no grammar: for what nobody foresaw.

use crate::repo::cedar::CedarFault;
use crate::text::{Span, inline};

/// `faults` in plain words. After a text that is no Cedar at all, only the first is certain.
pub(super) fn say(statement: &str, mut faults: Vec<CedarFault>) -> Vec<CedarFault> {
    faults.sort_by_key(|fault| fault.span.map(|span| (span.start, span.end)));
    let grammar = |fault: &CedarFault| {
        ["unexpected ", "invalid token", "extra token"].iter().any(|start| fault.message.starts_with(start))
    };
    if let Some(first) = faults.iter().position(grammar) {
        faults = faults.into_iter().skip(first).take(1).collect();
    }
    let mut told: Vec<CedarFault> = faults.into_iter().map(|fault| one(statement, fault)).collect();
    told.dedup();
    told
}

fn one(statement: &str, fault: CedarFault) -> CedarFault {
    let CedarFault { message, help, span } = fault;
    if statement.trim() == ";" {
        let message = "this `;` ends no policy".to_owned();
        return CedarFault { message, help: Some("remove it".to_owned()), span };
    }
    let (words, expected) = message.split_once(": expected ").map_or((message.as_str(), None), |(a, b)| (a, Some(b)));
    if words == "invalid token" {
        return invalid(statement, help, span);
    }
    if let Some(token) = words.strip_prefix("unexpected token ").or_else(|| words.strip_prefix("extra token ")) {
        let message = format!("{} cannot stand here", inline(token));
        return CedarFault { message, help: expected.map(wanted).or(help), span };
    }
    if words == "unexpected end of input" {
        let message = "this policy ends before it is complete".to_owned();
        return CedarFault { message, help: expected.map(wanted).or(help), span };
    }
    for (start, plain, way) in SENTENCES {
        if let Some(rest) = message.strip_prefix(start) {
            let message = plain.replace("{}", rest.trim().trim_matches('`'));
            return CedarFault { message, help: Some((*way).to_owned()).filter(|way| !way.is_empty()).or(help), span };
        }
    }
    let plain = |text: &str| text.replace("entity uids", "entities").replace("entity uid", "entity");
    CedarFault { message: plain(&message), help: help.map(|help| plain(&help)), span }
}

/// A character that begins nothing.
fn invalid(statement: &str, help: Option<String>, span: Option<Span>) -> CedarFault {
    let at = span.map_or(0, |span| span.start);
    let c = statement.get(at..).and_then(|rest| rest.chars().next());
    let end = at + c.map_or(0, char::len_utf8);
    let shown = c.map(String::from).unwrap_or_default();
    let message = format!("`{}` has no meaning in Cedar outside of text and comments", inline(&shown));
    CedarFault { message, help, span: span.map(|span| Span::new(span.start, end.max(span.end))) }
}

/// What the parser would have taken, as far as it helps.
fn wanted(expected: &str) -> String {
    const FEW: usize = 4;
    let parts: Vec<&str> = expected
        .split([','])
        .flat_map(|part| part.split(" or "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let has = |token: &str| parts.contains(&token);
    let plain = |part: &str| match part {
        "identifier" => "a word".to_owned(),
        "string literal" => "text between double quotes".to_owned(),
        "number" => "a number".to_owned(),
        other => other.to_owned(),
    };
    if parts.len() <= FEW {
        let all: Vec<String> = parts.iter().map(|part| plain(part)).collect();
        return format!("Cedar expects {} here", all.join(" or "));
    }
    if has("`&&`") && has("`}`") {
        return "Cedar expects an operator such as `&&` here, or the end of the condition".to_owned();
    }
    if has("`&&`") {
        return "Cedar expects an operator such as `&&` here, or the bracket that closes".to_owned();
    }
    if has("`!`") {
        return "Cedar expects a value here: a variable such as `principal`, text, a number, an entity".to_owned();
    }
    "Cedar expects something else here; compare with a policy that it reads".to_owned()
}

/// How Cedar begins a sentence, the sentence that we say (with the rest of Cedar's), and the way out where Cedar has
/// none or another.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "multiple relational operators",
        "two comparisons follow one another with nothing between them",
        "join them with `&&`, or put brackets around one of them",
    ),
    ("the input `", "this is no escape of Cedar's text: `{}", "write `\\\\` for a backslash"),
    (
        "integer parse error",
        "this number is more than Cedar's numbers can hold",
        "the largest is 9223372036854775807; keep longer ones as text",
    ),
    ("`when` condition clause cannot be empty", "this condition is empty", "write what must hold, or leave it out"),
    (
        "`unless` condition clause cannot be empty",
        "this condition is empty",
        "write what must not hold, or leave it out",
    ),
    (
        "expected an entity uid or matching template slot, found ",
        "an entity or a slot belongs here, and this is `{}`",
        "an entity is written Type::\"id\"; the slots are `?principal` and `?resource`, each in its own place",
    ),
    ("duplicate annotation: ", "the annotation `{}` is given twice", "keep one of them"),
    ("division is not supported", "Cedar does not divide", "multiply the other side instead"),
    ("remainder/modulo is not supported", "Cedar has no remainder", ""),
    ("invalid RHS of a `has` operation: ", "`has` wants the name of an attribute after it, and this is `{}`", ""),
    (
        "right hand side of a `like` expression must be a pattern literal, but got ",
        "`like` wants a pattern between double quotes after it, and this is `{}`",
        "a pattern is written out in the policy; to compare with a value that is read, write `==`",
    ),
    (
        "right hand side of an `is` expression must be an entity type name, but got ",
        "`is` wants a type after it, and this is `{}`",
        "",
    ),
    ("invalid variable: ", "a condition reads `principal`, `action`, `resource` and `context`, and not `{}`", ""),
    (
        "the contents of an index expression must be a string literal",
        "what stands between `[ ]` is text between double quotes",
        "",
    ),
    ("invalid policy effect: ", "a policy begins with `permit` or `forbid`, and not with `{}`", ""),
    ("invalid policy condition: ", "a condition begins with `when` or `unless`, and not with `{}`", ""),
    ("this identifier is reserved and cannot be used: ", "`{}` is a word of Cedar's own and cannot be a name", ""),
];
