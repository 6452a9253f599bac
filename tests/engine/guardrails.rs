//! Guardrails over generated stores: what `prove` says of each is held against requests tried one by one with Cedar's
//! own evaluator, and against cvc5 where there is one. The policies of a case are the store, or guardrails of it.
//!
//! `POLCHECK_GUARDRAIL_SEEDS` says over how many cases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Mutex;
use std::time::Duration;

use cedar_policy::{Authorizer, Context, Decision, Effect, Entities, EntityUid, Policy, PolicySet, Request, Schema};
use polcheck::config::{Asked, Config, GuardrailConfig, Name};
use polcheck::outcome::{GuardrailResult, GuardrailStatus};
use polcheck::prove::{Wanted, run};
use polcheck::repo::{self, Repo};
use polcheck::source::Memory;
use polcheck::symbolic::{Formula, PolicyRef, SolverMode, Solvers};
use polcheck::text::Location;

use crate::diff_laws::each;
use crate::oracle::brute::explore;
use crate::oracle::generate::{Case, CaseSpec, Made, Shape, substituted};
use crate::oracle::queries::Query;
use crate::oracle::symcc::{Model, Symcc, Verdict};

/// What a run has seen.
#[derive(Default, Debug)]
struct Seen {
    guardrails: usize,
    broken: usize,
    holds: usize,
    open: usize,
    by_brute: usize,
    by_cvc5: usize,
    replayed: usize,
}

/// The policies of a case that are no templates, by their place, with their text.
fn policies(case: &Case) -> Vec<(usize, Policy)> {
    let all = case.sides[0].policies.iter().enumerate();
    all.filter_map(|(at, made)| match made {
        Made::Policy(policy) => Some((at, substituted(policy))),
        Made::Template(_) => None,
    })
    .collect()
}

fn text(id: &str, policy: &Policy) -> String {
    format!("@id(\"{id}\")\n{}\n", policy.to_cedar().expect("a policy without slots has a text"))
}

fn load(files: &[(String, String)]) -> Repo {
    let memory = Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    repo::load(&memory, &Config::default(), &repo::Request::default()).unwrap()
}

fn prove(repo: &Repo, config: &Config) -> Vec<GuardrailResult> {
    let solvers = Solvers::default().into();
    let wanted =
        Wanted { guardrails: repo, config, repo, settings: &Config::default(), renamed: &[], solvers: &solvers };
    run(&wanted).results
}

/// Whether Cedar's authorizer decides the request of a slip as the guardrail forbids.
fn replays(result: &GuardrailResult, guardrail: &Policy, set: &PolicySet, schema: &Schema) -> Result<(), String> {
    let alone = PolicySet::from_policies([guardrail.clone()]).unwrap();
    for slip in &result.slips {
        let request = &slip.evidence.request;
        let uid = |key: &str| EntityUid::from_json(request[key].clone()).unwrap();
        let (principal, action, resource) = (uid("principal"), uid("action"), uid("resource"));
        let context = Context::from_json_value(request["context"].clone(), Some((schema, &action))).unwrap();
        let request = Request::new(principal, action, resource, context, Some(schema)).map_err(|e| e.to_string())?;
        let entities =
            Entities::from_json_value(slip.evidence.entities.clone(), Some(schema)).map_err(|e| format!("{e:?}"))?;
        let authorizer = Authorizer::new();
        let said = authorizer.is_authorized(&request, &alone, &entities);
        let hit = said.diagnostics().reason().next().is_some() || said.diagnostics().errors().next().is_some();
        let wanted = if guardrail.effect() == Effect::Forbid { Decision::Allow } else { Decision::Deny };
        let decided = authorizer.is_authorized(&request, set, &entities).decision();
        if !hit || decided != wanted {
            return Err(format!("hit: {hit}, decided {decided:?}: {}", slip.evidence.request));
        }
    }
    Ok(())
}

