//! Policies in Cedar's syntax: statement by statement where Cedar does not take the whole.

use std::collections::HashSet;
use std::hash::Hasher;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHasher;

use super::found::{Found, PolicyFile};
use crate::finding::{Finding, Level};
use crate::repo::cedar::{self, CedarFault, Parsed};
use crate::repo::model::Unfilled;
use crate::repo::parsed_texts::ParsedTexts;
use crate::repo::rules::{SYNTAX_ERROR, TOO_DEEP};
use crate::repo::slips;
use crate::repo::statements::{Statement, split, split_broken};
use crate::repo::templating::holes;
use crate::text::{Location, SourceFile, Span};

/// Deeper bracket nesting than this is not analysed.
const MAX_DEPTH: usize = 250;
/// More operators in one policy than this are not analysed.
const MAX_OPERATORS: usize = 50_000;
/// How many statements one parser call takes on average when a file has many, and at most.
const CHUNK: u64 = 32;
const MOST_OF_CHUNK: usize = 128;

/// Reads the policies of `file`; texts that are `known` are not parsed again.
pub(super) fn read(file: &Arc<SourceFile>, known: Option<&ParsedTexts>) -> PolicyFile {
    let text = file.parse_text();
    let statements = split(&text);
    let read = read_statements(file, &text, &statements, known);
    if !read.broken {
        return read;
    }
    let broken = split_broken(&text);
    if broken == statements {
        return read;
    }
    // Of two ways to take a broken text apart, the one with fewer mistakes is what its author meant, unless it costs a
    // policy that can be read.
    let again = read_statements(file, &text, &broken, known);
    let places: HashSet<Span> = again.policies.iter().map(|policy| policy.span).collect();
    let better =
        again.findings.len() <= read.findings.len() && read.policies.iter().all(|policy| places.contains(&policy.span));
    if again.broken && better { again } else { read }
}

fn read_statements(
    file: &Arc<SourceFile>,
    text: &str,
    statements: &[Statement],
    known: Option<&ParsedTexts>,
) -> PolicyFile {
    let chunks = chunks(text, statements);
    let parts: Vec<PolicyFile> = chunks
        .into_par_iter()
        .map(|(first, chunk)| {
            let texts = chunk.iter().map(|statement| of(text, statement));
            match known.and_then(|known| known.each(whole(text, chunk).1, texts)) {
                Some(each) => read_but(file, text, chunk, first, known, &each),
                None => read_chunk(file, text, chunk, first, known),
            }
        })
        .collect();
    let mut all = PolicyFile::default();
    parts.into_iter().for_each(|part| all.extend(part));
    all
}

/// The statements of `text`, so many together as one parser call takes, each time with the place of the first. What a
/// statement says decides whether it is the last of a chunk: so an added one moves no others to other chunks.
fn chunks<'s>(text: &str, statements: &'s [Statement]) -> Vec<(usize, &'s [Statement])> {
    let is_last = |statement: &Statement| {
        let mut hasher = FxHasher::default();
        hasher.write(of(text, statement).as_bytes());
        hasher.finish().is_multiple_of(CHUNK)
    };
    let mut found = Vec::new();
    let (mut rest, mut first) = (statements, 0);
    while !rest.is_empty() {
        let last = rest.iter().take(MOST_OF_CHUNK).position(is_last);
        let (chunk, left) = rest.split_at(last.map_or(MOST_OF_CHUNK.min(rest.len()), |last| last + 1));
        found.push((first, chunk));
        (rest, first) = (left, first + chunk.len());
    }
    found
}

/// Statements that stand one after the other, the first of them at `first` in its file, but for those that were parsed
/// before.
fn read_but(
    file: &Arc<SourceFile>,
    text: &str,
    chunk: &[Statement],
    first: usize,
    known: Option<&ParsedTexts>,
    each: &[Option<Parsed>],
) -> PolicyFile {
    let before = |at: usize, statement: &Statement| {
        let parsed = each.get(at)?.as_ref()?;
        // Its places count from where the text began that it was in.
        let base = statement.span.start.checked_sub(parsed.span.start)?;
        Some(Found { position: first + at, span: statement.span, ..found(parsed, first, base) })
    };
    let mut places: Vec<Option<Found>> =
        chunk.iter().enumerate().map(|(at, statement)| before(at, statement)).collect();
    let mut out = PolicyFile::default();
    let mut at = 0;
    for run in places.chunk_by_mut(|one, other| one.is_some() == other.is_some()) {
        let (length, statements) = (run.len(), chunk.get(at..at + run.len()).unwrap_or_default());
        match run {
            [None, ..] => out.extend(read_chunk(file, text, statements, first + at, known)),
            all => out.policies.extend(all.iter_mut().filter_map(Option::take)),
        }
        at += length;
    }
    out
}

/// The text of a statement.
fn of<'t>(text: &'t str, statement: &Statement) -> &'t str {
    text.get(statement.span.start..statement.span.end).unwrap_or_default()
}

/// All of the statements, from the first to the last, with what stands between them.
fn whole<'t>(text: &'t str, chunk: &[Statement]) -> (usize, &'t str) {
    let (Some(start), Some(end)) = (chunk.first(), chunk.last()) else { return (0, "") };
    (start.span.start, text.get(start.span.start..end.span.end).unwrap_or_default())
}

/// Statements that stand one after the other, the first of them at `first` in its file.
fn read_chunk(
    file: &Arc<SourceFile>,
    text: &str,
    chunk: &[Statement],
    first: usize,
    known: Option<&ParsedTexts>,
) -> PolicyFile {
    let mut out = PolicyFile::default();
    let bounded = chunk.iter().all(|statement| too_deep(statement).is_none() && holes(of(text, statement)).is_empty());
    let (start, written) = whole(text, chunk);
    let parsed = bounded.then(|| parse(written, known));
    match parsed {
        Some(Ok(parsed)) if parsed.len() == chunk.len() => {
            out.policies.extend(parsed.iter().map(|parsed| found(parsed, first, start)));
        }
        _ => {
            for (at, statement) in chunk.iter().enumerate() {
                read_statement(file, text, statement, first + at, known, &mut out);
            }
        }
    }
    out
}

