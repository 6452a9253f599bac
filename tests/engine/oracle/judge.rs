//! The engine's answers held against the oracles, counted, and disagreements made small.

use std::collections::BTreeMap;
use std::fmt;

use polcheck::symbolic::{Answer, CompiledPolicies, Reason, Session};

use super::brute::{Explored, explore};
use super::compare::Second;
use super::generate::{Case, CaseSpec};
use super::queries::{KINDS, Query};
use super::replay::{Held, replay, sides_agree};
use super::symcc::{Symcc, Verdict};
use super::syntax::{Bin, Expr, Scope, boolean};

/// How to set up a session; the axioms of a mutation, for instance.
pub type Setup = dyn for<'a> Fn(Session<'a>) -> Session<'a> + Sync;

/// What the engine says, and what is wrong with it whatever the oracles say.
pub struct Said {
    pub verdict: Verdict,
    pub wrong: Option<String>,
}

/// The kind of a reason, for counting.
pub fn kind(reason: &Reason) -> String {
    match reason {
        Reason::SetAside { .. } => "set aside".into(),
        Reason::Budget { hard: Some(hard), .. } => format!("budget: {hard}"),
        Reason::Budget { hard: None, .. } => "budget".into(),
        Reason::Patterns { .. } => "patterns".into(),
        Reason::Replay { .. } => "replay".into(),
        #[allow(unreachable_patterns, reason = "reasons may be added")]
        other => format!("{other:?}").chars().take_while(|c| c.is_alphanumeric()).collect(),
    }
}

/// Asks the engine both ways and checks what can be checked without an oracle.
pub fn consult(session: &mut Session<'_>, held: &[Held<'_>], query: &Query) -> Said {
    let env = session.environment().clone();
    let (question, spelled) = (&query.question(), &query.spelled());
    let found = session.find(question);
    let (verdict, mut wrong) = match &found {
        Answer::Impossible => (Verdict::Holds, None),
        Answer::Witness(witness) => (Verdict::Fails, replay(held, &env, witness, spelled).err()),
        Answer::Unknown(reason) => {
            let wrong = matches!(reason, Reason::Replay { .. }).then(|| reason.to_string());
            (Verdict::Open(kind(reason)), wrong)
        }
    };
    let checked = match session.check(question) {
        Answer::Impossible => Verdict::Holds,
        Answer::Witness(sample) => {
            let mut silent = false;
            let answered = spelled.evaluate(
                &mut |policy| sample.matches(policy).unwrap_or_else(|| std::mem::replace(&mut silent, true)),
                &mut |policy| sample.errors(policy).unwrap_or(false),
            );
            let known = {
                let mut all = true;
                spelled
                    .policies(&mut |policy| all &= sample.matches(policy).is_some() && sample.errors(policy).is_some());
                all
            };
            if known && !answered {
                wrong = wrong.or_else(|| Some("the sample does not answer the question".into()));
            }
            Verdict::Fails
        }
        Answer::Unknown(reason) => Verdict::Open(kind(&reason)),
    };
    // One of the two may have given up: what the first has learnt helps the second.
    let given_up = matches!(verdict, Verdict::Open(_)) || matches!(checked, Verdict::Open(_));
    if !given_up && checked != verdict && wrong.is_none() {
        wrong = Some(format!("`find` says {verdict:?}, `check` says {checked:?}"));
    }
    Said { verdict, wrong }
}

/// What came out of many queries.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By kind of query: impossible, witness, unknown.
    pub kinds: BTreeMap<usize, [usize; 3]>,
    pub unknown: BTreeMap<String, usize>,
    /// What the answers were compared with.
    pub compared: BTreeMap<&'static str, usize>,
    pub disagreements: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, query: &Query, verdict: &Verdict) {
        let counts = self.kinds.entry(query.kind()).or_default();
        match verdict {
            Verdict::Holds => counts[0] += 1,
            Verdict::Fails => counts[1] += 1,
            Verdict::Open(why) => {
                counts[2] += 1;
                *self.unknown.entry(why.clone()).or_default() += 1;
            }
        }
    }

    pub fn merge(&mut self, other: Tally) {
        for (kind, counts) in other.kinds {
            let mine = self.kinds.entry(kind).or_default();
            mine.iter_mut().zip(counts).for_each(|(mine, other)| *mine += other);
        }
        for (why, count) in other.unknown {
            *self.unknown.entry(why).or_default() += count;
        }
        for (what, count) in other.compared {
            *self.compared.entry(what).or_default() += count;
        }
        self.disagreements.extend(other.disagreements);
    }

    pub fn total(&self) -> usize {
        self.kinds.values().flatten().sum()
    }

    pub fn unknowns(&self) -> usize {
        self.unknown.values().sum()
    }

    /// Fails with all disagreements, or with too many unknown answers.
    pub fn assert_sound(&self) {
        println!("{self}");
        let shown: Vec<_> = self.disagreements.iter().take(5).map(String::as_str).collect();
        assert!(
            self.disagreements.is_empty(),
            "{} disagreements\n{}",
            self.disagreements.len(),
            shown.join("\n=====\n")
        );
        assert!(self.unknowns() * 100 <= self.total(), "more than 1 % unknown: {:?}", self.unknown);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| query | holds | fails | unknown |\n|---|---|---|---|")?;
        for (kind, [holds, fails, unknown]) in &self.kinds {
            writeln!(f, "| {} | {holds} | {fails} | {unknown} |", KINDS[*kind])?;
        }
        writeln!(f, "\n{} queries; compared with: {}", self.total(), list(&self.compared))?;
        writeln!(f, "unknown: {} ({})", self.unknowns(), list(&self.unknown))?;
        write!(f, "disagreements: {}", self.disagreements.len())
    }
}

