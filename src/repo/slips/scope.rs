//! The scope: what stands between the brackets after the effect.

use super::scan::{Kind, Part};
use super::slip::{Look, Slip};
use crate::text::{Span, inline};

/// The variables of a scope, in their order.
const ORDER: [&str; 3] = ["principal", "action", "resource"];

/// What is wrong with the scope: one thing, its elements first.
pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let opens = token.is("(") && token.part == Part::Tail;
    if opens && look.before(at, 1).is_some_and(|before| before.part == Part::Head) {
        return elements(look, at);
    }
    if token.part != Part::Scope {
        return None;
    }
    list(look, at).or_else(|| comparison(look, at)).or_else(|| text(look, at)).or_else(|| several(look, at))
}

/// The elements between the brackets that open with the token of number `open`: the first and last token of each.
fn split(look: &Look<'_>, open: usize) -> Vec<(usize, usize)> {
    let end = look.at(open).and_then(|token| token.other).unwrap_or(look.tokens.len());
    let mut found = Vec::new();
    let mut start = open + 1;
    for at in open + 1..=end {
        let token = look.at(at);
        let ends = at == end || token.is_some_and(|token| token.is(",") && token.within == Some(open));
        if ends {
            if at > start {
                found.push((start, at - 1));
            }
            start = at + 1;
        }
    }
    found
}

fn elements(look: &Look<'_>, open: usize) -> Option<Slip> {
    let close = look.at(open)?.other?;
    let elements = split(look, open);
    let firsts: Vec<&str> = elements.iter().filter_map(|(start, _)| Some(look.at(*start)?.text)).collect();
    let comma = |at: usize| look.at(at).is_some_and(|token| token.is(","));
    if firsts == ORDER || (firsts.len() < ORDER.len() && (open..close).filter(|at| comma(*at)).count() >= 2) {
        return None;
    }
    if let Some(at) = (open + 2..close).find(|at| begins_without_comma(look, open, *at)) {
        let token = look.at(at)?;
        let message = format!("a comma is missing before `{}`", token.text);
        let help = "a scope is `(principal, action, resource)`";
        return Some(Slip::new(token.span, "", message, help).edited(Span::at(token.span.start), ", "));
    }
    let inside = Span::new(look.at(open)?.span.end, look.at(close)?.span.start);
    let instead = "principal, action, resource";
    let help = "a scope is `(principal, action, resource)`, each alone for any, or with `==`, `in` or `is` after it";
    let slip = |span: Span, message: String| Some(Slip::new(span, "", message, help).edited(inside, instead));
    if firsts.is_empty() {
        return slip(look.span(open, close)?, "the scope is empty, and names three things in Cedar".to_owned());
    }
    let wrong = elements.iter().zip(&firsts).zip(ORDER.iter().map(Some).chain(std::iter::repeat(None)));
    for (((start, end), first), wanted) in wrong {
        let span = look.span(*start, *end)?;
        let shown = inline(look.short(*start, *end).unwrap_or(first)).into_owned();
        match wanted {
            Some(wanted) if *wanted == *first => {}
            _ if *first == "context" => {
                let message = "the context stands in conditions, and not in the scope";
                let help = "write what it must be after the scope: `when { context.mfa }`";
                return Some(Slip::new(span, "", message, help).edited(inside, instead));
            }
            Some(wanted) if ORDER.contains(first) && firsts.contains(wanted) => {
                let message = format!("`{first}` stands here where the scope has `{wanted}`");
                let help = "the order is `principal, action, resource`";
                return Some(Slip::new(span, "", message, help).edited(inside, instead));
            }
            Some(wanted) if ORDER.contains(first) => {
                return slip(span, format!("the scope lacks `{wanted}` before this"));
            }
            Some(wanted) => {
                return slip(span, format!("the scope has `{wanted}` here, and this is `{shown}`"));
            }
            None => return slip(span, format!("the scope ends after `resource`, and `{shown}` stands after it")),
        }
    }
    let lacks = ORDER.get(firsts.len())?;
    slip(look.span(open, close)?, format!("the scope lacks `{lacks}`"))
}

