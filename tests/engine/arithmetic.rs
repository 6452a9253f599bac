//! Arithmetic against Cedar's evaluator, at the ends of the numbers and between them, and against cvc5 where it
//! decides.
//!
//! `POLCHECK_ARITHMETIC` is the number of pairs of policies, `POLCHECK_SEED` the first seed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression, Schema,
};
use polcheck::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, Reason, SchemaModel, Session, Subject};

use crate::common::rng::Rng;
use crate::oracle::queries::Query;
use crate::oracle::symcc::{Model, Symcc, Verdict, command};

const SCHEMA: &str = "entity User; action view appliesTo { principal: User, resource: User,
    context: { a: Long, b: Long, n: Long, s: datetime, t: datetime, d: duration, e: duration } };";

/// The unknowns, and of which type each is.
const NUMBERS: [&str; 3] = ["a", "b", "n"];
const DATES: [&str; 2] = ["s", "t"];
const DURATIONS: [&str; 2] = ["d", "e"];

const DAY: i64 = 86_400_000;

const EDGES: [i64; 26] = [
    i64::MIN,
    i64::MIN + 1,
    i64::MIN + DAY,
    i64::MAX,
    i64::MAX - 1,
    i64::MAX / 2,
    i64::MIN / 2,
    0,
    1,
    -1,
    2,
    -2,
    3,
    7,
    -7,
    60,
    999,
    1000,
    -1000,
    3_037_000_499,
    3_037_000_500,
    -3_037_000_500,
    DAY,
    DAY - 1,
    -DAY,
    1 << 32,
];

/// A constant: one of the edges, something near one, or anything.
fn constant(rng: &mut Rng) -> i64 {
    match rng.below(8) {
        0..5 => *rng.pick(&EDGES),
        5 => rng.pick(&EDGES).wrapping_add(rng.below(5) as i64 - 2),
        6 => rng.below(2_000) as i64 - 1_000,
        _ => rng.next() as i64 >> rng.below(64),
    }
}

/// One that may stand in a policy: the least number is an operation there.
fn written(rng: &mut Rng) -> i64 {
    let drawn = constant(rng);
    if rng.percent(60) { drawn % 5_000 } else { drawn.max(i64::MIN + 1) }
}

/// A date so many milliseconds from 1970, as policies write it.
fn date(milliseconds: i64) -> String {
    format!("datetime(\"1970-01-01\").offset(duration(\"{milliseconds}ms\"))")
}

fn number(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.percent(20) {
        return if rng.percent(65) { format!("context.{}", rng.pick(&NUMBERS)) } else { format!("({})", written(rng)) };
    }
    let mut inner = || number(rng, depth - 1);
    match (inner(), inner(), rng.below(9)) {
        (a, b, 0..=1) => format!("({a} + {b})"),
        (a, b, 2..=3) => format!("({a} - {b})"),
        (a, _, 4) => format!("(-{a})"),
        (a, _, 5) => format!("({a} * ({}))", written(rng)),
        (a, b, 6) if rng.percent(30) => format!("({a} * {b})"),
        (a, b, 7) if rng.percent(30) => format!("(if {a} < {b} then {a} else {b})"),
        (a, b, _) => {
            let unit = rng.pick(&["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"]);
            match rng.below(3) {
                0 => format!("{}.{unit}()", duration(rng, depth - 1)),
                1 => a,
                _ => format!("({a} + {b})"),
            }
        }
    }
}

fn instant(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.percent(30) {
        return if rng.percent(70) { format!("context.{}", rng.pick(&DATES)) } else { date(written(rng)) };
    }
    let inner = instant(rng, depth - 1);
    if rng.percent(50) { format!("{inner}.toDate()") } else { format!("{inner}.offset({})", duration(rng, depth - 1)) }
}

fn duration(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.percent(30) {
        return match rng.percent(60) {
            true => format!("context.{}", rng.pick(&DURATIONS)),
            false => format!("duration(\"{}ms\")", written(rng)),
        };
    }
    let inner = instant(rng, depth - 1);
    if rng.percent(50) {
        format!("{inner}.toTime()")
    } else {
        format!("{inner}.durationSince({})", instant(rng, depth - 1))
    }
}