fn list<T: fmt::Display>(counts: &BTreeMap<T, usize>) -> String {
    counts.iter().map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>().join(", ")
}

/// A case with everything that answers for it, made when it is first needed.
pub struct Court<'a> {
    case: &'a Case,
    second: Second<'a>,
    explored: Option<Explored>,
    budget: usize,
}

impl<'a> Court<'a> {
    /// `budget` bounds the requests of the brute force.
    pub fn new(case: &'a Case, budget: usize) -> Self {
        Court { case, second: Second::new(case), explored: None, budget }
    }

    pub fn explored(&mut self) -> &Explored {
        let (case, budget) = (self.case, self.budget);
        self.explored.get_or_insert_with(|| explore(case, budget, case.spec.seed))
    }

    /// What an oracle knows, and which: cvc5 where there is one and it decides, else brute force.
    pub fn oracle(&mut self, symcc: Option<&mut Symcc>, query: &Query) -> (Verdict, &'static str) {
        if let Some(symcc) = symcc {
            let verdict = self.second.ask(symcc, query);
            if !matches!(verdict, Verdict::Open(_)) {
                return (verdict, "cvc5");
            }
        }
        let verdict = self.explored().ask(query);
        let by = if matches!(verdict, Verdict::Open(_)) { "nothing" } else { "brute force" };
        (verdict, by)
    }
}

pub fn held(case: &Case) -> Vec<Held<'_>> {
    case.sides.iter().map(|side| Held { schema: &side.schema, policies: &side.policies }).collect()
}

pub fn session<'a>(case: &Case, rules: &'a [CompiledPolicies], setup: &Setup) -> Session<'a> {
    setup(match rules {
        [one] => Session::new(one, &case.env),
        [old, new] => Session::pair(old, new, &case.env),
        _ => unreachable!("a case has one side or two"),
    })
}

/// The engine's answer to the query against the oracles; a disagreement in words, if there is one.
pub fn judge(
    session: &mut Session<'_>,
    court: &mut Court<'_>,
    symcc: Option<&mut Symcc>,
    query: &Query,
    tally: &mut Tally,
) -> Option<String> {
    let question = query.question();
    let case = court.case;
    let mut said = consult(session, &held(case), query);
    if let ([old, new], None, Verdict::Fails) = (case.spec.sides.as_slice(), &said.wrong, &said.verdict)
        && let Answer::Witness(witness) = session.find(&question)
        && let Err(why) = sides_agree([&old.schema, &new.schema], &witness, case.spec.env.1)
    {
        said.wrong = Some(why);
    }
    tally.add(query, &said.verdict);
    let (oracle, by) = match said.verdict {
        // Cedar itself has confirmed it.
        Verdict::Fails if said.wrong.is_none() && by_chance(query, case) => (Verdict::Fails, "replay"),
        _ => court.oracle(symcc, query),
    };
    *tally.compared.entry(by).or_default() += 1;
    let differs =
        matches!((&said.verdict, &oracle), (Verdict::Holds, Verdict::Fails) | (Verdict::Fails, Verdict::Holds));
    if said.wrong.is_none() && !differs {
        return None;
    }
    let example = match oracle {
        Verdict::Fails => court.explored().example(query).map(str::to_owned),
        _ => None,
    };
    Some(format!(
        "{} {query:?}\nengine: {:?}{}\n{by}: {oracle:?}\n{}{}",
        KINDS[query.kind()],
        said.verdict,
        said.wrong.map_or_else(String::new, |wrong| format!(" ({wrong})")),
        case.spec.text(),
        example.map_or_else(String::new, |example| format!("example:\n{example}\n")),
    ))
}