#[test]
fn every_verdict_is_that_of_requests_tried_one_by_one_and_of_cvc5() {
    let seen = Mutex::new(Seen::default());
    let seeds = std::env::var("POLCHECK_GUARDRAIL_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    each(40_000, seeds, |seed| {
        let shape = [Shape::Finite, Shape::Small, Shape::Hierarchy, Shape::Full][(seed % 4) as usize];
        let (spec, _) = CaseSpec::new(seed, shape, false);
        let Ok(case) = spec.build() else { return };
        let all = policies(&case);
        // Half of them decide; every one is a guardrail, those that decide as well.
        let deciding: Vec<&(usize, Policy)> = all.iter().filter(|(at, _)| at % 2 == 0).collect();
        let store: String = deciding.iter().map(|(at, policy)| text(&format!("p{at}"), policy)).collect();
        let rules: String = all.iter().map(|(at, policy)| text(&format!("g{at}"), policy)).collect();
        let repo = load(&[
            ("app.cedarschema".to_owned(), case.spec.sides[0].schema.text()),
            ("store.cedar".to_owned(), store),
            ("rules.cedarguard".to_owned(), rules),
        ]);
        assert!(repo.findings.is_empty(), "seed {seed}: {:?}", repo.findings[0].message);
        let results = prove(&repo, &Config::default());
        assert_eq!(results.len(), all.len(), "seed {seed}");
        let explored = explore(&case, 3_000, seed);
        let at = |index: usize| PolicyRef { side: 0, index };
        let of = |effect: Effect| -> Vec<PolicyRef> {
            deciding.iter().filter(|(_, policy)| policy.effect() == effect).map(|(index, _)| at(*index)).collect()
        };
        let allowed = Formula::allow(&of(Effect::Permit), &of(Effect::Forbid));
        let set = PolicySet::from_policies(
            deciding.iter().map(|(index, policy)| policy.new_id(format!("p{index}").parse().unwrap())),
        )
        .unwrap();
        let environment = &case.env;
        let here = |touched: &polcheck::finding::Environment| {
            touched.principal == environment.principal().to_string()
                && touched.action == environment.action().to_string()
                && touched.resource == environment.resource().to_string()
        };
        // cvc5 takes its time: some of the cases are enough.
        let mut second = (seed % 10 == 0).then(|| Symcc::from_environment(Duration::from_secs(10))).flatten();
        let named = all.iter().map(|(index, policy)| (at(*index), policy.clone())).collect();
        let mut model = Model::new(&case.sides[0].schema, environment, named);
        for (result, (index, guardrail)) in results.iter().zip(&all) {
            let mut seen = seen.lock().unwrap();
            seen.guardrails += 1;
            match result.status {
                GuardrailStatus::Broken => seen.broken += 1,
                GuardrailStatus::Holds | GuardrailStatus::Vacuous => seen.holds += 1,
                GuardrailStatus::Unknown | GuardrailStatus::NotCovered => {
                    seen.open += 1;
                    continue;
                }
            }
            let what = || format!("seed {seed}, guardrail {index}:\n{}\n{}", guardrail, case.spec.text());
            if let Err(why) = replays(result, guardrail, &set, &case.sides[0].schema) {
                panic!("{why}\n{}", what());
            }
            seen.replayed += result.slips.len();
            let decided = if guardrail.effect() == Effect::Forbid { allowed.clone() } else { !allowed.clone() };
            let hit = Formula::Matches(at(*index)).or(Formula::Errors(at(*index)));
            let query = Query::Nothing(decided.and(hit));
            let kept = !result.slips.iter().any(|slip| here(&slip.environment));
            match explored.ask(&query) {
                Verdict::Fails => assert!(!kept, "{}\n{}", explored.example(&query).unwrap(), what()),
                Verdict::Holds => assert!(kept, "{}", what()),
                Verdict::Open(_) => {}
            }
            seen.by_brute += usize::from(!matches!(explored.ask(&query), Verdict::Open(_)));
            if let Some(second) = &mut second {
                match second.ask(&mut model, &query) {
                    Verdict::Fails => assert!(!kept, "cvc5\n{}", what()),
                    Verdict::Holds => assert!(kept, "cvc5\n{}", what()),
                    Verdict::Open(_) => continue,
                }
                seen.by_cvc5 += 1;
            }
        }
    });
    let seen = seen.into_inner().unwrap();
    eprintln!("{seen:?}");
    assert!(seen.broken > 0 && seen.holds > 0 && seen.by_brute > seen.guardrails / 3, "{seen:?}");
}

