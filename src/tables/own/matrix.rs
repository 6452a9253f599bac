//! Which actions and principals a row of several decisions is about.

use cedar_policy::{Entities, EntityUid};

use super::expand::Expander;
use super::model::{Listed, Spec};
use super::vocabulary::Action;
use crate::outcome::Decision;
use crate::repo::tree::{Entry, Fault};
use crate::text::{inline, nearest};

impl Expander<'_> {
    /// The principals to ask for, sorted.
    pub(super) fn candidates(
        &self,
        action: &EntityUid,
        resource: &EntityUid,
        entities: &Entities,
        faults: &mut Vec<Fault>,
    ) -> Vec<EntityUid> {
        let known = self.shared.vocabulary.get(action).filter(|_| self.shared.vocabulary.closed);
        let types = known.map(|action| action.principals(resource.type_name()));
        let fits = |uid: &EntityUid| match types {
            Some(types) => types.contains(uid.type_name()),
            None => uid.type_name().basename() != "Action",
        };
        let mut found: Vec<_> = entities.iter().map(cedar_policy::Entity::uid).filter(fits).collect();
        found.sort_by_key(ToString::to_string);
        if found.is_empty() {
            let message = match types {
                Some([]) => {
                    let ty = resource.type_name().to_string();
                    format!("{} does not apply to a {}", inline(&action.to_string()), inline(&ty))
                }
                _ => "there is no entity that could be a principal here".to_owned(),
            };
            faults.push(Fault::new(message));
        }
        found
    }

    /// How a matrix's cell names `action`.
    pub(super) fn short(&self, action: &EntityUid) -> String {
        let id: &str = action.id().as_ref();
        match self.shared.vocabulary.action(id) {
            Ok(_) => id.to_owned(),
            Err(_) => action.to_string(),
        }
    }

    /// The actions of a matrix, in the order of the store.
    pub(super) fn matrix(
        &self,
        principal: &EntityUid,
        resource: &EntityUid,
        allow: Option<&Listed>,
        deny: Option<&Listed>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(EntityUid, Decision)> {
        let mut named: Vec<(EntityUid, Decision)> = Vec::new();
        let sides = [(allow, Decision::Allow), (deny, Decision::Deny)];
        for (listed, decision) in sides {
            let Some(Listed::These(names)) = listed else { continue };
            for said in names {
                let Some(uid) = self.action(said, faults) else { continue };
                let known = self.shared.vocabulary.get(&uid).filter(|_| self.shared.vocabulary.closed);
                if known.is_some_and(|action| !action.takes(principal.type_name(), resource.type_name())) {
                    let (ours, theirs) = (principal.type_name().to_string(), resource.type_name().to_string());
                    let message = format!(
                        "`{}` does not apply to a {} and a {}",
                        inline(&said.value),
                        inline(&ours),
                        inline(&theirs)
                    );
                    faults.push(Fault::new(message).at(said.span));
                } else if named.iter().any(|(other, _)| *other == uid) {
                    faults.push(Fault::new(format!("`{}` is named twice", inline(&said.value))).at(said.span));
                } else {
                    named.push((uid, decision));
                }
            }
        }
        for (listed, decision) in sides {
            let Some(Listed::Rest(span)) = listed else { continue };
            if !self.shared.vocabulary.closed {
                faults.push(Fault::new("`rest` needs a schema, which says what actions there are").at(*span));
                continue;
            }
            let takes = |action: &&Action| action.takes(principal.type_name(), resource.type_name());
            let all: Vec<_> = self.shared.vocabulary.actions.iter().filter(takes).map(|action| &action.uid).collect();
            let rest = all.into_iter().filter(|uid| !named.iter().any(|(other, _)| other == *uid)).cloned();
            let rest: Vec<_> = rest.map(|uid| (uid, decision)).collect();
            named.extend(rest);
        }
        if named.is_empty() && faults.is_empty() {
            faults.push(Fault::new("this row names no action"));
        }
        named
    }

    /// A row's own attribute has to be one of some action of its matrix.
    pub(super) fn known_somewhere(&self, spec: &Spec, actions: &[(EntityUid, Decision)], faults: &mut Vec<Fault>) {
        if !self.shared.vocabulary.closed {
            return;
        }
        let all = || actions.iter().filter_map(|(uid, _)| self.shared.vocabulary.get(uid)?.context.as_ref()?.fields());
        for Entry { key, .. } in &spec.context {
            if !all().any(|fields| fields.contains_key(&key.value)) {
                let message = format!("none of the actions of this row has `{}` in its context", inline(&key.value));
                let fault = Fault::new(message).at(key.span);
                faults.push(match nearest(&key.value, all().flat_map(|fields| fields.keys().map(String::as_str))) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
            }
        }
    }
}