/// Most replayed witnesses are put to the oracle too: one in three is not.
fn by_chance(query: &Query, case: &Case) -> bool {
    (case.spec.seed as usize + query.kind() + query.policies().len()).is_multiple_of(3)
}

/// Whether the engine is still wrong about the case, and how.
fn still(spec: &CaseSpec, query: &Query, setup: &Setup, symcc: Option<&mut Symcc>) -> Option<String> {
    let case = spec.build().ok()?;
    let rules: Vec<CompiledPolicies> = case.sides.iter().map(super::generate::Side::rules).collect();
    let mut session = session(&case, &rules, setup);
    judge(&mut session, &mut Court::new(&case, 300), symcc, query, &mut Tally::default())
}

/// Fewer and smaller parts, as long as the disagreement stays. `attempts` bounds the work.
pub fn shrink(
    spec: &CaseSpec,
    query: &Query,
    setup: &Setup,
    mut symcc: Option<&mut Symcc>,
    attempts: usize,
) -> Option<String> {
    let mut best = spec.clone();
    let mut text = still(&best, query, setup, symcc.as_deref_mut())?;
    let mut left = attempts;
    let mut progress = true;
    while progress {
        progress = false;
        for smaller in smaller(&best, query) {
            if left == 0 {
                return Some(text);
            }
            left -= 1;
            if let Some(shorter) = still(&smaller, query, setup, symcc.as_deref_mut()) {
                (best, text, progress) = (smaller, shorter, true);
                break;
            }
        }
    }
    Some(text)
}

fn smaller(spec: &CaseSpec, query: &Query) -> Vec<CaseSpec> {
    let mut all = Vec::new();
    let asked = query.policies();
    for (side, part) in spec.sides.iter().enumerate() {
        for (index, policy) in part.policies.iter().enumerate() {
            let at = polcheck::symbolic::PolicyRef { side, index };
            let mut with = |change: &dyn Fn(&mut super::syntax::PolicySpec)| {
                let mut next = spec.clone();
                change(&mut next.sides[side].policies[index]);
                if next.sides[side].policies[index] != *policy {
                    all.push(next);
                }
            };
            with(&|policy| policy.conditions.clear());
            if !asked.contains(&at) {
                with(&|policy| {
                    policy.conditions.clear();
                    (policy.principal, policy.resource, policy.link) = (Scope::Any, Scope::Any, None);
                });
                continue;
            }
            if !policy.is_template() {
                with(&|policy| policy.principal = Scope::Any);
                with(&|policy| policy.resource = Scope::Any);
            }
            for number in 0..policy.conditions.len() {
                with(&|policy| {
                    policy.conditions.remove(number);
                });
                let mut parts = 0;
                policy.conditions[number].1.visit(&mut |_| parts += 1);
                for part in 0..parts {
                    for way in 0..5 {
                        with(&|policy| {
                            let mut seen = 0;
                            policy.conditions[number].1.visit_mut(&mut |expr| {
                                if seen == part {
                                    reduce(expr, way);
                                }
                                seen += 1;
                            });
                        });
                    }
                }
            }
        }
        for entity in 0..part.schema.entities.len() {
            for attribute in 0..part.schema.entities[entity].attrs.len() {
                let name = &part.schema.entities[entity].attrs[attribute].name;
                let mut next = spec.clone();
                for side in &mut next.sides {
                    side.schema.entities[entity].attrs.retain(|field| field.name != *name);
                }
                all.push(next);
            }
        }
        for attribute in &part.schema.actions[spec.env.1].context {
            let mut next = spec.clone();
            for side in &mut next.sides {
                side.schema.actions[spec.env.1].context.retain(|field| field.name != attribute.name);
            }
            all.push(next);
        }
    }
    all
}

fn reduce(expr: &mut Expr, way: usize) {
    let boolean_valued = matches!(
        expr,
        Expr::Bin(Bin::And | Bin::Or | Bin::Eq | Bin::Ne | Bin::Lt | Bin::Le | Bin::Gt | Bin::Ge | Bin::In, ..)
            | Expr::Not(_)
            | Expr::Has(..)
            | Expr::Like(..)
            | Expr::Is(..)
            | Expr::IsIn(..)
    );
    match way {
        0 if boolean_valued => *expr = boolean(true),
        1 if boolean_valued => *expr = boolean(false),
        2..=4 => {
            if let Some(child) = expr.children().get(way - 2) {
                *expr = (*child).clone();
            }
        }
        _ => {}
    }
}
