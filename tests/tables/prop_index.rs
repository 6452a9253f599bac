//! `decide::ScopedAuthorizer` answers as `cedar_policy::Authorizer` over the whole set: decision, determining policies,
//! errors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use std::collections::{BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Request, Response,
    RestrictedExpression, SlotId, Template,
};
use polcheck::decide::ScopedAuthorizer;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

const TYPES: [&str; 3] = ["A", "B", "N::C"];
const IDS: [&str; 4] = ["0", "1", "a b", "\\\"q\\\""];
/// The last two are groups of the others.
const ACTIONS: usize = 6;

const CONDITIONS: [&str; 16] = [
    "",
    "",
    "",
    "when { true }",
    "when { false }",
    "unless { false }",
    "when { context.n == 1 }",
    "when { principal.n < 2 }",
    "when { resource has n && resource.n == 1 }",
    "when { principal.missing }",
    "when { context.n + 9223372036854775807 > 0 }",
    "when { 1 }",
    "when { resource.n.contains(1) }",
    "when { principal in A::\"0\" }",
    "unless { resource in N::C::\"1\" }",
    "when { if context.flag then true else context.missing }",
];

/// An entity of the universe by type and id.
type Uid = (usize, usize);

fn uid((ty, id): Uid) -> String {
    format!("{}::\"{}\"", TYPES[ty], IDS[id])
}

fn action(number: usize) -> String {
    format!("Action::\"a{number}\"")
}

fn parse(text: &str) -> EntityUid {
    text.parse().unwrap()
}

/// How a scope constrains the principal or the resource; `None` is a slot.
#[derive(Debug, Clone)]
enum Scope {
    Any,
    Eq(Option<Uid>),
    In(Option<Uid>),
    Is(usize),
    IsIn(usize, Option<Uid>),
}

impl Scope {
    fn slot(&self) -> bool {
        matches!(self, Self::Eq(None) | Self::In(None) | Self::IsIn(_, None))
    }

    fn text(&self, variable: &str) -> String {
        let target = |target: &Option<Uid>| target.map_or_else(|| format!("?{variable}"), uid);
        match self {
            Self::Any => variable.to_owned(),
            Self::Eq(to) => format!("{variable} == {}", target(to)),
            Self::In(to) => format!("{variable} in {}", target(to)),
            Self::Is(ty) => format!("{variable} is {}", TYPES[*ty]),
            Self::IsIn(ty, to) => format!("{variable} is {} in {}", TYPES[*ty], target(to)),
        }
    }
}

#[derive(Debug, Clone)]
enum Acts {
    Any,
    Eq(usize),
    In(usize),
    List(Vec<usize>),
}

