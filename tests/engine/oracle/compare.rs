//! One case, its oracles, and what they say of a query.

use std::collections::BTreeMap;

use cedar_policy::{Policy, PolicyId};
use polcheck::symbolic::PolicyRef;

use super::brute::Merged;
use super::domain::type_of;
use super::generate::{Case, make, parse_schema, request_env, substituted};
use super::queries::{Askable, Query};
use super::symcc::{Model, Symcc, Verdict};
use super::syntax::{Bin, Env, Expr, Field, Lit, PolicySpec, SchemaSpec, Scope, Ty, Var, bin, boolean};

/// The policies of a case and what they are.
pub fn askable(case: &Case) -> Askable {
    let mut all = Askable { policies: Vec::new(), templates: Vec::new() };
    for (side, spec) in case.spec.sides.iter().enumerate() {
        for (index, policy) in spec.policies.iter().enumerate() {
            all.policies.push((PolicyRef { side, index }, policy.permit));
            if policy.is_open() {
                all.templates.push(PolicyRef { side, index });
            }
        }
    }
    all
}

/// cvc5's view of a case: both schemas in one, slots as attributes of the context.
pub struct Second<'a> {
    case: &'a Case,
    merged: Merged,
    /// By the types in the slots that a query asks about.
    models: BTreeMap<Vec<Slot>, Result<Model, String>>,
}

impl<'a> Second<'a> {
    pub fn new(case: &'a Case) -> Self {
        let specs: Vec<&SchemaSpec> = case.spec.sides.iter().map(|side| &side.schema).collect();
        let merged = Merged::of(&specs, &case.spec.change);
        Second { case, merged, models: BTreeMap::new() }
    }

    pub fn ask(&mut self, symcc: &mut Symcc, query: &Query) -> Verdict {
        // Every combination of types that the slots asked about can have.
        let mut slots = Vec::new();
        for policy in query.policies() {
            let spec = self.case.spec.policy(policy);
            if spec.is_open() {
                let schema = &self.case.spec.sides[policy.side].schema;
                let (principal, _, resource) = self.case.spec.env;
                for (slot, scope, of) in [(0, &spec.principal, principal), (1, &spec.resource, resource)] {
                    slots.extend(scope.has_slot().then(|| (policy, slot, scope.slot_types(schema, of))));
                }
            }
        }
        let combinations: usize = slots.iter().map(|(.., types)| types.len()).product();
        if combinations > 64 {
            return Verdict::Open("too many types of slots".into());
        }
        let mut open = None;
        for number in 0..combinations {
            let mut rest = number;
            let mut key = Vec::new();
            for (policy, slot, types) in &slots {
                key.push((*policy, *slot, types[rest % types.len()]));
                rest /= types.len();
            }
            let (case, merged) = (self.case, &self.merged);
            let made = self.models.entry(key.clone()).or_insert_with(|| model(case, merged, &key));
            let verdict = match made {
                Ok(model) => symcc.ask(model, query),
                Err(why) => Verdict::Open(why.clone()),
            };
            match verdict {
                Verdict::Fails => return Verdict::Fails,
                Verdict::Holds => {}
                Verdict::Open(why) => open = Some(why),
            }
        }
        open.map_or(Verdict::Holds, Verdict::Open)
    }
}

/// A slot of a template and the type of what is in it.
type Slot = (PolicyRef, usize, usize);

fn slot_field((policy, slot, ty): &Slot) -> Field {
    Field { name: slot_name(*policy, *slot), ty: Ty::Entity(*ty), required: true }
}

fn slot_name(policy: PolicyRef, slot: usize) -> String {
    format!("slot_{}_{}_{slot}", policy.side, policy.index)
}

/// `left in right` by entity types under the schema: as it stands, only by equality, or never.
fn within(schema: &SchemaSpec, left: usize, right: usize) -> Option<bool> {
    if schema.ancestors(left).contains(&right) { None } else { Some(left == right) }
}

/// Whether all of the names are declared, one inside the other.
fn declared(schema: &SchemaSpec, from: Ty, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return true };
    let fields = match from {
        Ty::Entity(entity) => &schema.entities[entity].attrs,
        Ty::Record(ref fields) => fields,
        _ => return false,
    };
    fields.iter().find(|field| field.name == *first).is_some_and(|field| declared(schema, field.ty.clone(), rest))
}

