//! A request that Cedar's authorizer decides otherwise than the engine is an internal error, and never "no change".

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, Schema};
use polcheck::compare::{Body, Decided, Options, Pair, PolicyPair, Undecided, Where, Which};
use polcheck::symbolic::{Limits, SchemaModel, Witness};

fn decided(policy: &str) -> Decided {
    let schema = "entity User { name: String }; action a appliesTo { principal: User, resource: User };";
    let (schema, _) = Schema::from_cedarschema_str(schema).unwrap();
    let model: Arc<SchemaModel> = SchemaModel::new(&schema).unwrap();
    let body = |text: &str| Body::Policy(Policy::parse(Some(PolicyId::new("p")), text).unwrap().into());
    let pair = |old: Option<&str>, new: Option<&str>, same: bool| PolicyPair {
        old: old.map(body),
        new: new.map(body),
        same,
        limits: [Limits::default(), Limits::default()],
        opened: None,
    };
    let added = pair(None, Some("permit (principal, action, resource) when { principal.name == \"a\" };"), false);
    let policies = [added, pair(Some(policy), Some(policy), true)];
    let compared = Pair::new(Some(&model), Some(&model), true, &policies);
    let confirm = |_: &Witness, _: Which, _: bool| Err("{\"asked\": true}".to_owned());
    let environments: Vec<_> =
        model.environments().iter().map(|environment| (environment.clone(), Where::Both)).collect();
    compared.compare(&environments, Options::new(&confirm, true)).remove(0).gained.decided
}

#[test]
fn what_the_authorizer_does_not_confirm_is_a_defect_or_somebody_s_doing() {
    let known = "forbid (principal, action, resource) when { principal.name == \"b\" };";
    assert_eq!(decided(known), Decided::Unknown(Undecided::Disagreement("{\"asked\": true}".to_owned())));
    // A policy that the engine does not have may have decided it.
    let beyond = "forbid (principal, action, resource) when { ip(principal.name).isLoopback() };";
    assert_eq!(decided(beyond), Decided::Unknown(Undecided::SetAside(1)));
}
