//! Entities by number: attributes, tags and what they are in.

use cedar_policy_core::ast::PartialValue;
use cedar_policy_core::entities::Entities;

use super::value::{Field, Pool, Value};

/// What an entity holds, names and ancestors in ascending order of their numbers.
#[derive(Debug, Default)]
pub(in crate::decide) struct Known {
    attributes: Box<[Field]>,
    tags: Box<[Field]>,
    above: Box<[u32]>,
}

/// The entities that there are, by number.
#[derive(Debug, Default)]
pub(in crate::decide) struct World {
    entities: Vec<Option<Known>>,
}

/// Names and values by number; `None` where one is not known.
fn fields<'e, N: AsRef<str> + 'e>(
    all: impl Iterator<Item = (&'e N, &'e PartialValue)>,
    pool: &mut Pool,
) -> Option<Box<[Field]>> {
    let mut fields: Vec<Field> = Vec::new();
    for (name, value) in all {
        fields.push((pool.add_text(name.as_ref()), pool.add_partial(value)?));
    }
    fields.sort_unstable_by_key(|(name, _)| *name);
    Some(fields.into())
}

/// The value of the field called `name`.
pub(super) fn field(fields: &[Field], name: u32) -> Option<Value> {
    let at = fields.binary_search_by_key(&name, |(name, _)| *name).ok()?;
    fields.get(at).map(|(_, value)| *value)
}

impl World {
    /// The world of `entities`; `None` where one of them holds something unknown.
    pub(super) fn new(entities: &Entities, pool: &mut Pool) -> Option<Self> {
        let mut all: Vec<_> = entities.iter().collect();
        // Numbers do not hang on the order in which a hash table gives things.
        all.sort_unstable_by(|one, other| one.uid().cmp(other.uid()));
        let mut world = Self::default();
        let present: Vec<u32> = all.iter().map(|entity| pool.add_entity(entity.uid())).collect();
        let mut known = Vec::with_capacity(all.len());
        for entity in &all {
            let attributes = fields(entity.attrs(), pool)?;
            let tags = fields(entity.tags(), pool)?;
            let mut above: Vec<u32> = entity.ancestors().map(|uid| pool.add_entity(uid)).collect();
            above.sort_unstable();
            known.push(Known { attributes, tags, above: above.into_boxed_slice() });
        }
        world.entities.resize_with(usize::try_from(pool.entity_count()).ok()?, || None);
        for (number, known) in present.iter().zip(known) {
            if let Some(place) = usize::try_from(*number).ok().and_then(|at| world.entities.get_mut(at)) {
                *place = Some(known);
            }
        }
        Some(world)
    }

    fn known(&self, entity: u32) -> Option<&Known> {
        self.entities.get(usize::try_from(entity).ok()?)?.as_ref()
    }

    /// Whether it is known what `entity` has and is in.
    pub(super) fn holds(&self, entity: u32) -> bool {
        self.known(entity).is_some()
    }

    pub(super) fn attribute(&self, entity: u32, name: u32) -> Option<Value> {
        field(&self.known(entity)?.attributes, name)
    }

    pub(super) fn tag(&self, entity: u32, name: u32) -> Option<Value> {
        field(&self.known(entity)?.tags, name)
    }

    /// What an entity is in, in ascending order, itself left out.
    pub(in crate::decide) fn above(&self, entity: u32) -> &[u32] {
        self.known(entity).map_or(&[], |known| &known.above)
    }

    /// Whether `entity` is `group` or in it.
    pub(in crate::decide) fn is_in(&self, entity: u32, group: u32) -> bool {
        entity == group || self.above(entity).binary_search(&group).is_ok()
    }
}