/// Decides what the side's own schema decides and the merged one leaves open: undeclared attributes, tags and
/// ancestors.
fn settle(expr: &mut Expr, schema: &SchemaSpec, env: Env) {
    let type_of = |expr: &Expr| type_of(expr, schema, env);
    match expr {
        Expr::Has(from, names) if type_of(from).is_some_and(|ty| !declared(schema, ty, names)) => {
            *expr = boolean(false);
        }
        Expr::Call("hasTag", on, _) => {
            if let Some(Ty::Entity(entity)) = type_of(on)
                && schema.entities[entity].tags.is_none()
            {
                *expr = boolean(false);
            }
        }
        Expr::IsIn(inner, ty, above) => {
            *expr = bin(Bin::And, Expr::Is(inner.clone(), *ty), Expr::Bin(Bin::In, inner.clone(), above.clone()));
        }
        Expr::Bin(Bin::In, left, right) => {
            let Some(Ty::Entity(below)) = type_of(left) else { return };
            let (above, set) = match type_of(right) {
                Some(Ty::Entity(above)) => (above, false),
                Some(Ty::Set(inner)) => match *inner {
                    Ty::Entity(above) => (above, true),
                    _ => return,
                },
                _ => return,
            };
            match within(schema, below, above) {
                None => {}
                Some(false) => *expr = boolean(false),
                Some(true) if set => *expr = Expr::Call("contains", right.clone(), vec![(**left).clone()]),
                Some(true) => *expr = Expr::Bin(Bin::Eq, left.clone(), right.clone()),
            }
        }
        _ => {}
    }
}

/// The policy for the merged schema: its slots read from the context, the retyped attribute under its new name.
fn adapted(case: &Case, spec: &PolicySpec, policy: PolicyRef, merged: &Merged, slots: &[Slot]) -> PolicySpec {
    let mut spec = spec.clone();
    if case.spec.sides.len() == 2 {
        let schema = &case.spec.sides[policy.side].schema;
        if !spec.is_open() {
            let scopes = [(Var::Principal, &mut spec.principal), (Var::Resource, &mut spec.resource)];
            for (var, scope) in scopes {
                let slot = &spec.link.as_ref().and_then(|link| link[usize::from(var == Var::Resource)].clone());
                let slot = slot.as_ref().map(|(ty, id)| Expr::Lit(Lit::Entity(*ty, id.clone())));
                let condition = scope.condition(var, slot.as_ref());
                *scope = Scope::Any;
                spec.conditions.insert(0, (true, condition));
            }
            spec.link = None;
        }
        for (_, expr) in &mut spec.conditions {
            expr.visit_mut(&mut |expr| settle(expr, schema, case.spec.env));
        }
    }
    if let (Some((old, new)), 1) = (&merged.renamed, policy.side) {
        for (_, expr) in &mut spec.conditions {
            expr.visit_mut(&mut |expr| match expr {
                Expr::Get(_, name) if name == old => name.clone_from(new),
                Expr::Has(_, names) => {
                    names.iter_mut().filter(|name| *name == old).for_each(|name| name.clone_from(new))
                }
                Expr::Record(fields) => {
                    fields.iter_mut().filter(|(name, _)| name == old).for_each(|(name, _)| name.clone_from(new));
                }
                _ => {}
            });
        }
    }
    if spec.is_open() {
        let value = |slot| Expr::Get(Box::new(Expr::Var(Var::Context)), slot_name(policy, slot));
        let mut scopes = bin(
            Bin::And,
            spec.principal.condition(Var::Principal, Some(&value(0))),
            spec.resource.condition(Var::Resource, Some(&value(1))),
        );
        if case.spec.sides.len() == 2 {
            let mut schema = case.spec.sides[policy.side].schema.clone();
            schema.actions[case.spec.env.1].context.extend(slots.iter().map(slot_field));
            scopes.visit_mut(&mut |expr| settle(expr, &schema, case.spec.env));
        }
        spec.conditions.insert(0, (true, scopes));
        (spec.principal, spec.resource) = (Scope::Any, Scope::Any);
    }
    spec
}

fn model(case: &Case, merged: &Merged, slots: &[Slot]) -> Result<Model, String> {
    let mut schema = merged.schema.clone();
    schema.actions[case.spec.env.1].context.extend(slots.iter().map(slot_field));
    let mut policies: BTreeMap<PolicyRef, Policy> = BTreeMap::new();
    for (side, spec) in case.spec.sides.iter().enumerate() {
        for (index, policy) in spec.policies.iter().enumerate() {
            let at = PolicyRef { side, index };
            // Reading an undeclared slot would be an error: templates that are not asked about stay away.
            if policy.is_open() && !slots.iter().any(|(policy, ..)| *policy == at) {
                continue;
            }
            let made = make(&adapted(case, policy, at, merged, slots), &schema, "p")?;
            let policy = made.policy().expect("no slot is left");
            policies.insert(at, substituted(policy).new_id(PolicyId::new("p")));
        }
    }
    let parsed = parse_schema(&schema.text())?;
    Ok(Model::new(&parsed, &request_env(&schema, case.spec.env), policies))
}
