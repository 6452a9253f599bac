//! Suppressions: `// polcheck: ignore[rule-a, rule-b] reason`, with an optional `until 2027-01-31` in the reason.
//!
//! A comment behind code covers the findings that start on its line. A comment on a line of its own covers those that start
//! on the next line of code; where that line begins a policy, one of its annotations or its effect, it covers the whole
//! policy. Only comment lines may stand between, no empty line.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Finding, Level};
use crate::text::{Location, SourceFile, Span, inline, nearest};

/// The rule of a suppression that suppresses nothing.
pub const UNUSED: &str = "unused-suppression";
/// The rule of a suppression whose date has passed.
pub const EXPIRED: &str = "expired-suppression";
/// The rule of a suppression that cannot work: no such rule, no reason, or not to be suppressed.
pub const UNKNOWN: &str = "unknown-rule";

const MARK: &str = "polcheck:";
const FORM: &str = "write `// polcheck: ignore[rule] reason`";

/// What suppressions need to know of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleState {
    /// Its id.
    pub id: &'static str,
    /// Whether its findings can be suppressed.
    pub suppressible: bool,
    /// Whether it ran; a suppression of a rule that did not is not called unused.
    pub ran: bool,
}

/// Where a suppression works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Findings that start on this line, 1-based.
    Line(usize),
    /// The code that starts here, as a byte offset: a whole policy or its line.
    Code(usize),
    /// Nothing: no code follows.
    Nothing,
}

/// A comment that begins with `polcheck:`.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// The comment.
    pub location: Location,
    /// The rules that it names, with the place of each.
    pub rules: Vec<(String, Location)>,
    /// Why, without the brackets, the date included.
    pub reason: String,
    /// The last day on which it works, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where it works.
    pub reach: Reach,
    /// What is wrong with how it is written; such a suppression does not work.
    pub fault: Option<String>,
}

/// What is left when suppressions have been applied.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Findings that are not suppressed.
    pub kept: Vec<Finding>,
    /// Those that are, each with the reason given.
    pub suppressed: Vec<(Finding, String)>,
    /// What is wrong with the suppressions.
    pub housekeeping: Vec<Finding>,
}

/// The suppressions in `file`, in order: comments only, never the text of a string.
#[must_use]
pub fn scan(file: &Arc<SourceFile>) -> Vec<Suppression> {
    if !file.text().contains(MARK) {
        return Vec::new();
    }
    let pieces = pieces(file.text());
    let line = |offset: usize| file.line(offset);
    let mut found = Vec::new();
    let mut last_code = 0;
    for (piece, below) in pieces.iter().zip(code_below(&pieces, &line)) {
        if !piece.comment {
            last_code = line(piece.span.end);
            continue;
        }
        let Some(body) = comment_body(file, *piece) else { continue };
        let own = line(piece.span.start);
        let reach = if last_code == own { Reach::Line(own) } else { below };
        found.push(read(file, piece.span, body, reach));
    }
    found
}

/// For each piece the offset of the first code below it, with nothing but comment lines between.
fn code_below(pieces: &[Piece], line: &dyn Fn(usize) -> usize) -> Vec<Reach> {
    let mut reaches = vec![Reach::Nothing; pieces.len()];
    let mut next: Option<(&Piece, usize, Reach)> = None;
    for (piece, reach) in pieces.iter().zip(&mut reaches).rev() {
        let own = line(piece.span.start);
        *reach = match next {
            Some((below, at, _)) if at <= own + 1 && !below.comment => Reach::Code(below.span.start),
            Some((_, at, further)) if at <= own + 1 => further,
            _ => Reach::Nothing,
        };
        next = Some((piece, own, *reach));
    }
    reaches
}

/// A comment (its line's end left out), or a run of code that holds no white space outside of strings.
#[derive(Debug, Clone, Copy)]
struct Piece {
    span: Span,
    comment: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b'\n');
    let ends = |at: usize| at >= bytes.len();
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while !ends(at) {
        let start = at;
        if byte(at).is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let comment = byte(at) == b'/' && byte(at + 1) == b'/';
        if comment {
            while !ends(at) && !matches!(byte(at), b'\n' | b'\r') {
                at += 1;
            }
        } else {
            while !ends(at) && !byte(at).is_ascii_whitespace() && !(byte(at) == b'/' && byte(at + 1) == b'/') {
                at = if byte(at) == b'"' { after_string(bytes, at) } else { at + 1 };
            }
        }
        found.push(Piece { span: Span::new(start, at), comment });
    }
    found
}

