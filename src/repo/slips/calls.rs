//! Methods and functions that Cedar does not have, and entities that are not written as entities.

use super::scan::{Kind, Part};
use super::slip::{Look, Slip};
use super::vocabulary::{PATTERN, PRESENCE};
use crate::text::{Span, inline, nearest};

/// Cedar's methods.
const METHODS: [&str; 22] = [
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "getTag",
    "hasTag",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "isIpv4",
    "isIpv6",
    "isLoopback",
    "isMulticast",
    "isInRange",
    "offset",
    "durationSince",
    "toDate",
    "toTime",
    "toMilliseconds",
    "toSeconds",
    "toMinutes",
];

/// Cedar's methods of time spans, besides.
const MORE_METHODS: [&str; 2] = ["toHours", "toDays"];

/// Cedar's functions.
const FUNCTIONS: [&str; 4] = ["ip", "decimal", "datetime", "duration"];

const COUNT: &str = "Cedar does not count; `.isEmpty()` asks whether a set has members";
const LIKE: &str = "write `like` with a pattern, in which `*` stands for any text: `context.path like \"/public/*\"`";
const SETS: &str =
    "write `.contains(..)` for one member of a set, `.containsAll(..)` or `.containsAny(..)` for several";
const NOW: &str =
    "Cedar knows no time of its own; put the time into the context: `context.now < datetime(\"2027-01-01\")`";

/// What others call, and what to say of it.
const OTHERS: [(&str, &str); 40] = [
    ("startswith", LIKE),
    ("endswith", LIKE),
    ("indexof", LIKE),
    ("substring", LIKE),
    ("matches", PATTERN),
    ("match", PATTERN),
    ("regex", PATTERN),
    ("test", PATTERN),
    ("like", LIKE),
    ("includes", SETS),
    ("contain", SETS),
    ("in", SETS),
    ("any", SETS),
    ("all", SETS),
    ("some", SETS),
    ("every", SETS),
    ("filter", SETS),
    ("map", SETS),
    ("size", COUNT),
    ("length", COUNT),
    ("len", COUNT),
    ("count", COUNT),
    ("has", PRESENCE),
    ("exists", PRESENCE),
    ("haskey", PRESENCE),
    ("hasattr", PRESENCE),
    ("hasownproperty", PRESENCE),
    ("defined", PRESENCE),
    ("equals", "write `==`"),
    ("eq", "write `==`"),
    ("tolower", "Cedar does not change text; store it in lower case"),
    ("tolowercase", "Cedar does not change text; store it in lower case"),
    ("lower", "Cedar does not change text; store it in lower case"),
    ("before", "write `<`"),
    ("after", "write `>`"),
    ("get", "write `.name`, or `[\"name\"]`; of a tag, `.getTag(\"name\")`"),
    ("now", NOW),
    ("today", NOW),
    ("date", "write `datetime(\"2027-01-01\")`"),
    ("timestamp", "write `datetime(\"2027-01-01T00:00:00Z\")`"),
];

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if token.kind == Kind::Word && token.part == Part::Body && look.sign(at + 1, "(") {
        return if look.follows(at, &["."]) { method(look, at) } else { function(look, at) };
    }
    (matches!(token.part, Part::Body | Part::Scope)).then(|| entity(look, at)).flatten()
}

fn other(name: &str) -> Option<&'static str> {
    let lower = name.replace('_', "").to_ascii_lowercase();
    OTHERS.iter().find(|(word, _)| *word == lower).map(|(_, help)| *help)
}

fn method(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let all = || METHODS.into_iter().chain(MORE_METHODS);
    if all().any(|known| known == token.text) {
        return None;
    }
    let end = look.at(look.at(at + 1)?.other?)?.span.end;
    let blank = Span::new(look.before(at, 1)?.span.start, end);
    if FUNCTIONS.contains(&token.text) {
        let message = format!("`{}` is a function, and stands before what it reads", token.text);
        let slip = Slip::new(token.span, "", message, format!("write `{}(\"..\")`", token.text));
        return Some(slip.edited(blank, ""));
    }
    let message = format!("Cedar has no method `{}`", inline(token.text));
    let help = match (nearest(token.text, all()), other(token.text)) {
        (_, Some(help)) => help.to_owned(),
        (Some(meant), None) => format!("did you mean `{meant}`?"),
        (None, None) => format!("{SETS}; for an attribute called so, leave out the brackets"),
    };
    Some(Slip::new(token.span, "", message, help).edited(blank, ""))
}

