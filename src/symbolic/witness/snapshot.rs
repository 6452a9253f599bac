//! The last model of a solver, by where its values stand.

use std::collections::HashMap;

use crate::symbolic::encode::{Origin, PathId, PlaceId, Places, Space, SpaceKey};
use crate::symbolic::solve::{SessionPolicies, Solver};
use crate::symbolic::theory::model::{Concrete, Model};

/// The class of an entity that is only there because something has to be.
pub(super) const ANY: usize = usize::MAX;

/// The last model of a solver.
pub(super) struct Snapshot<'r, 'a> {
    pub(super) solver: &'r Solver<'a>,
    pub(super) model: Model<'r, 'a>,
    by_group: HashMap<(PathId, Vec<Concrete>), Vec<PlaceId>>,
}

impl<'r, 'a> Snapshot<'r, 'a> {
    /// The last model of `solver`.
    pub(super) fn new(solver: &'r Solver<'a>) -> Self {
        let model = Model::new(&solver.encoding.encoder);
        let mut by_group: HashMap<(PathId, Vec<Concrete>), Vec<PlaceId>> = HashMap::new();
        for (id, _) in solver.encoding.encoder.places.all() {
            by_group.entry(model.group(id)).or_default().push(id);
        }
        Self { solver, model, by_group }
    }

    /// The policies of the session.
    pub(super) fn policies(&self) -> &'r SessionPolicies<'a> {
        &self.solver.encoding.policies
    }

    /// The places of the session.
    pub(super) fn places(&self) -> &'r Places {
        &self.solver.encoding.encoder.places
    }

    /// The space, if anything was asked of it.
    pub(super) fn space(&self, key: &SpaceKey) -> Option<&'r Space> {
        self.solver.encoding.encoder.spaces.get(key)
    }

    /// The places of `path` with these arguments.
    pub(super) fn group(&self, path: PathId, arguments: &[Concrete]) -> &[PlaceId] {
        self.by_group.get(&(path, arguments.to_vec())).map_or(&[], Vec::as_slice)
    }

    /// The bits known at these places.
    pub(super) fn bits(&self, path: PathId, arguments: &[Concrete]) -> Option<Concrete> {
        let mut known = self.group(path, arguments).iter().filter_map(|id| self.places()[*id].bits.as_ref());
        known.next().map(|bits| self.model.number(bits))
    }

    /// The class at a place without arguments.
    pub(super) fn class(&self, path: Option<PathId>) -> Option<usize> {
        match path.and_then(|path| self.bits(path, &[])) {
            Some(Concrete::Number(class, _)) => Some(usize::try_from(class).unwrap_or(ANY)),
            Some(Concrete::Option(_) | Concrete::Record(_) | Concrete::Set(_)) | None => None,
        }
    }

    /// The class of the principal or resource: one that nothing was asked of is different from all others.
    pub(super) fn request_class(&self, origin: &Origin) -> usize {
        let path = self.places().find_root(origin, 0).or_else(|| self.places().find_root(origin, 1));
        let unasked = if *origin == Origin::Principal { ANY - 1 } else { ANY - 2 };
        self.class(path).unwrap_or(unasked)
    }
}
