//! Cases by seed: one schema or two, a few policies that have to do with each other, a request environment.

use std::sync::Arc;

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, RequestEnv, Schema, SlotId, Template, ValidationMode, Validator,
};
use polcheck::symbolic::{CompiledPolicies, PolicyRef, SchemaModel, Subject};

use super::mutate::mutate;
use super::policies::{Gen, Pool};
use super::schemas::{Change, Theme, changed, schema};
use super::syntax::{
    ActionScope, ActionSpec, Bin, EntityType, Env, Expr, Field, Lit, PolicySpec, SchemaSpec, Scope, Ty, Var, bin, not,
};
use crate::common::rng::Rng;

/// How large and of what kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Finite domains as far as possible: brute force can be complete.
    Finite,
    Small,
    /// Entities and who is in whom, and nothing else.
    Hierarchy,
    Full,
    /// Conjunctions of `in` and `==` over a handful of terms: what follows from what.
    Memberships,
}

#[derive(Clone, Debug)]
pub struct SideSpec {
    pub schema: SchemaSpec,
    pub policies: Vec<PolicySpec>,
}

#[derive(Clone, Debug)]
pub struct CaseSpec {
    pub seed: u64,
    pub env: Env,
    /// One, or two with what happened to the schema between them.
    pub sides: Vec<SideSpec>,
    pub change: Change,
    /// Whether policies may be invalid.
    pub loose: bool,
}

/// A policy of a case in Cedar's terms.
#[derive(Clone, Debug)]
pub enum Made {
    Policy(Policy),
    Template(Template),
}

/// One side in Cedar's terms; policies stand where they stand in the [`SideSpec`].
#[derive(Clone, Debug)]
pub struct Side {
    pub schema: Schema,
    pub policies: Vec<Made>,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub spec: CaseSpec,
    pub env: RequestEnv,
    pub sides: Vec<Side>,
}

pub fn parse_schema(text: &str) -> Result<Schema, String> {
    Schema::from_cedarschema_str(text).map(|(schema, _)| schema).map_err(|error| format!("{error:?}"))
}

/// The policy under the id, linked or substituted as its specification says.
pub fn make(spec: &PolicySpec, schema: &SchemaSpec, id: &str) -> Result<Made, String> {
    let text = spec.text(schema);
    if !spec.is_template() {
        return Policy::parse(Some(PolicyId::new(id)), &text).map(Made::Policy).map_err(|error| format!("{error:?}"));
    }
    let template = Template::parse(Some(PolicyId::new(id)), &text).map_err(|error| format!("{error:?}"))?;
    let Some(link) = &spec.link else { return Ok(Made::Template(template)) };
    let values = [SlotId::principal(), SlotId::resource()]
        .into_iter()
        .zip(link)
        .filter_map(|(slot, value)| value.as_ref().map(|(ty, id)| (slot, schema.entity_uid(*ty, id).parse().unwrap())))
        .collect();
    let mut set = PolicySet::new();
    let (template_id, link_id) = (PolicyId::new(format!("{id}_template")), PolicyId::new(id));
    set.add_template(template.new_id(template_id.clone())).map_err(|error| error.to_string())?;
    set.link(template_id, link_id.clone(), values).map_err(|error| error.to_string())?;
    Ok(Made::Policy(set.policy(&link_id).expect("it was linked").clone()))
}

/// A linked policy as a static one; a static one as it is.
pub fn substituted(policy: &Policy) -> Policy {
    if policy.is_static() {
        return policy.clone();
    }
    Policy::from_json(Some(policy.id().clone()), policy.to_json().unwrap()).expect("a link is a policy")
}

impl Made {
    pub fn effect(&self) -> Effect {
        match self {
            Made::Policy(policy) => policy.effect(),
            Made::Template(template) => template.effect(),
        }
    }

    pub fn policy(&self) -> Option<&Policy> {
        match self {
            Made::Policy(policy) => Some(policy),
            Made::Template(_) => None,
        }
    }

    pub fn valid(&self, validator: &Validator) -> bool {
        let mut set = PolicySet::new();
        match self {
            Made::Policy(policy) => set.add(substituted(policy)).unwrap(),
            Made::Template(template) => set.add_template(template.clone()).unwrap(),
        }
        validator.validate(&set, ValidationMode::Strict).validation_passed()
    }
}

impl Side {
    /// As the engine takes it: subjects stand where the policies stand.
    pub fn rules(&self) -> CompiledPolicies {
        let subjects = self
            .policies
            .iter()
            .map(|made| match made {
                Made::Policy(policy) => Subject::policy(policy),
                Made::Template(template) => Subject::template(template),
            })
            .collect();
        let model: Arc<SchemaModel> = SchemaModel::new(&self.schema).unwrap();
        CompiledPolicies::new(model, subjects)
    }
}

