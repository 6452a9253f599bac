//! Applies suppressions to findings, and says which of them do not work.

use std::collections::{BTreeSet, HashMap};

use super::removed::{without_comment, without_name};
use super::rules::{EXPIRED_SUPPRESSION, SUPPRESSION_WITHOUT_REASON, UNKNOWN_RULE, UNUSED_SUPPRESSION};
use super::scan::{Fault, Reach, Suppression};
use crate::finding::{Finding, Level};
use crate::text::{Location, Span, inline, nearest};

/// What suppressions need to know of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleState {
    /// Its id.
    pub(super) id: &'static str,
    /// Whether its findings can be suppressed.
    pub(super) suppressible: bool,
    /// Whether it ran; a suppression of a rule that did not is not called unused.
    pub(super) ran: bool,
}

/// What is left when suppressions have been applied.
#[derive(Debug, Clone, Default)]
pub(super) struct Applied {
    /// Findings that are not suppressed.
    pub(super) kept: Vec<Finding>,
    /// Those that are, each with the reason given.
    pub(super) suppressed: Vec<(Finding, String)>,
    /// What is wrong with the suppressions.
    pub(super) housekeeping: Vec<Finding>,
}

/// Applies `suppressions` to `findings`. `policies` gives the place and full name of every policy, `rules`
/// all rules, `today` the day as `YYYY-MM-DD` (without it no date has passed).
///
/// A suppression that is badly written, gives no reason, has expired, or names a rule that does not exist or cannot be
/// suppressed does not work there and is reported; so is a rule that it names and that ran, but has no finding there.
/// The reports have the default level of their rules and cannot themselves be suppressed.
pub(super) fn apply(
    findings: Vec<Finding>,
    policies: &[(Location, String)],
    suppressions: &[Suppression],
    rules: &[RuleState],
    today: Option<&str>,
) -> Applied {
    let mut applied = Applied::default();
    let policies = Policies::new(policies);
    let mut active = Vec::new();
    for (number, suppression) in suppressions.iter().enumerate() {
        let policy = policies.headed(suppression);
        match prepare((number, suppression), policy, rules, today) {
            Ok((ready, faults)) => {
                active.extend(ready);
                applied.housekeeping.extend(faults);
            }
            Err(fault) => applied.housekeeping.push(*fault),
        }
    }
    let mut by_place: HashMap<Place<'_>, Vec<usize>> = HashMap::new();
    for (at, active) in active.iter().enumerate() {
        for place in active.places() {
            by_place.entry(place).or_default().push(at);
        }
    }
    let mut used = vec![false; active.len()];
    for finding in findings {
        let mut reason = None;
        for at in places(&finding, &policies).iter().filter_map(|place| by_place.get(place)).flatten() {
            if let Some(used) = used.get_mut(*at) {
                *used = true;
            }
            reason = reason.or_else(|| active.get(*at).map(|active| active.reason.clone()));
        }
        match reason {
            Some(reason) => applied.suppressed.push((finding, reason)),
            None => applied.kept.push(finding),
        }
    }
    let idle = active.iter().zip(used).filter(|(active, used)| active.ran && !used);
    let idle: Vec<&Active<'_>> = idle.map(|(active, _)| active).collect();
    let gone: BTreeSet<(usize, usize)> = idle.iter().map(|active| active.named).collect();
    applied.housekeeping.extend(idle.into_iter().map(|active| {
        let (of, name) = active.named;
        let fix =
            suppressions.get(of).and_then(|of_it| without_name(of_it, name, &|other| gone.contains(&(of, other))));
        active.unused().fix(fix)
    }));
    applied
}

/// What a suppression covers of one rule in one text.
type Place<'a> = (&'a str, (&'a str, usize), Covered);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Covered {
    /// Findings that start on this line.
    Line(usize),
    /// Findings in the policy that starts at this offset.
    Policy(usize),
}

/// The places under which `finding` may be covered.
fn places<'a>(finding: &'a Finding, policies: &Policies<'_>) -> Vec<Place<'a>> {
    let at = &finding.location;
    let policy = policies.at(at, at.span.start).map(|(place, _)| Covered::Policy(place.span.start));
    let covered = [Some(Covered::Line(at.file.line(at.span.start))), policy];
    covered.into_iter().flatten().map(|covered| (finding.rule, at.text_key(), covered)).collect()
}

/// One rule of a suppression that works.
struct Active<'p> {
    rule: &'static str,
    /// Its suppression, and which of the names there it is.
    named: (usize, usize),
    location: Location,
    reason: String,
    ran: bool,
    line: Option<usize>,
    policy: Option<&'p (Location, String)>,
}