/// Whether an element of the scope begins at the token of number `at` with no comma before it.
fn begins_without_comma(look: &Look<'_>, open: usize, at: usize) -> bool {
    let begins = |token: &super::scan::Token<'_>| {
        token.kind == Kind::Word && ORDER.contains(&token.text) && token.within == Some(open)
    };
    look.at(at).is_some_and(begins) && look.before(at, 1).is_some_and(|before| before.ends_operand())
}

/// The first and last token of the element in which the token of number `at` stands, if that is a variable's.
fn element(look: &Look<'_>, at: usize) -> Option<(usize, usize)> {
    let mut open = look.at(at)?.within?;
    while look.at(open)?.part == Part::Scope {
        open = look.at(open)?.within?;
    }
    let found = split(look, open).into_iter().find(|(start, end)| (*start..=*end).contains(&at))?;
    ORDER.contains(&look.at(found.0)?.text).then_some(found)
}

/// A condition that a scope cannot hold, as a slip over the whole element.
fn moved(look: &Look<'_>, (start, end): (usize, usize), span: Span, message: String, word: &str) -> Option<Slip> {
    let name = look.at(start)?.text;
    let condition = look.short(start, end).map(inline);
    let help = match (condition, word) {
        (Some(condition), "unless") => {
            let condition = condition.replacen("!=", "==", 1);
            format!("write `{name}` alone in the scope, and after it `unless {{ {condition} }}`")
        }
        (Some(condition), _) => format!("write `{name}` alone in the scope, and after it `when {{ {condition} }}`"),
        (None, _) => format!("write `{name}` alone in the scope, and the rest after it in `{word} {{ .. }}`"),
    };
    Some(Slip::new(span, "", message, help).edited(look.span(start, end)?, name))
}

/// `resource in [..]`, `action == [..]`, and lists in other brackets.
fn list(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let (start, end) = element(look, at)?;
    let (name, operator) = (look.at(start)?, look.at(at.checked_sub(1)?)?);
    let compares = operator.is_word("in") || operator.is("==") || operator.is("=");
    if !compares || !matches!(token.text, "[" | "(" | "{") || token.kind != Kind::Sign {
        return None;
    }
    let close = token.other?;
    if name.text != "action" {
        let several = (at..close).any(|at| look.sign(at, ","));
        if token.text != "[" && !several {
            return None;
        }
        let message = format!("only `action` takes a list in the scope, and this is `{}`", name.text);
        let slip = moved(look, (start, end), look.span(start, close)?, message, "when")?;
        let help = slip.help.replacen(" == [", " in [", 1);
        return Some(Slip { help, ..slip });
    }
    let right = look.short(at + 1, close.checked_sub(1)?).map(|inner| format!("action in [{inner}]"));
    let help = format!("write `{}`", inline(&right.unwrap_or_else(|| "action in [..]".to_owned())));
    let inner = look.text.get(token.span.end..look.at(close)?.span.start)?;
    let instead = format!("in [{inner}]");
    let changed = look.span(at - 1, close)?;
    if token.text == "[" {
        return (!operator.is_word("in")).then(|| {
            let message = format!("`{}` compares with one action, and this is a list", operator.text);
            Slip::new(look.span(start, close).unwrap_or(changed), "", message, help).edited(changed, instead)
        });
    }
    let message = "a list of actions stands between square brackets";
    Some(Slip::new(look.span(at, close)?, "", message, help).edited(changed, instead))
}