/// Two actions are decided alike exactly when exchanging their names changes no decision about the first.
#[test]
fn actions_are_alike_where_exchanging_their_names_changes_nothing() {
    let (mut alike, mut apart) = (0, 0);
    let counts = Mutex::new((&mut alike, &mut apart));
    each(70_000, 60, |seed| {
        let (mut spec, _) = CaseSpec::new(seed, Shape::Small, false);
        let first = spec.sides[0].schema.actions[0].clone();
        let twin = crate::oracle::syntax::ActionSpec { name: "twin0".to_owned(), ..first.clone() };
        spec.sides[0].schema.actions.push(twin);
        let Ok(case) = spec.build() else { return };
        let schema = case.spec.sides[0].schema.text();
        let store: String = policies(&case).iter().map(|(at, policy)| text(&format!("p{at}"), policy)).collect();
        // In half of the cases the second action is in every list that has the first.
        let (one, other) = (format!("::\"{}\"", first.name), "::\"twin0\"".to_owned());
        let uid = case.spec.sides[0].schema.action_uid(&first.name);
        let both = format!("[{uid}, {}]", uid.replace(&one, &other));
        let store = if seed % 2 == 0 {
            store.replace(&format!("action == {uid}"), &format!("action in {both}"))
        } else {
            store
        };
        let exchanged = store.replace(&one, "::\"@\"").replace(&other, &one).replace("::\"@\"", &other);
        let files = |store: &str| {
            load(&[("app.cedarschema".to_owned(), schema.clone()), ("store.cedar".to_owned(), store.to_owned())])
        };
        let (old, new) = (files(&store), files(&exchanged));
        if !old.findings.is_empty() || !new.findings.is_empty() {
            return;
        }
        let name = |text: &str| Name { text: text.to_owned(), location: Location::of_path("polcheck.toml") };
        let mut config = Config::default();
        config.guardrails.all.push(GuardrailConfig {
            id: "alike".to_owned(),
            why: None,
            asked: Asked::Same,
            actions: vec![name(&uid), name(&uid.replace(&one, &other))],
            principals: Vec::new(),
            resources: Vec::new(),
            stores: Vec::new(),
            location: Location::of_path("polcheck.toml"),
        });
        let results = prove(&old, &config);
        let compared = polcheck::diff::compare(&old, &new);
        let of_first = |change: &&polcheck::outcome::changes::EnvironmentChange| change.environment.action == uid;
        let mut statuses = compared.stores[0].environments.iter().filter(of_first).flat_map(|change| {
            [&change.gained, &change.lost].map(|status| match status {
                polcheck::outcome::changes::Status::Yes => Some(true),
                polcheck::outcome::changes::Status::No => Some(false),
                polcheck::outcome::changes::Status::Unknown(_) => None,
            })
        });
        let changes = statuses.try_fold(false, |any, status| status.map(|changes| any || changes));
        let mut counts = counts.lock().unwrap();
        match (results[0].status, changes) {
            (GuardrailStatus::Holds, Some(changes)) => {
                assert!(!changes, "seed {seed}: held and changes\n{schema}\n{store}");
                *counts.0 += 1;
            }
            (GuardrailStatus::Broken, Some(changes)) => {
                assert!(changes, "seed {seed}: broken and nothing changes\n{schema}\n{store}");
                *counts.1 += 1;
            }
            (GuardrailStatus::Unknown, _) | (_, None) => {}
            (status, changes) => panic!("seed {seed}: {status:?}, {changes:?}"),
        }
    });
    assert!(alike > 3 && apart > 3, "{alike} alike, {apart} apart");
}

