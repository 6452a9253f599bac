//! `decide::Answerer` over requests of which not everything is known: what is decided holds for every completion.
//!
//! `POLCHECK_WORLDS` says how many worlds, `POLCHECK_SEED` which.

use cedar_policy::{Authorizer, Context, Decision, Entities, Entity, Request};
use polcheck::decide::{Answer, CompiledAuthorizer, Gap, Gaps};

use crate::worlds::world;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn allowed(answer: Answer<'_>) -> Option<bool> {
    answer.allowed
}

#[test]
fn what_is_decided_in_part_is_decided_so_whatever_completes_it() {
    let (first, count) = (setting("POLCHECK_SEED", 1), setting("POLCHECK_WORLDS", 200));
    let (mut decided, mut open) = (0_u64, 0_u64);
    for seed in first..first + count {
        let world = world(seed, 8);
        let whole = CompiledAuthorizer::new(&world.policies, &world.entities);
        // Some of the entities are not known.
        let known = |keep: u64| {
            let mut all: Vec<Entity> = world.entities.iter().cloned().collect();
            all.sort_by_key(Entity::uid);
            let some = all.into_iter().enumerate().filter(|(at, _)| !(*at as u64 + seed).is_multiple_of(keep));
            // What lies above stays as it is: an ancestor is not lost with the entity on the way to it.
            Entities::empty().add_entities(some.map(|(_, entity)| entity), None).ok()
        };
        let nothing = CompiledAuthorizer::new(&world.policies, &Entities::empty());
        for (at, request) in world.requests.iter().enumerate() {
            let says = |request: &Request, entities: &Entities| {
                Authorizer::new().is_authorized(request, &world.policies, entities).decision() == Decision::Allow
            };
            let truth = says(request, &world.entities);
            // Known whole, it is Cedar's answer, over the authorizer's entities and over the request's own.
            let none = Gaps::default();
            assert_eq!(allowed(whole.answerer().answer(request, none, None)), Some(truth), "seed {seed}");
            assert_eq!(
                allowed(nothing.answerer().answer(request, none, Some(&world.entities))),
                Some(truth),
                "seed {seed}"
            );
            let mut check = |answer: Option<bool>, what: &str| match answer {
                Some(answer) => {
                    assert_eq!(answer, truth, "seed {seed}, request {at}, {what}: {request}\n{}", world.text);
                    decided += 1;
                }
                None => open += 1,
            };
            let entities = Gaps { entities: true, ..none };
            check(allowed(nothing.answerer().answer(request, entities, None)), "no entities");
            for keep in [2, 3, 5] {
                let Some(some) = known(keep) else { continue };
                let compiled = CompiledAuthorizer::new(&world.policies, &some);
                check(allowed(compiled.answerer().answer(request, entities, None)), "some entities");
                check(allowed(nothing.answerer().answer(request, entities, Some(&some))), "some entities of its own");
            }
            let context = Gaps { context: true, ..none };
            check(allowed(whole.answerer().answer(request, context, None)), "no context");
            let both = Gaps { entities: true, context: true, ..none };
            check(allowed(nothing.answerer().answer(request, both, None)), "neither");
            for gap in [Gap::Id, Gap::Whole] {
                let principal = Gaps { principal: Some(gap), ..none };
                let resource = Gaps { resource: Some(gap), ..none };
                let all = Gaps { principal: Some(gap), resource: Some(gap), context: true, entities: true };
                // Another stands for the one that is not known.
                let stands_in = |request: &Request, first: bool| {
                    let [principal, resource] = [request.principal().unwrap(), request.resource().unwrap()];
                    let other = |uid: &cedar_policy::EntityUid| {
                        cedar_policy::EntityUid::from_type_name_and_id(
                            uid.type_name().clone(),
                            cedar_policy::EntityId::new("stands in"),
                        )
                    };
                    let (principal, resource) =
                        if first { (other(principal), resource.clone()) } else { (principal.clone(), other(resource)) };
                    let context = request.context().cloned().unwrap_or_else(Context::empty);
                    Request::new(principal, request.action().unwrap().clone(), resource, context, None).unwrap()
                };
                check(allowed(whole.answerer().answer(&stands_in(request, true), principal, None)), "no principal");
                check(allowed(whole.answerer().answer(&stands_in(request, false), resource, None)), "no resource");
                check(allowed(whole.answerer().answer(request, all, None)), "nothing but the action");
            }
        }
    }
    // Both happen, and often.
    println!("{decided} decided, {open} open");
    assert!(decided > 10 * count && open > 10 * count, "{decided} decided, {open} open");
}