/// Counts of what the generator made and threw away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yield {
    pub policies: usize,
    pub ill_typed: usize,
}

impl CaseSpec {
    pub fn new(seed: u64, shape: Shape, pair: bool) -> (Self, Yield) {
        let mut rng = Rng::new(seed);
        if shape == Shape::Memberships {
            return (memberships(&mut rng, seed), Yield::default());
        }
        let theme = match shape {
            Shape::Finite => Theme::finite(&mut rng),
            Shape::Small => Theme::small(&mut rng),
            Shape::Hierarchy => Theme::hierarchy(&mut rng),
            Shape::Full | Shape::Memberships => Theme::full(),
        };
        let (spec, checked) = loop {
            let spec = schema(&mut rng, &theme);
            if let Ok(checked) = parse_schema(&spec.text()) {
                break (spec, checked);
            }
        };
        let pool = Pool::new(&mut rng);
        let env = *rng.pick(&spec.environments());
        let mut made = Yield::default();
        let count = if pair { 2 + rng.below(2) } else { 3 + rng.below(3) };
        let depth = if shape == Shape::Full { 3 } else { 2 };
        let old = policies(&mut rng, &spec, &checked, &pool, env, count, depth, &[], &mut made);
        let mut sides = vec![SideSpec { schema: spec.clone(), policies: old.clone() }];
        let mut change = Change::None;
        if pair {
            let mut new = spec.clone();
            let mut new_checked = checked;
            if rng.percent(85) {
                for _ in 0..10 {
                    let (changed_spec, what) = changed(&mut rng, &spec, &theme);
                    if let Ok(parsed) = parse_schema(&changed_spec.text()) {
                        (new, change, new_checked) = (changed_spec, what, parsed);
                        break;
                    }
                }
            }
            let count = old.len();
            let new_policies = policies(&mut rng, &new, &new_checked, &pool, env, count, depth, &old, &mut made);
            sides.push(SideSpec { schema: new, policies: new_policies });
        }
        (CaseSpec { seed, env, sides, change, loose: false }, made)
    }

    /// # Errors
    /// When the specification, shrunk for instance, is not what Cedar accepts.
    pub fn build(&self) -> Result<Case, String> {
        let mut sides = Vec::new();
        for side in &self.sides {
            let schema = parse_schema(&side.schema.text())?;
            let validator = Validator::new(schema.clone());
            let mut policies = Vec::new();
            for (index, spec) in side.policies.iter().enumerate() {
                let made = make(spec, &side.schema, &format!("p{index}"))?;
                if !self.loose && !made.valid(&validator) {
                    return Err(format!("p{index} is not valid"));
                }
                policies.push(made);
            }
            sides.push(Side { schema, policies });
        }
        Ok(Case { env: request_env(&self.sides[0].schema, self.env), spec: self.clone(), sides })
    }

    /// Schemas and policies for a person to read.
    pub fn text(&self) -> String {
        let mut text = format!("seed {}, change {:?}\n", self.seed, self.change);
        let (principal, action, resource) = self.env;
        let schema = &self.sides[0].schema;
        text.push_str(&format!(
            "environment ({}, {}, {})\n",
            schema.type_name(principal),
            schema.action_uid(&schema.actions[action].name),
            schema.type_name(resource)
        ));
        for (number, side) in self.sides.iter().enumerate() {
            text.push_str(&format!("--- schema {number}\n{}", side.schema.text()));
            for (index, policy) in side.policies.iter().enumerate() {
                text.push_str(&format!("--- side {number}, policy {index}\n{}\n", policy.text(&side.schema)));
                if let Some(link) = &policy.link {
                    text.push_str(&format!("    linked to {link:?}\n"));
                }
            }
        }
        text
    }

    pub fn policy(&self, policy: PolicyRef) -> &PolicySpec {
        &self.sides[policy.side].policies[policy.index]
    }
}

pub fn request_env(schema: &SchemaSpec, (principal, action, resource): Env) -> RequestEnv {
    RequestEnv::new(
        schema.type_name(principal).parse().unwrap(),
        schema.action_uid(&schema.actions[action].name).parse().unwrap(),
        schema.type_name(resource).parse().unwrap(),
    )
}