fn function(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let part_of_name = look.follows(at, &["::", "@"]);
    let operator = matches!(token.text, "in" | "if" | "then" | "else" | "is" | "like" | "not" | "and" | "or");
    if part_of_name || operator || FUNCTIONS.contains(&token.text) || look.before(at, 1)?.ends_operand() {
        return None;
    }
    let close = look.at(at + 1)?.other?;
    let whole = look.span(at, close)?;
    let inner = look.at(at + 2)?;
    if inner.kind == Kind::Text && close == at + 3 && token.text.starts_with(|c: char| c.is_ascii_uppercase()) {
        let right = format!("{}::{}", token.text, inner.text);
        let message = "an entity is its type, `::` and its id in Cedar";
        return Some(Slip::new(whole, right.clone(), message, format!("write {}", inline(&right))));
    }
    let all = || METHODS.into_iter().chain(MORE_METHODS);
    let (message, help) = if all().any(|known| known == token.text) {
        let message = format!("`{0}` is a method, and stands after what it asks: `SET.{0}(..)`", token.text);
        (message, "write what is asked, a dot and the method: `resource.editors.contains(principal)`".to_owned())
    } else {
        let message = format!("Cedar has no function `{}`", inline(token.text));
        let help = match (other(token.text), nearest(token.text, FUNCTIONS)) {
            (Some(help), _) => help.to_owned(),
            (None, Some(meant)) => format!("did you mean `{meant}`?"),
            (None, None) => "Cedar's functions are `ip`, `decimal`, `datetime` and `duration`".to_owned(),
        };
        (message, help)
    };
    Some(Slip::new(token.span, "", message, help).edited(whole, "true"))
}

/// An entity with one colon, a dot or a slash, or with no quotes around its id.
fn entity(look: &Look<'_>, at: usize) -> Option<Slip> {
    const MESSAGE: &str = "an entity is its type, `::` and its id between double quotes in Cedar";
    let (ty, join) = (look.at(at)?, look.at(at + 1)?);
    if ty.kind != Kind::Word {
        return None;
    }
    let start = look.operand_start(at);
    let id = look.at(at + 2)?;
    let name = |end: usize| look.short(start, end).map(str::to_owned);
    if matches!(join.text, ":" | "." | "/" | "#" | "|") && id.kind == Kind::Text && join.span.end == id.span.start {
        let shown = name(at).unwrap_or_else(|| ty.text.to_owned());
        let help = format!("write {}::{}", inline(&shown), inline(id.text));
        return Some(Slip::new(look.span(start, at + 2)?, "", MESSAGE, help).edited(join.span, "::"));
    }
    let joined = join.is("::") && !look.follows(at, &["."]);
    if joined && id.is("*") {
        let help = format!("for every entity of the type write `is {}`", inline(ty.text));
        let slip = Slip::new(look.span(start, at + 2)?, "", "an id holds no wildcards in Cedar", help);
        return Some(slip.edited(id.span, "\"\""));
    }
    let bare = matches!(id.kind, Kind::Word | Kind::Number) && !look.sign(at + 3, "::") && !look.sign(at + 3, "(");
    let type_wanted = look.before(start, 1).is_some_and(|word| word.is_word("is"));
    if !joined || !bare || type_wanted {
        return None;
    }
    // An id without quotes goes on as far as no white space and no sign of Cedar's stands in it.
    let rest = look.text.get(id.span.start..)?;
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ')' | ']' | '}' | ';' | '&' | '|' | '=' | '"');
    let length = rest.find(ends).unwrap_or(rest.len());
    let whole = Span::new(id.span.start, id.span.start + length);
    let written = look.text.get(whole.start..whole.end)?;
    let written =
        written.split_once(".").filter(|_| look.in_body(at) && !written.contains('@')).map_or(written, |(id, _)| id);
    let right = format!("\"{written}\"");
    let help = format!("write {}::{}", inline(&name(at).unwrap_or_else(|| ty.text.to_owned())), inline(&right));
    let whole = Span::new(whole.start, whole.start + written.len());
    let slip = Slip::new(Span::new(look.at(start)?.span.start, whole.end), "", MESSAGE, help);
    Some(slip.edited(whole, right))
}