impl Acts {
    fn text(&self) -> String {
        match self {
            Self::Any => "action".to_owned(),
            Self::Eq(one) => format!("action == {}", action(*one)),
            Self::In(one) => format!("action in {}", action(*one)),
            Self::List(all) => {
                let all: Vec<_> = all.iter().map(|one| action(*one)).collect();
                format!("action in [{}]", all.join(", "))
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Rule {
    permit: bool,
    principal: Scope,
    action: Acts,
    resource: Scope,
    condition: usize,
    /// Slot values; a template is linked once for each.
    links: Vec<(Uid, Uid)>,
}

/// An entity of the store: number `n`, an attribute of another type, or none; and parents.
#[derive(Debug, Clone)]
struct Stored {
    present: bool,
    n: u8,
    parents: Vec<Uid>,
}

#[derive(Debug, Clone)]
struct Ask {
    principal: Uid,
    action: usize,
    resource: Uid,
    n: i64,
    flag: bool,
}

#[derive(Debug, Clone)]
struct World {
    rules: Vec<Rule>,
    entities: Vec<Stored>,
    /// Whether actions are in the store, with their groups.
    actions: bool,
    asks: Vec<Ask>,
}

fn any_uid() -> impl Strategy<Value = Uid> + Clone {
    (0..TYPES.len(), 0..IDS.len())
}

fn scope() -> impl Strategy<Value = Scope> {
    let target = || prop_oneof![2 => any_uid().prop_map(Some), 1 => Just(None)];
    prop_oneof![
        4 => Just(Scope::Any),
        1 => target().prop_map(Scope::Eq),
        3 => target().prop_map(Scope::In),
        2 => (0..TYPES.len()).prop_map(Scope::Is),
        2 => ((0..TYPES.len()), target()).prop_map(|(ty, to)| Scope::IsIn(ty, to)),
    ]
}

fn acts() -> impl Strategy<Value = Acts> {
    prop_oneof![
        2 => Just(Acts::Any),
        2 => (0..ACTIONS).prop_map(Acts::Eq),
        2 => (0..ACTIONS).prop_map(Acts::In),
        2 => prop::collection::vec(0..ACTIONS, 0..4).prop_map(Acts::List),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let links = prop::collection::vec((any_uid(), any_uid()), 0..5);
    (prop::bool::weighted(0.7), scope(), acts(), scope(), 0..CONDITIONS.len(), links).prop_map(
        |(permit, principal, action, resource, condition, links)| Rule {
            permit,
            principal,
            action,
            resource,
            condition,
            links,
        },
    )
}

fn stored() -> impl Strategy<Value = Stored> {
    (prop::bool::weighted(0.8), 0..5_u8, prop::collection::vec(any_uid(), 0..3))
        .prop_map(|(present, n, parents)| Stored { present, n, parents })
}

fn ask() -> impl Strategy<Value = Ask> {
    (any_uid(), 0..ACTIONS, any_uid(), 0..3_i64, any::<bool>()).prop_map(|(principal, action, resource, n, flag)| Ask {
        principal,
        action,
        resource,
        n,
        flag,
    })
}

fn world() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(rule(), 0..32),
        prop::collection::vec(stored(), TYPES.len() * IDS.len()),
        prop::bool::weighted(0.9),
        prop::collection::vec(ask(), 1..8),
    )
        .prop_map(|(rules, entities, actions, asks)| World { rules, entities, actions, asks })
}

impl World {
    /// At most 40 static policies and links.
    fn policies(&self) -> PolicySet {
        let mut set = PolicySet::new();
        let mut count = 0;
        for (at, rule) in self.rules.iter().enumerate() {
            let text = format!(
                "{}({}, {}, {}) {};",
                if rule.permit { "permit" } else { "forbid" },
                rule.principal.text("principal"),
                rule.action.text(),
                rule.resource.text("resource"),
                CONDITIONS[rule.condition]
            );
            let id = PolicyId::new(format!("p{at}"));
            if !rule.principal.slot() && !rule.resource.slot() {
                if count < 40 {
                    set.add(Policy::parse(Some(id), text).unwrap()).unwrap();
                    count += 1;
                }
                continue;
            }
            set.add_template(Template::parse(Some(id.clone()), text).unwrap()).unwrap();
            for (number, (principal, resource)) in rule.links.iter().enumerate() {
                let mut values = HashMap::new();
                if rule.principal.slot() {
                    values.insert(SlotId::principal(), parse(&uid(*principal)));
                }
                if rule.resource.slot() {
                    values.insert(SlotId::resource(), parse(&uid(*resource)));
                }
                if count < 40 {
                    set.link(id.clone(), PolicyId::new(format!("l{at}.{number}")), values).unwrap();
                    count += 1;
                }
            }
        }
        set
    }

    fn entities(&self) -> Entities {
        let number = |(ty, id): Uid| ty * IDS.len() + id;
        let mut all = Vec::new();
        for ty in 0..TYPES.len() {
            for id in 0..IDS.len() {
                let stored = &self.entities[number((ty, id))];
                if !stored.present {
                    continue;
                }
                let mut attributes = HashMap::new();
                match stored.n {
                    0 => {}
                    1 => {
                        attributes.insert("n".to_owned(), RestrictedExpression::new_string("one".to_owned()));
                    }
                    n => {
                        attributes.insert("n".to_owned(), RestrictedExpression::new_long(i64::from(n) - 2));
                    }
                }
                // Parents have higher numbers, so that there is no circle; some are not in the store.
                let above = stored.parents.iter().filter(|parent| number(**parent) > number((ty, id)));
                let parents: HashSet<_> = above.map(|parent| parse(&uid(*parent))).collect();
                all.push(Entity::new(parse(&uid((ty, id))), attributes, parents).unwrap());
            }
        }
        if self.actions {
            // a4 and a5 are groups, a5 holds a4; a3 stands alone.
            for (own, groups) in [(0, vec![4]), (1, vec![4]), (2, vec![5]), (3, vec![]), (4, vec![5]), (5, vec![])] {
                let groups: HashSet<_> = groups.into_iter().map(|group| parse(&action(group))).collect();
                all.push(Entity::new(parse(&action(own)), HashMap::new(), groups).unwrap());
            }
        }
        Entities::from_entities(all, None).unwrap()
    }
}

impl Ask {
    fn request(&self) -> Request {
        let context = Context::from_pairs([
            ("n".to_owned(), RestrictedExpression::new_long(self.n)),
            ("flag".to_owned(), RestrictedExpression::new_bool(self.flag)),
        ]);
        Request::new(
            parse(&uid(self.principal)),
            parse(&action(self.action)),
            parse(&uid(self.resource)),
            context.unwrap(),
            None,
        )
        .unwrap()
    }
}

/// All that an answer says.
fn said(response: &Response) -> (Decision, BTreeSet<String>, BTreeSet<String>) {
    let reasons = response.diagnostics().reason().map(ToString::to_string).collect();
    let errors = response.diagnostics().errors().map(ToString::to_string).collect();
    (response.decision(), reasons, errors)
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_index_answers_as_the_authorizer(world in world()) {
        let (set, entities) = (world.policies(), world.entities());
        let index = ScopedAuthorizer::new(&set);
        // Each request twice: what is kept from the first time must not change the second.
        for ask in world.asks.iter().chain(&world.asks) {
            let request = ask.request();
            let wanted = Authorizer::new().is_authorized(&request, &set, &entities);
            prop_assert_eq!(said(&index.is_authorized(&request, &entities)), said(&wanted), "{:?}\n{}", ask, set);
        }
    }
}

/// What the worlds above are made to show really happens in them.
#[test]
fn the_worlds_are_worth_asking() {
    let mut runner = TestRunner::deterministic();
    let (mut allows, mut denies, mut errors, mut empty, mut links, mut both) = (0, 0, 0, 0, 0, 0);
    let (mut below, mut most) = (0, 0);
    for _ in 0..150 {
        let world = world().new_tree(&mut runner).unwrap().current();
        let (set, entities) = (world.policies(), world.entities());
        most = most.max(set.policies().count());
        let index = ScopedAuthorizer::new(&set);
        for ask in &world.asks {
            let request = ask.request();
            let response = index.is_authorized(&request, &entities);
            let (decision, reasons, faults) = said(&response);
            assert_eq!((decision, reasons.clone(), faults.clone()), {
                said(&Authorizer::new().is_authorized(&request, &set, &entities))
            });
            allows += usize::from(decision == Decision::Allow);
            denies += usize::from(decision == Decision::Deny && !reasons.is_empty());
            errors += usize::from(!faults.is_empty());
            empty += usize::from(reasons.is_empty() && faults.is_empty());
            links += usize::from(reasons.iter().any(|id| id.starts_with('l')));
            both += usize::from(!reasons.is_empty() && !faults.is_empty());
            let parents = entities.ancestors(request.principal().unwrap()).is_some_and(|all| all.count() > 1);
            below += usize::from(parents && !reasons.is_empty());
        }
    }
    let seen = [allows, denies, errors, empty, links, both, below];
    assert!(seen.iter().all(|count| *count >= 20), "{seen:?}");
    assert!(most >= 20, "{most}");
}
