//! Types by number, so that values are small.

use std::collections::BTreeMap;

use cedar_policy_symcc::term_type::TermType;

use super::ids::TypeId;

/// The types that values of an encoding have.
#[derive(Debug, Default)]
pub(super) struct Types {
    ids: BTreeMap<TermType, TypeId>,
    types: Vec<TermType>,
}

impl Types {
    /// The number of a type.
    pub(super) fn id(&mut self, ty: &TermType) -> TypeId {
        if let Some(id) = self.ids.get(ty) {
            return *id;
        }
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(ty.clone());
        self.ids.insert(ty.clone(), id);
        id
    }

    /// The type with that number.
    pub(super) fn get(&self, id: TypeId) -> &TermType {
        self.types.get(id.0 as usize).unwrap_or(&TermType::Bool)
    }
}