/// The offset behind the string that opens at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The text behind `polcheck:` of a comment that begins so, with its offset.
fn comment_body(file: &SourceFile, piece: Piece) -> Option<(usize, &str)> {
    let text = Some(file.slice(piece.span)).filter(|_| piece.comment)?;
    let inner = text.trim_start_matches('/').trim_start();
    let body = inner.strip_prefix(MARK)?;
    Some((piece.span.end - body.len(), body.trim_end()))
}

fn read(file: &Arc<SourceFile>, comment: Span, (offset, body): (usize, &str), reach: Reach) -> Suppression {
    let written = file.slice(comment).trim_end().len();
    let location = Location::new(file, Span::new(comment.start, comment.start + written));
    let mut suppression =
        Suppression { location, rules: Vec::new(), reason: String::new(), until: None, reach, fault: None };
    let parts = body.trim_start().strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('['));
    let Some((list, reason)) = parts.and_then(|rest| rest.split_once(']')) else {
        suppression.fault = Some(format!("this is not how a suppression is written: {FORM}"));
        return suppression;
    };
    let from = offset + body.len() - reason.len() - 1 - list.len();
    suppression.rules = rules(file, list, from);
    suppression.reason = reason.trim().to_owned();
    match until(&suppression.reason) {
        Ok(date) => suppression.until = date,
        Err(fault) => suppression.fault = Some(fault),
    }
    let bare = |text: &str| !text.chars().any(char::is_alphabetic);
    let rest = match &suppression.until {
        Some(date) => suppression.reason.replacen("until", "", 1).replacen(date, "", 1),
        None => suppression.reason.clone(),
    };
    if suppression.rules.is_empty() {
        suppression.fault = Some(format!("this suppression names no rule: {FORM}"));
    } else if bare(&rest) {
        suppression.fault.get_or_insert_with(|| "this suppression gives no reason".to_owned());
    }
    suppression
}

/// The comma-separated names of `list`, which starts at `from`.
fn rules(file: &Arc<SourceFile>, list: &str, from: usize) -> Vec<(String, Location)> {
    let mut at = from;
    let mut found = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        let start = at + part.len() - part.trim_start().len();
        if !name.is_empty() {
            found.push((name.to_owned(), Location::new(file, Span::new(start, start + name.len()))));
        }
        at += part.len() + 1;
    }
    found
}

/// The date behind the word `until`, if a date is meant.
fn until(reason: &str) -> Result<Option<String>, String> {
    let mut words = reason.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("until"));
    let word = words.nth(1).unwrap_or_default().trim_end_matches(['.', ',', ';', ':', ')']);
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    if is_date(word) {
        return Ok(Some(word.to_owned()));
    }
    Err(format!("`{}` is not a date: write `until 2027-01-31`", inline(word)))
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Applies the suppressions of `files` to `findings`. `policies` gives the place and full name of every policy, `rules` all
/// rules, `today` the day as `YYYY-MM-DD` (without it no date has passed).
///
/// A suppression that is badly written, gives no reason, has expired, or names a rule that does not exist or cannot be
/// suppressed does not work there and is reported; so is a rule that it names and that ran, but has no finding there. The
/// reports have the default level of their rules and cannot themselves be suppressed.
#[must_use]
pub fn apply(
    findings: Vec<Finding>,
    policies: &[(Location, String)],
    files: &[Arc<SourceFile>],
    rules: &[RuleState],
    today: Option<&str>,
) -> Applied {
    let mut applied = Applied::default();
    let mut active = Vec::new();
    let by_path = by_path(policies);
    for suppression in files.iter().flat_map(scan) {
        let policy = policy_at(&suppression, &by_path);
        match prepare(&suppression, policy, rules, today) {
            Ok((ready, faults)) => {
                active.extend(ready);
                applied.housekeeping.extend(faults);
            }
            Err(fault) => applied.housekeeping.push(*fault),
        }
    }
    let mut by_rule: HashMap<(&str, String), Vec<usize>> = HashMap::new();
    for (at, active) in active.iter().enumerate() {
        by_rule.entry((active.rule, active.location.path().to_owned())).or_default().push(at);
    }
    for finding in findings {
        let mut reason = None;
        let line = finding.location.file.line(finding.location.span.start);
        for at in by_rule.get(&(finding.rule, finding.location.path().to_owned())).into_iter().flatten() {
            let Some(active) = active.get_mut(*at).filter(|active| active.covers(&finding, line)) else { continue };
            active.used = true;
            reason.get_or_insert_with(|| active.reason.clone());
        }
        match reason {
            Some(reason) => applied.suppressed.push((finding, reason)),
            None => applied.kept.push(finding),
        }
    }
    applied.housekeeping.extend(active.iter().filter(|active| active.ran && !active.used).map(Active::unused));
    applied
}