/// The policies of `text`, which may be `known`.
fn parse(text: &str, known: Option<&ParsedTexts>) -> Result<Arc<[Parsed]>, Vec<CedarFault>> {
    match known {
        Some(known) => known.policies(text),
        None => cedar::parse(text).map(Arc::from),
    }
}

fn found(parsed: &Parsed, first: usize, base: usize) -> Found {
    Found {
        position: first + parsed.position,
        span: parsed.span.shifted(base),
        base,
        body: parsed.body.clone(),
        json_key: None,
    }
}

fn too_deep(statement: &Statement) -> Option<String> {
    if statement.depth > MAX_DEPTH {
        return Some(format!("brackets nest {} deep; more than {MAX_DEPTH} is not analysed", statement.depth));
    }
    (statement.operators > MAX_OPERATORS)
        .then(|| format!("{} operators in one policy; more than {MAX_OPERATORS} are not analysed", statement.operators))
}

fn read_statement(
    file: &Arc<SourceFile>,
    text: &str,
    statement: &Statement,
    position: usize,
    known: Option<&ParsedTexts>,
    out: &mut PolicyFile,
) {
    let base = statement.span.start;
    if let Some(why) = too_deep(statement) {
        out.broken = true;
        let head = Span::new(base, statement.span.end.min(first_line_end(text, base)));
        let finding = Finding::new(TOO_DEEP.id, Level::Error, Location::new(file, head), why);
        out.findings.push(finding.help("split the policy, or list values in a set and use `contains` or `in`"));
        return;
    }
    let written = of(text, statement);
    let holes = holes(written);
    if let Some(first) = holes.first() {
        out.broken = true;
        let location = Location::new(file, first.span.shifted(base));
        out.unfilled.push(Unfilled::new(location, holes.iter().map(|hole| hole.written.as_str())));
        return;
    }
    match parse(written, known) {
        Ok(parsed) => out.policies.extend(parsed.iter().map(|parsed| found(parsed, position, base))),
        Err(faults) => {
            out.broken = true;
            let faults = slips::explain(written, faults).into_iter();
            out.findings.extend(faults.map(|fault| syntax_error(file, text, fault, statement.span)));
        }
    }
}

fn first_line_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at)
}

fn syntax_error(file: &Arc<SourceFile>, text: &str, fault: CedarFault, statement: Span) -> Finding {
    // An error at the end of the input is shown at the last character, not past it.
    let span = fault.span.map_or(statement, |span| {
        let end = (statement.start + span.end).min(statement.end);
        let start = (statement.start + span.start).min(end);
        if start < end { Span::new(start, end) } else { last_character(text, statement, start) }
    });
    let mut finding = Finding::new(SYNTAX_ERROR.id, Level::Error, Location::new(file, span), fault.message);
    finding.subject = Some(Location::new(file, statement));
    finding.help = fault.help;
    finding
}

fn last_character(text: &str, statement: Span, at: usize) -> Span {
    let before = text.get(statement.start..at).unwrap_or_default();
    match before.char_indices().next_back() {
        Some((offset, c)) => Span::new(statement.start + offset, statement.start + offset + c.len_utf8()),
        None => Span::new(at, (at + 1).min(text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind: what was parsed before is taken for something else, or stands elsewhere than it does.
    #[test]
    fn what_is_read_again_is_what_is_read_at_first() {
        let policy = |at: usize| {
            let head = format!("@id(\"p{at}\")\npermit (principal == U::\"u{at}\", action, resource)");
            format!("// {at}\n{head}\nwhen {{ context.n > {at} && resource in F::\"f{}\" }};\n", at % 7)
        };
        let old: Vec<String> = (0..400).map(policy).collect();
        let with = |change: &dyn Fn(&mut Vec<String>)| {
            let mut all = old.clone();
            change(&mut all);
            all.concat()
        };
        let broken = "permit (principal, action, resource) when { ( };\n";
        let texts = [
            with(&|_| {}),
            with(&|all| all[200] = policy(1_000)),
            with(&|all| all.insert(0, policy(1_001))),
            with(&|all| all.insert(90, "// a comment alone\n\n\n".to_owned())),
            with(&|all| drop(all.remove(0))),
            with(&|all| all.reverse()),
            with(&|all| drop(all.drain(0..3))),
            with(&|all| all[17] = all[16].clone()),
            with(&|all| all[300] = broken.to_owned()),
            with(&|all| all[301] = all[301].replace(';', "")),
            with(&|all| all[5] = all[5].replace("permit", "forbid")),
            policy(3) + &policy(2),
            format!("{broken}{}", policy(399)),
        ];
        let known = ParsedTexts::default();
        for (number, text) in texts.iter().chain(&texts).enumerate() {
            let file = SourceFile::new("policies.cedar", text.clone());
            let (again, anew) = (read(&file, Some(&known.clone().read_again())), read(&file, None));
            let said = |one: &PolicyFile| -> Vec<String> {
                let policy = |one: &Found| format!("{} {:?} {:?}", one.position, one.span, one.body.syntax(one.base));
                one.policies.iter().map(policy).collect()
            };
            assert_eq!(said(&again), said(&anew), "{number}");
            assert_eq!(format!("{:?}", again.findings), format!("{:?}", anew.findings), "{number}");
            assert_eq!(again.broken, anew.broken, "{number}");
        }
    }
}