/// Operators that a scope does not have, and types and entities in each other's place.
fn comparison(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let (start, end) = element(look, at)?;
    let name = look.at(start)?;
    if at == start {
        return None;
    }
    if at == start + 1 {
        let written = inline(token.text);
        match token.text {
            "=" | "===" | "eq" | "equals" => {
                let message = format!("`{written}` is not an operator of Cedar, which compares with `==`");
                return Some(Slip::new(token.span, "==", message, "write `==`"));
            }
            ":" if look.at(at + 1)?.kind == Kind::Word => {
                let help = format!("write `{} is {}`", name.text, look.at(at + 1)?.text);
                return Some(Slip::new(
                    token.span,
                    " is ",
                    "a type stands after `is` in Cedar, and not after a colon",
                    help,
                ));
            }
            "!=" | "!==" | "<>" | "not" => {
                let message = "the scope cannot say what something is not".to_owned();
                return moved(look, (start, end), look.span(start, end)?, message, "unless");
            }
            "." | "has" | "like" | "<" | ">" | "<=" | ">=" | "[" => {
                let message = format!("the scope compares `{}` itself, and not what it has", name.text);
                return moved(look, (start, end), look.span(start, end)?, message, "when");
            }
            _ => {}
        }
    }
    let (previous, next) = (look.before(at, 1)?, look.at(at + 1));
    if token.is_word("in") && previous.is_word("is") {
        let help = format!("write `{0} in ..`, or `{0} is User in ..`", name.text);
        return Some(Slip::new(
            look.span(at - 1, at)?,
            "in",
            "`is` wants a type after it, and `in` stands there",
            help,
        ));
    }
    let entity = |at: usize| look.at(look.operand_end(at)).is_some_and(|last| last.kind == Kind::Text);
    if token.is_word("is") && next.is_some() && entity(at + 1) && next?.kind == Kind::Word {
        let help = format!(
            "write `{} == {}`",
            name.text,
            inline(look.short(at + 1, look.operand_end(at + 1)).unwrap_or(".."))
        );
        return Some(Slip::new(token.span, "==", "`is` asks for a type, and an entity stands after it", help));
    }
    let bare = next
        .is_some_and(|next| next.kind == Kind::Word && !ORDER.contains(&next.text) && next.part == Part::Scope)
        && next.is_some_and(|next| !next.text.starts_with('?'))
        && look.operand_end(at + 1) == end
        && look.at(end).is_some_and(|last| last.kind == Kind::Word);
    if (token.is("==") || token.is_word("in")) && bare && name.text != "action" && !look.sign(at + 2, "::") {
        let ty = look.short(at + 1, end).unwrap_or("..");
        let message = format!("`{}` is a type, and `{}` wants an entity after it", inline(ty), token.text);
        let help = format!(
            "write `{} is {ty}` for all of the type, or `{} {} {ty}::\"..\"`",
            name.text, name.text, token.text
        );
        return Some(Slip::new(look.span(at, end)?, "", message, inline(&help)).edited(token.span, "is"));
    }
    None
}

/// Text where an entity belongs.
fn text(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let (start, _) = element(look, at)?;
    let unclosed = look.at(token.within?)?.other.is_none();
    let word = token.kind == Kind::Word && !token.text.starts_with('?');
    let bare = token.kind == Kind::Text || (word && look.at(start)?.text == "action");
    let compared = look.before(at, 1).is_some_and(|before| {
        before.is("==")
            || before.is("=")
            || before.is_word("in")
            || before.is("[")
            || before.is(",")
            || before.is_word("is")
    });
    let alone =
        !look.sign(at + 1, "::") && !look.sign(at + 1, ":") && !look.sign(at + 1, ".") && !look.sign(at + 1, "(");
    if unclosed || !bare || !compared || at == start || !alone {
        return None;
    }
    let (ty, inner) = (if look.at(start)?.text == "action" { "Action" } else { "User" }, token.text.trim_matches('"'));
    if look.before(at, 1).is_some_and(|before| before.is_word("is")) {
        let message = "a type stands without quotes after `is`";
        let help = format!("write `{} is {}`", look.at(start)?.text, inline(inner));
        return (token.kind == Kind::Text).then(|| Slip::new(token.span, "T", message, help));
    }
    let message = format!(
        "{} is {}, and the scope compares with entities",
        inline(token.text),
        match token.kind {
            Kind::Text => "text",
            _ => "a word",
        }
    );
    let right = format!("{ty}::\"{inner}\"");
    let help = if ty == "Action" {
        format!("write {}", inline(&right))
    } else {
        format!("write its type before it, such as {}", inline(&right))
    };
    Some(Slip::new(token.span, right, message, help))
}

/// `principal == a || principal == b`, in whatever words.
fn several(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let (start, end) = element(look, at)?;
    let lower = token.text.to_ascii_lowercase();
    if !matches!(lower.as_str(), "||" | "&&" | "or" | "and" | "|" | "&") || at == start {
        return None;
    }
    let message =
        format!("the scope compares `{}` with one thing, and `{}` goes on", look.at(start)?.text, inline(token.text));
    moved(look, (start, end), token.span, message, "when")
}