/// One rule of a suppression that works.
struct Active {
    rule: &'static str,
    location: Location,
    reason: String,
    ran: bool,
    line: Option<usize>,
    policy: Option<(Location, String)>,
    used: bool,
}

impl Active {
    /// Whether `finding`, which starts on `line` and is of the same rule and file, is meant.
    fn covers(&self, finding: &Finding, line: usize) -> bool {
        let start = finding.location.span.start;
        let inside = |(place, _): &(Location, String)| (place.span.start..place.span.end).contains(&start);
        self.line == Some(line) || self.policy.as_ref().is_some_and(inside)
    }

    fn unused(&self) -> Finding {
        let message = format!("`{}` reports nothing here that this could suppress", self.rule);
        let mut finding = Finding::new(UNUSED, Level::Warning, self.location.clone(), message)
            .help("remove it; it would hide the next finding here, which nobody has looked at");
        finding.policy = self.policy.as_ref().map(|(_, name)| name.clone());
        finding
    }
}

type ByPath<'p> = HashMap<&'p str, Vec<&'p (Location, String)>>;

/// The policies of each file in the order of their places.
fn by_path(policies: &[(Location, String)]) -> ByPath<'_> {
    let mut by_path = ByPath::new();
    for policy in policies {
        by_path.entry(policy.0.path()).or_default().push(policy);
    }
    for policies in by_path.values_mut() {
        policies.sort_by_key(|(place, _)| place.span);
    }
    by_path
}

/// The policy whose head the suppression stands above.
fn policy_at<'p>(suppression: &Suppression, policies: &ByPath<'p>) -> Option<&'p (Location, String)> {
    let Reach::Code(at) = suppression.reach else { return None };
    let file = &suppression.location.file;
    let policies = policies.get(file.path())?;
    let behind = policies.partition_point(|(place, _)| place.span.start <= at);
    let nearest = policies.get(behind.checked_sub(1)?).copied();
    nearest.filter(|(place, _)| at < place.span.end).filter(|(place, _)| {
        let rest = file.slice(Span::new(at, place.span.end));
        let effect = ["permit", "forbid"].iter().find_map(|word| rest.strip_prefix(word));
        at == place.span.start || rest.starts_with('@') || effect.is_some_and(|rest| rest.trim_start().starts_with('('))
    })
}

type Prepared = (Vec<Active>, Vec<Finding>);

fn prepare(
    suppression: &Suppression,
    policy: Option<&(Location, String)>,
    rules: &[RuleState],
    today: Option<&str>,
) -> Result<Prepared, Box<Finding>> {
    let report = |rule, location: &Location, message: String, help: &str| {
        let mut finding = Finding::new(rule, Level::Warning, location.clone(), message).help(help);
        finding.policy = policy.map(|(_, name)| name.clone());
        finding
    };
    if let Some(fault) = &suppression.fault {
        let help = "it suppresses nothing until that is mended";
        return Err(Box::new(report(UNKNOWN, &suppression.location, fault.clone(), help)));
    }
    if let Some(date) = suppression.until.as_deref().filter(|date| today.is_some_and(|today| today > *date)) {
        let message = format!("this suppression ended on {date}");
        let help = "mend what it covers and remove it, or give a new date and the reason for it";
        return Err(Box::new(report(EXPIRED, &suppression.location, message, help)));
    }
    let line = match suppression.reach {
        Reach::Line(line) => Some(line),
        Reach::Code(at) => Some(suppression.location.file.line(at)),
        Reach::Nothing => None,
    };
    let mut prepared = Prepared::default();
    for (name, location) in &suppression.rules {
        match rules.iter().find(|rule| rule.id == name) {
            Some(rule) if rule.suppressible => prepared.0.push(Active {
                rule: rule.id,
                location: location.clone(),
                reason: suppression.reason.clone(),
                ran: rule.ran,
                line,
                policy: policy.cloned(),
                used: false,
            }),
            Some(rule) => {
                let message = format!("`{}` cannot be suppressed", rule.id);
                prepared.1.push(report(UNKNOWN, location, message, "mend what it reports, and remove this"));
            }
            None => {
                let help = match nearest(name, rules.iter().map(|rule| rule.id)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`polcheck rules` lists all rules".to_owned(),
                };
                prepared.1.push(report(UNKNOWN, location, format!("there is no rule `{}`", inline(name)), &help));
            }
        }
    }
    Ok(prepared)
}

#[cfg(test)]
#[path = "suppression_tests.rs"]
mod tests;
