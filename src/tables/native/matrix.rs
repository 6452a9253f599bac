//! Which actions and principals a row of several decisions is about.

use std::collections::HashSet;

use cedar_policy::{Entities, EntityUid};

use super::expand::Expander;
use super::model::{Listed, Spec};
use crate::data::{Entry, Fault};
use crate::outcome::Decision;
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
        // The members of an enumeration are there whether they are listed or not.
        found.extend(self.shared.vocabulary.members(types.unwrap_or_default()));
        found.sort_by_cached_key(ToString::to_string);
        found.dedup();
        if found.is_empty() {
            // Of an action that takes no such resource, that is said already.
            if types != Some(&[]) {
                faults.push(Fault::new("there is no entity that could be a principal here"));
            }
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

    /// The actions of a matrix, as the row names them, the rest in the order of the store.
    pub(super) fn matrix(
        &self,
        principal: Option<&EntityUid>,
        resource: Option<&EntityUid>,
        allow: Option<&Listed>,
        deny: Option<&Listed>,
        faults: &mut Vec<Fault>,
    ) -> Vec<(EntityUid, Decision)> {
        let vocabulary = self.shared.vocabulary;
        let mut named: Vec<(EntityUid, Decision)> = Vec::new();
        let mut seen = HashSet::new();
        let before = faults.len();
        let sides = [(allow, Decision::Allow), (deny, Decision::Deny)];
        for (listed, decision) in sides {
            let Some(Listed::These(names)) = listed else { continue };
            for said in names {
                let Some(uid) = self.action(said, faults) else { continue };
                if !seen.insert(uid.clone()) {
                    faults.push(Fault::new(format!("`{}` is named twice", inline(&said.value))).at(said.span));
                    continue;
                }
                if let (Some(principal), Some(resource), Some(action), true) =
                    (principal, resource, vocabulary.get(&uid), vocabulary.closed)
                    && !action.takes(principal.type_name(), resource.type_name())
                {
                    let (ours, theirs) = (principal.type_name().to_string(), resource.type_name().to_string());
                    let (what, ours, theirs) = (inline(&said.value), inline(&ours), inline(&theirs));
                    let message = format!("`{what}` does not apply to a {ours} and a {theirs}");
                    faults.push(Fault::new(message).help(action.taken()).at(said.span));
                }
                named.push((uid, decision));
            }
        }
        for (listed, decision) in sides {
            let Some(Listed::Rest(span)) = listed else { continue };
            if !vocabulary.closed {
                faults.push(Fault::new("`rest` needs a schema, which says what actions there are").at(*span));
                continue;
            }
            let (Some(principal), Some(resource)) = (principal, resource) else { continue };
            let rest = vocabulary.actions.iter().filter(|action| {
                action.takes(principal.type_name(), resource.type_name()) && !seen.contains(&action.uid)
            });
            named.extend(rest.map(|action| (action.uid.clone(), decision)));
        }
        if named.is_empty() && faults.len() == before {
            faults.push(Fault::new("this row names no action"));
        }
        named
    }

    /// What a row says of the context has to mean something to some action of its matrix.
    pub(super) fn known_somewhere(&self, spec: &Spec, actions: &[(EntityUid, Decision)], faults: &mut Vec<Fault>) {
        for Entry { value, .. } in &spec.context {
            value.faults(faults);
        }
        if !self.shared.vocabulary.closed || actions.is_empty() {
            return;
        }
        let all = || actions.iter().filter_map(|(uid, _)| self.shared.vocabulary.get(uid)?.context.as_ref()?.fields());
        let has = |name: &str| all().any(|fields| fields.contains_key(name));
        for Entry { key, .. } in spec.context.iter().filter(|entry| !has(&entry.key.value)) {
            let message = format!("none of the actions of this row has `{}` in its context", inline(&key.value));
            let fault = Fault::new(message).at(key.span);
            faults.push(match nearest(&key.value, all().flat_map(|fields| fields.keys().map(String::as_str))) {
                Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                None => fault,
            });
        }
        if let (Some(clock), Some(at)) = (&self.shared.sheet.clock, &spec.at)
            && !has(&clock.attribute.value)
        {
            let name = inline(&clock.attribute.value);
            let message = format!("none of the actions of this row has `{name}`, so `at` changes nothing");
            faults.push(Fault::new(message).at(at.span));
        }
    }

    /// What can be said of a context whose action is not known.
    pub(super) fn context_alone(&self, spec: &Spec, faults: &mut Vec<Fault>) {
        let vocabulary = self.shared.vocabulary;
        for Entry { key, value } in &spec.context {
            value.faults(faults);
            if vocabulary.closed && !vocabulary.has_attribute(&key.value) {
                faults.push(vocabulary.no_attribute(key));
            }
        }
    }
}
