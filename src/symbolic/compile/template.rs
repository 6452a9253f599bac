//! Templates: what may stand in their slots, and policies with entities written there.

use std::collections::HashMap;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, RequestEnv, SlotId, Template};
use cedar_policy_symcc::SymEnv;

use super::schema::SchemaModel;
use super::scope::{Slot, principal_slot, resource_slot};
use super::variant::{SlotValue, Variant, compile};
use crate::symbolic::reason::SetAsideReason;

/// The template as terms, for each choice of what may stand in its slots.
///
/// # Errors
/// When one of them cannot be compiled.
pub(super) fn variants(
    template: &Template,
    schema: &SchemaModel,
    environment: &RequestEnv,
    symbols: &SymEnv,
) -> Result<Vec<Variant>, SetAsideReason> {
    let principals = types_for_slot(schema, principal_slot(template).1, environment.principal());
    let resources = types_for_slot(schema, resource_slot(template).1, environment.resource());
    let text = template.to_string();
    let mut variants = Vec::new();
    for principal in &principals {
        for resource in &resources {
            let slots = [(SlotId::principal(), principal), (SlotId::resource(), resource)];
            for row in rows(schema, slots, &text) {
                let values = row.iter().map(|value| (value.slot.clone(), value.entity.clone())).collect();
                variants.push(compile(&fill(template, &values)?, schema, environment, symbols, row)?);
            }
        }
    }
    Ok(variants)
}

/// The types of what may stand in a slot of a variable of type `ty`; `None` where there is no slot.
fn types_for_slot(schema: &SchemaModel, slot: Slot, ty: &EntityTypeName) -> Vec<Option<EntityTypeName>> {
    match slot {
        Slot::None => vec![None],
        Slot::Equals => vec![Some(ty.clone())],
        Slot::Holds => schema.types.keys().filter(|group| schema.can_be_in(ty, group)).cloned().map(Some).collect(),
    }
}

/// Every way to fill the slots that have a type.
fn rows(schema: &SchemaModel, slots: [(SlotId, &Option<EntityTypeName>); 2], text: &str) -> Vec<Vec<SlotValue>> {
    let mut filled: Vec<Vec<SlotValue>> = vec![Vec::new()];
    for (slot, ty) in slots.into_iter().filter_map(|(slot, ty)| Some((slot, ty.as_ref()?))) {
        let mut longer = Vec::new();
        for row in &filled {
            for value in entities_for_slot(schema, &slot, ty, text) {
                let mut row = row.clone();
                row.push(value);
                longer.push(row);
            }
        }
        filled = longer;
    }
    filled
}

/// What to write for a slot: each entity of an enumerated type, else one marker that the template's text does not hold
/// and that stands for any entity of the type.
fn entities_for_slot(schema: &SchemaModel, slot: &SlotId, ty: &EntityTypeName, text: &str) -> Vec<SlotValue> {
    let value = |id: &str, marker: bool| {
        let entity = EntityUid::from_type_name_and_id(ty.clone(), EntityId::new(id));
        SlotValue { slot: slot.clone(), entity, marker }
    };
    if let Some(choices) = schema.types.get(ty).and_then(|model| model.choices.as_ref()) {
        return choices.iter().map(|id| value(id, false)).collect();
    }
    let mut marker = format!("{slot}?");
    while text.contains(&marker) {
        marker.push('?');
    }
    vec![value(&marker, true)]
}

/// Cedar's policy with the values of its slots written in their place.
pub(super) fn substituted(policy: &Policy) -> Result<Policy, SetAsideReason> {
    let json = policy.to_json().map_err(slots)?;
    Policy::from_json(Some(policy.id().clone()), json).map_err(slots)
}

/// The template with `values` written in the place of its slots.
pub(super) fn fill(template: &Template, values: &HashMap<SlotId, EntityUid>) -> Result<Policy, SetAsideReason> {
    let mut set = PolicySet::new();
    set.add_template(template.clone()).map_err(slots)?;
    let id = PolicyId::new("link");
    let needed = template.slots().filter_map(|slot| Some((slot.clone(), values.get(slot)?.clone()))).collect();
    set.link(template.id().clone(), id.clone(), needed).map_err(slots)?;
    let policy = set.policy(&id).ok_or_else(|| SetAsideReason::Slots("the link was not made".to_owned()))?;
    substituted(policy)
}

fn slots(error: impl std::fmt::Display) -> SetAsideReason {
    SetAsideReason::Slots(error.to_string())
}

/// The entities that the template names outside of its slots.
pub(super) fn literals(template: &Template) -> Vec<EntityUid> {
    // Something has to stand in the slots to have the rest read.
    let Ok(ty) = "Nobody".parse::<EntityTypeName>() else { return Vec::new() };
    let nobody = EntityUid::from_type_name_and_id(ty, EntityId::new(""));
    let values = template.slots().map(|slot| (slot.clone(), nobody.clone())).collect();
    let mut literals = fill(template, &values).map(|policy| policy.entity_literals()).unwrap_or_default();
    literals.retain(|uid| *uid != nobody);
    literals
}