fn comparison(rng: &mut Rng) -> String {
    let operator = *rng.pick(&["<", "<=", ">", ">=", "==", "!="]);
    let depth = 1 + rng.below(2);
    let (a, b) = match rng.below(4) {
        0..=1 => (number(rng, depth), number(rng, depth - 1)),
        2 => (instant(rng, depth), instant(rng, depth - 1)),
        _ => (duration(rng, depth), duration(rng, depth - 1)),
    };
    format!("{a} {operator} {b}")
}

fn condition(rng: &mut Rng) -> String {
    let parts: Vec<String> = (0..1 + rng.below(3)).map(|_| comparison(rng)).collect();
    let join = *rng.pick(&[" && ", " && ", " || "]);
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| if rng.percent(20) { format!("!({part})") } else { format!("({part})") })
        .collect();
    parts.join(join)
}

/// A condition that says nearly the same: sides moved, bounds by one more, operators turned.
fn changed(rng: &mut Rng, condition: &str) -> String {
    let swaps = [
        (" < ", " <= "),
        (" <= ", " < "),
        (" > ", " >= "),
        (" == ", " <= "),
        (" + ", " - "),
        ("context.a", "context.b"),
        (".toDate()", ".toDate().toDate()"),
        (".toTime()", ".toTime()"),
        ("toSeconds", "toMinutes"),
        (" && ", " || "),
    ];
    let (from, to) = *rng.pick(&swaps);
    match rng.below(4) {
        0 => condition.to_owned(),
        1 => format!("({condition}) && ({})", comparison(rng)),
        2 => format!("!(!({condition}))"),
        _ => condition.replacen(from, to, 1),
    }
}