fn memberships(rng: &mut Rng, seed: u64) -> CaseSpec {
    let field = |name: &str, ty: usize| Field { name: name.into(), ty: Ty::Entity(ty), required: true };
    let entity = |name: &str, parents: Vec<usize>, attrs: Vec<Field>| EntityType {
        name: name.into(),
        members: None,
        parents,
        attrs,
        tags: None,
    };
    // Teams may lie between users and groups, or not.
    let between = rng.percent(50);
    let schema = SchemaSpec {
        namespace: None,
        entities: vec![
            entity("User", if between { vec![1] } else { vec![1, 2] }, vec![field("g", 2)]),
            entity("Team", vec![2], Vec::new()),
            entity("Group", vec![2], vec![field("up", 2)]),
        ],
        groups: Vec::new(),
        actions: vec![ActionSpec {
            name: "view".into(),
            groups: Vec::new(),
            principals: vec![0],
            resources: vec![2],
            context: vec![field("g", 2), field("h", 2), field("t", 1)],
        }],
    };
    let get = |expr: Expr, name: &str| Expr::Get(Box::new(expr), name.into());
    let (user, context) = (Expr::Var(Var::Principal), Expr::Var(Var::Context));
    let group = |id: &str| Expr::Lit(Lit::Entity(2, id.into()));
    let mut terms = vec![
        (get(context.clone(), "g"), 2),
        (get(context.clone(), "h"), 2),
        (Expr::Var(Var::Resource), 2),
        (group("a"), 2),
        (group("b"), 2),
        (get(user.clone(), "g"), 2),
        (get(Expr::Var(Var::Resource), "up"), 2),
        (get(context, "t"), 1),
    ];
    rng.shuffle(&mut terms);
    terms.truncate(4);
    terms.push((user, 0));
    let atom = |rng: &mut Rng| loop {
        let ((left, below), (right, above)) = (rng.pick(&terms).clone(), rng.pick(&terms).clone());
        let fits = schema.ancestors(below).contains(&above);
        if left == right || !(fits || below == above) {
            continue;
        }
        let both_literal = matches!((&left, &right), (Expr::Lit(_), Expr::Lit(_)));
        let op = if (!fits || rng.percent(20)) && !both_literal { Bin::Eq } else { Bin::In };
        return bin(op, left, right);
    };
    let policies = (0..6)
        .map(|number| {
            let count = if number < 3 { 2 + rng.below(4) } else { 1 + rng.below(2) };
            let mut expr = atom(rng);
            for _ in 1..count {
                let next = atom(rng);
                expr = bin(Bin::And, expr, if rng.percent(30) { not(next) } else { next });
            }
            if number >= 3 && rng.percent(30) {
                expr = not(expr);
            }
            PolicySpec {
                permit: rng.percent(70),
                principal: Scope::Any,
                action: ActionScope::Any,
                resource: Scope::Any,
                conditions: vec![(true, expr)],
                link: None,
            }
        })
        .collect();
    CaseSpec { seed, env: (0, 0, 2), sides: vec![SideSpec { schema, policies }], change: Change::None, loose: false }
}

/// Valid policies: fresh ones, and ones made from each other or from `models`.
#[allow(clippy::too_many_arguments, reason = "one caller, one job")]
fn policies(
    rng: &mut Rng,
    spec: &SchemaSpec,
    schema: &Schema,
    pool: &Pool,
    env: Env,
    count: usize,
    depth: usize,
    models: &[PolicySpec],
    made: &mut Yield,
) -> Vec<PolicySpec> {
    let validator = Validator::new(schema.clone());
    let valid = |policy: &PolicySpec| make(policy, spec, "p").is_ok_and(|made| made.valid(&validator));
    let mut found: Vec<PolicySpec> = Vec::new();
    let mut failures = 0;
    while found.len() < count {
        let model = models.get(found.len());
        let policy = match model {
            // The next revision: most policies stay as they are.
            Some(model) if failures == 0 && rng.percent(55) => model.clone(),
            _ => {
                let base = model.or_else(|| if found.is_empty() { None } else { Some(rng.pick(&found)) }).cloned();
                match base {
                    Some(base) if rng.percent(65) => {
                        let mut fresh = |rng: &mut Rng| -> Expr { Gen::new(rng, spec, pool, env).atom(1) };
                        mutate(rng, spec, pool, &base, &mut fresh)
                    }
                    _ => {
                        let env = if rng.percent(90) { env } else { *rng.pick(&spec.environments()) };
                        Gen::new(rng, spec, pool, env).policy(depth)
                    }
                }
            }
        };
        made.policies += 1;
        if valid(&policy) {
            failures = 0;
            found.push(policy);
        } else {
            made.ill_typed += 1;
            failures += 1;
            assert!(failures < 500, "no valid policy under\n{}\nlast:\n{}", spec.text(), policy.text(spec));
        }
    }
    found
}