impl Active<'_> {
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let policy = self.policy.map(|(place, _)| Covered::Policy(place.span.start));
        let covered = [self.line.map(Covered::Line), policy];
        covered.into_iter().flatten().map(|covered| (self.rule, self.location.text_key(), covered))
    }

    fn unused(&self) -> Finding {
        let message = format!("`{}` reports nothing here that this could suppress", self.rule);
        let mut finding = Finding::new(UNUSED_SUPPRESSION.id, Level::Warning, self.location.clone(), message)
            .help("remove it; it would hide the next finding here, which nobody has looked at");
        finding.policy = self.policy.map(|(_, name)| name.clone());
        finding
    }
}

/// The policies of each text, in order.
struct Policies<'p>(HashMap<(&'p str, usize), Vec<&'p (Location, String)>>);

impl<'p> Policies<'p> {
    fn new(policies: &'p [(Location, String)]) -> Self {
        let mut files: HashMap<(&str, usize), Vec<_>> = HashMap::new();
        for policy in policies {
            files.entry(policy.0.text_key()).or_default().push(policy);
        }
        for policies in files.values_mut() {
            policies.sort_by_key(|(place, _)| place.span);
        }
        Self(files)
    }

    /// The policy of the text of `place` that holds its `offset`.
    fn at(&self, place: &Location, offset: usize) -> Option<&'p (Location, String)> {
        let policies = self.0.get(&place.text_key())?;
        let after = policies.partition_point(|(place, _)| place.span.start <= offset);
        policies.get(after.checked_sub(1)?).copied().filter(|(place, _)| offset < place.span.end)
    }

    /// The policy above whose head, or in whose head, the suppression stands.
    fn headed(&self, suppression: &Suppression) -> Option<&'p (Location, String)> {
        let Reach::Code(at) = suppression.reach else { return None };
        let file = &suppression.location.file;
        self.at(&suppression.location, at).filter(|(place, _)| {
            let rest = file.slice(Span::new(at, place.span.end));
            let effect = ["permit", "forbid"].iter().find_map(|word| rest.strip_prefix(word));
            let opens = |rest: &str| rest.trim_start().starts_with('(');
            at == place.span.start || rest.starts_with('@') || effect.is_some_and(opens)
        })
    }
}

type Prepared<'p> = (Vec<Active<'p>>, Vec<Finding>);

fn prepare<'p>(
    (number, suppression): (usize, &Suppression),
    policy: Option<&'p (Location, String)>,
    rules: &[RuleState],
    today: Option<&str>,
) -> Result<Prepared<'p>, Box<Finding>> {
    let report = |rule, location: &Location, message: String, help: &str| {
        let mut finding = Finding::new(rule, Level::Warning, location.clone(), message).help(help);
        finding.policy = policy.map(|(_, name)| name.clone());
        finding
    };
    let mend = "it suppresses nothing until that is mended";
    match &suppression.fault {
        None => {}
        Some(Fault::Form(fault)) => {
            return Err(Box::new(report(UNKNOWN_RULE.id, &suppression.location, fault.clone(), mend)));
        }
        Some(Fault::NoReason) => {
            let message = "this suppression gives no reason".to_owned();
            return Err(Box::new(report(SUPPRESSION_WITHOUT_REASON.id, &suppression.location, message, mend)));
        }
    }
    if let Some(date) = suppression.until.as_deref().filter(|date| today.is_some_and(|today| today > *date)) {
        let message = format!("this suppression ended on {date}");
        let help = "mend what it covers and remove it, or give a new date and the reason for it";
        let finding = report(EXPIRED_SUPPRESSION.id, &suppression.location, message, help);
        return Err(Box::new(finding.fix(Some(without_comment(suppression)))));
    }
    let line = match suppression.reach {
        Reach::Line(line) => Some(line),
        Reach::Code(at) => Some(suppression.location.file.line(at)),
        Reach::Nothing => None,
    };
    let mut prepared = Prepared::default();
    for (at, (name, location)) in suppression.rules.iter().enumerate() {
        match rules.iter().find(|rule| rule.id == name) {
            Some(rule) if rule.suppressible => prepared.0.push(Active {
                rule: rule.id,
                named: (number, at),
                location: location.clone(),
                reason: suppression.reason.clone(),
                ran: rule.ran,
                line,
                policy,
            }),
            Some(rule) => {
                let message = format!("`{}` cannot be suppressed", rule.id);
                prepared.1.push(report(UNKNOWN_RULE.id, location, message, "mend what it reports, and remove this"));
            }
            None => {
                let help = match nearest(name, rules.iter().map(|rule| rule.id)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`polcheck rules` lists all rules".to_owned(),
                };
                prepared.1.push(report(
                    UNKNOWN_RULE.id,
                    location,
                    format!("there is no rule `{}`", inline(name)),
                    &help,
                ));
            }
        }
    }
    Ok(prepared)
}