/// A request's numbers.
fn sample(rng: &mut Rng) -> Vec<(&'static str, i64)> {
    let mut values: Vec<(&'static str, i64)> = Vec::new();
    for name in NUMBERS.iter().chain(&DATES).chain(&DURATIONS) {
        let near = values.last().map(|(_, value)| value.wrapping_add(rng.below(7) as i64 - 3));
        let value = near.filter(|_| rng.percent(35)).unwrap_or_else(|| constant(rng));
        values.push((name, value));
    }
    values
}

fn request(values: &[(&'static str, i64)], schema: &Schema) -> Option<Request> {
    let user: EntityUid = "User::\"u\"".parse().unwrap();
    let value = |(name, value): &(&'static str, i64)| {
        let text = match name {
            name if DATES.contains(name) => date(*value),
            name if DURATIONS.contains(name) => format!("duration(\"{value}ms\")"),
            _ => return Some(((*name).to_owned(), RestrictedExpression::new_long(*value))),
        };
        Some(((*name).to_owned(), RestrictedExpression::from_str(&text).ok()?))
    };
    let context = Context::from_pairs(values.iter().map(value).collect::<Option<Vec<_>>>()?).ok()?;
    Request::new(user.clone(), "Action::\"view\"".parse().unwrap(), user, context, Some(schema)).ok()
}

fn at(index: usize) -> PolicyRef {
    PolicyRef { side: 0, index }
}

fn questions() -> Vec<Formula> {
    let (p, q) = (Formula::Matches(at(0)), Formula::Matches(at(1)));
    let (e, f) = (Formula::Errors(at(0)), Formula::Errors(at(1)));
    vec![
        p.clone(),
        !p.clone(),
        e.clone(),
        p.clone().and(!q.clone()),
        q.clone().and(!p.clone()),
        p.and(q),
        e.clone().and(!f.clone()),
        (!e).and(f),
    ]
}

/// What the two policies do with a request: whether each matches, and whether it errs.
type Outcome = [(bool, bool); 2];

#[derive(Default)]
struct Tally {
    impossible: AtomicUsize,
    found: AtomicUsize,
    open: AtomicUsize,
    compared: AtomicUsize,
}

fn judge(
    seed: u64,
    schema: &SchemaModel,
    rules: &CompiledPolicies,
    sets: &[PolicySet; 2],
    text: &str,
    tally: &Tally,
) -> Vec<(Formula, bool)> {
    let mut rng = Rng::new(seed ^ 0x5EED);
    let entities = Entities::empty();
    let decide = |request: &Request| -> Outcome {
        [0, 1].map(|index| {
            let response = Authorizer::new().is_authorized(request, &sets[index], &entities);
            (response.decision() == Decision::Allow, response.diagnostics().errors().next().is_some())
        })
    };
    let requests: Vec<Request> = (0..150).filter_map(|_| request(&sample(&mut rng), schema.schema())).collect();
    assert!(requests.len() > 50, "requests are made");
    let outcomes: Vec<Outcome> = requests.iter().map(decide).collect();
    let mut session = Session::new(rules, &schema.environments()[0]);
    let mut answers = Vec::new();
    for question in questions() {
        match session.find(&question) {
            Answer::Impossible => {
                for (outcome, request) in outcomes.iter().zip(&requests) {
                    let holds = question.evaluate(&mut |p| outcome[p.index].0, &mut |p| outcome[p.index].1);
                    assert!(
                        !holds,
                        "seed {seed}: said to be impossible: {question:?}\n{text}\n{:?}",
                        request.context()
                    );
                }
                tally.impossible.fetch_add(1, Ordering::Relaxed);
                answers.push((question, false));
            }
            Answer::Witness(_) => {
                tally.found.fetch_add(1, Ordering::Relaxed);
                answers.push((question, true));
            }
            Answer::Unknown(Reason::Budget { .. }) => _ = tally.open.fetch_add(1, Ordering::Relaxed),
            Answer::Unknown(reason) => panic!("seed {seed}: {reason}: {question:?}\n{text}"),
        }
    }
    answers
}

#[test]
fn arithmetic_is_answered_as_the_evaluator_and_cvc5_have_it() {
    let setting =
        |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (pairs, first) = (setting("POLCHECK_ARITHMETIC", 600), setting("POLCHECK_SEED", 7_000_000));
    let schema = SchemaModel::new(&Schema::from_cedarschema_str(SCHEMA).unwrap().0).unwrap();
    let (tally, next) = (Tally::default(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut symcc = command().map(|command| Symcc::new(command, Duration::from_millis(1_500)));
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pairs {
                        return;
                    }
                    let seed = first + number;
                    let mut rng = Rng::new(seed);
                    let one = condition(&mut rng);
                    let texts = [one.clone(), changed(&mut rng, &one)]
                        .map(|condition| format!("permit(principal, action, resource) when {{ {condition} }};"));
                    let sets = texts.each_ref().map(|text| text.parse::<PolicySet>().unwrap());
                    let policy = |set: &PolicySet| set.policies().next().unwrap().clone();
                    let subjects = sets.iter().map(|set| Subject::policy(&policy(set))).collect();
                    let rules = CompiledPolicies::new(schema.clone(), subjects);
                    let text = texts.join("\n");
                    let answers = judge(seed, &schema, &rules, &sets, &text, &tally);
                    let Some(symcc) = symcc.as_mut().filter(|_| number % 12 == 0) else { continue };
                    let policies: BTreeMap<_, _> = [0, 1].map(|index| (at(index), policy(&sets[index]))).into();
                    let mut model = Model::new(schema.schema(), &schema.environments()[0], policies);
                    for (question, possible) in answers {
                        let verdict = symcc.ask(&mut model, &Query::Nothing(question.clone()));
                        if let Verdict::Holds | Verdict::Fails = verdict {
                            tally.compared.fetch_add(1, Ordering::Relaxed);
                            assert_eq!(
                                verdict == Verdict::Fails,
                                possible,
                                "seed {seed}: cvc5 differs: {question:?}\n{text}"
                            );
                        }
                    }
                }
            });
        }
    });
    let [impossible, found, open, compared] =
        [&tally.impossible, &tally.found, &tally.open, &tally.compared].map(|count| count.load(Ordering::Relaxed));
    println!("{impossible} impossible, {found} found, {open} open, {compared} compared with cvc5");
    assert!(impossible > 0 && found > 0 && open * 20 < impossible + found, "{open} of {} open", impossible + found);
}