/// cvc5 alone says of short forms what the engine says.
#[test]
fn short_forms_are_judged_by_cvc5_alike() {
    let Some(command) = crate::oracle::symcc::command() else { return };
    let schema = "
        entity Tenant; entity Role;
        entity User in [Role] { tenant: Tenant, homes: Set<Tenant> };
        entity Doc { tenant: Tenant };
        action read, show appliesTo { principal: User, resource: Doc, context: { now: datetime, from: datetime } };
        @sensitive(\"context.mfa\") action pay appliesTo { principal: User, resource: Doc,
            context: { mfa: Bool, now: datetime, from: datetime } };
    ";
    let stores = [
        "permit (principal, action == Action::\"read\", resource) when { principal.tenant == resource.tenant };
         permit (principal, action == Action::\"show\", resource) when { resource.tenant == principal.tenant };
         permit (principal, action == Action::\"pay\", resource) when { context.mfa && principal.tenant == resource.tenant
            && context.now.durationSince(context.from) < duration(\"20m\") };",
        "permit (principal, action in [Action::\"read\", Action::\"show\"], resource)
            when { principal.homes.contains(resource.tenant) };
         permit (principal, action == Action::\"pay\", resource) when { context.now < context.from.offset(duration(\"31m\")) };",
        "permit (principal, action, resource); forbid (principal, action == Action::\"pay\", resource) unless { context.mfa };",
        "@expires(\"2027-01-01\") permit (principal, action == Action::\"pay\", resource)
            when { context.mfa && context.now < datetime(\"2027-01-01\") };
         @temporary permit (principal, action == Action::\"read\", resource) when { context.now < context.from };",
        "@expires(\"2027-01-01\") permit (principal, action == Action::\"pay\", resource)
            when { context.mfa && context.now <= datetime(\"2027-01-01\") };
         @temporary permit (principal, action == Action::\"read\", resource)
            when { context.now < context.from || principal.homes.isEmpty() };",
    ];
    let toml = "
        [[guardrail.same]]\nactions = [\"read\", \"show\"]
        [[guardrail.isolate]]\nprincipal = \"tenant\"\nresource = \"tenant\"
        [[guardrail.isolate]]\nprincipal = \"homes\"\nresource = \"tenant\"
        [[guardrail.expires]]\nactions = [\"pay\"]\nfrom = \"context.from\"\nwithin = \"30m\"
        [[guardrail.expires]]\nactions = [\"pay\"]\nuntil = \"context.from\"
    ";
    let file = polcheck::text::SourceFile::new("polcheck.toml", toml);
    let (config, findings) = polcheck::config::load(&file, &polcheck::run::catalogue());
    assert!(findings.is_empty(), "{findings:?}");
    let mut verdicts = Vec::new();
    for store in stores {
        let repo =
            load(&[("app.cedarschema".to_owned(), schema.to_owned()), ("store.cedar".to_owned(), store.to_owned())]);
        assert!(repo.findings.is_empty(), "{:?}", repo.findings[0].message);
        let judged = |mode| {
            let solvers = Solvers::new(mode, &command).unwrap();
            let wanted = Wanted {
                guardrails: &repo,
                config: &config,
                repo: &repo,
                settings: &config,
                renamed: &[],
                solvers: &solvers,
            };
            run(&wanted).results.into_iter().map(|result| (result.kind, result.status)).collect::<Vec<_>>()
        };
        let builtin = judged(SolverMode::Builtin);
        for (own, theirs) in builtin.iter().zip(judged(SolverMode::Cvc5)) {
            // cvc5 has no say about two schemas.
            assert!(*own == theirs || (own.0 == "same" && theirs.1 == GuardrailStatus::Unknown), "{own:?} {theirs:?}");
        }
        verdicts.extend(builtin);
    }
    for kind in ["same", "isolate", "expires", "sensitive", "temporary"] {
        for status in [GuardrailStatus::Holds, GuardrailStatus::Broken] {
            assert!(kind == "same" || verdicts.contains(&(kind, status)), "{kind} {status:?}: {verdicts:?}");
        }
    }
}
