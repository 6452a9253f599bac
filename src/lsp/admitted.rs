//! What the scope of a policy admits of the requests of a schema: which types, which actions, and what these have.

use std::collections::BTreeSet;

use cedar_policy::{EntityTypeName, EntityUid, RequestEnv, Schema};

use crate::repo::cedar::{Attribute, ValueKind, context_attributes, entity_attributes};

/// The types that a scope admits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Admitted {
    /// Of the principal.
    pub(super) principals: BTreeSet<EntityTypeName>,
    /// Actions.
    pub(super) actions: BTreeSet<EntityUid>,
    /// Of the resource.
    pub(super) resources: BTreeSet<EntityTypeName>,
    /// How many request environments there are.
    pub(super) environments: usize,
}

/// What a scope asks of one of its variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bound {
    /// The type that `is` names.
    pub(super) is: Option<String>,
    /// The entities that `==` names.
    pub(super) equal: Option<(String, String)>,
    /// The entities that `in` names.
    pub(super) within: Vec<(String, String)>,
}

impl Admitted {
    /// What `bounds` admit of the requests of `schema`. Where nothing fits, everything does: the scope is not finished.
    pub(super) fn by(schema: &Schema, bounds: &[Bound; 3]) -> Self {
        let fitting = Self::strictly(schema, bounds);
        if fitting.environments > 0 { fitting } else { Self::strictly(schema, &Default::default()) }
    }

    /// The same, nothing where nothing fits.
    pub(super) fn strictly(schema: &Schema, [principal, action, resource]: &[Bound; 3]) -> Self {
        let groups = schema.action_entities().ok();
        let acts = |uid: &EntityUid| {
            let named = |(ty, id): &(String, String)| {
                let above = groups.as_ref().and_then(|groups| groups.ancestors(uid)).into_iter().flatten();
                std::iter::once(uid).chain(above).any(|one| is_called(one, ty, id))
            };
            action.equal.as_ref().is_none_or(|(ty, id)| is_called(uid, ty, id))
                && (action.within.is_empty() || action.within.iter().any(named))
        };
        let admits = |bound: &Bound, ty: &EntityTypeName| {
            let name = ty.to_string();
            let below = |of: &str| {
                name == of || schema.ancestors(ty).into_iter().flatten().any(|above| above.to_string() == of)
            };
            bound.is.as_ref().is_none_or(|is| *is == name)
                && bound.equal.as_ref().is_none_or(|(ty, _)| *ty == name)
                && (bound.within.is_empty() || bound.within.iter().any(|(ty, _)| below(ty)))
        };
        let fits = |one: &RequestEnv| {
            acts(one.action()) && admits(principal, one.principal()) && admits(resource, one.resource())
        };
        let mut admitted = Self::default();
        for environment in schema.request_envs().filter(fits) {
            admitted.principals.insert(environment.principal().clone());
            admitted.actions.insert(environment.action().clone());
            admitted.resources.insert(environment.resource().clone());
            admitted.environments += 1;
        }
        admitted
    }

    /// The attributes of what `way` leads to, each once, with what declares them as differences of schemas are called;
    /// and the kinds of values it leads to.
    pub(super) fn at(&self, schema: &Schema, way: &[String]) -> (Vec<(String, Attribute)>, Vec<ValueKind>) {
        let Some((first, rest)) = way.split_first() else { return Default::default() };
        let of_type = |ty: &EntityTypeName| (ty.to_string(), ValueKind::Entity(ty.clone()));
        let mut here: Vec<(String, ValueKind)> = match first.as_str() {
            "principal" => self.principals.iter().map(of_type).collect(),
            "resource" => self.resources.iter().map(of_type).collect(),
            "context" => (self.actions.iter())
                .filter_map(|uid| Some((uid, context_attributes(schema, uid)?)))
                .map(|(uid, attributes)| (format!("{uid} context"), ValueKind::Record(attributes)))
                .collect(),
            named => named.strip_suffix("::").and_then(|ty| ty.parse().ok()).iter().map(of_type).collect(),
        };
        for step in rest {
            let next = here.iter().flat_map(|(owner, kind)| {
                let found = attributes(schema, owner, kind).into_iter().filter(|(_, one)| one.name == *step);
                found.map(|(owner, one)| {
                    let name = format!("{owner}.{}", one.name);
                    match &one.kind {
                        ValueKind::Entity(ty) => (ty.to_string(), one.kind.clone()),
                        _ => (name, one.kind),
                    }
                })
            });
            let next: Vec<_> = next.collect();
            here = next;
            here.dedup();
        }
        let mut found: Vec<(String, Attribute)> = Vec::new();
        for (owner, one) in here.iter().flat_map(|(owner, kind)| attributes(schema, owner, kind)) {
            if !found.iter().any(|(_, known)| (&known.name, &known.ty) == (&one.name, &one.ty)) {
                found.push((owner, one));
            }
        }
        (found, here.into_iter().map(|(_, kind)| kind).collect())
    }
}

fn attributes(schema: &Schema, owner: &str, kind: &ValueKind) -> Vec<(String, Attribute)> {
    let all = match kind {
        ValueKind::Entity(ty) => entity_attributes(schema, ty).map(|(all, _)| all).unwrap_or_default(),
        ValueKind::Record(all) => all.clone(),
        ValueKind::Plain | ValueKind::Set | ValueKind::Extension(_) => Vec::new(),
    };
    all.into_iter().map(|one| (owner.to_owned(), one)).collect()
}

fn is_called(uid: &EntityUid, ty: &str, id: &str) -> bool {
    AsRef::<str>::as_ref(uid.id()) == id && uid.type_name().to_string() == ty
}

#[cfg(test)]
mod tests {
    use super::super::cursor::{Cursor, Wanted};
    use super::*;

    fn schema() -> Schema {
        let text = "entity Team; entity User in [Team] { boss: User, home: { city: String, \"zip code\"?: Long } };\n\
                    entity Doc { owner: User }; action all; action read in [all] APPLIES; action write APPLIES;";
        let applies = "appliesTo { principal: User, resource: [Doc, Team], context: { mfa: Bool } }";
        Schema::from_cedarschema_str(&text.replace("APPLIES", applies)).unwrap().0
    }

    /// What may be typed at the `|`.
    fn names(text: &str) -> Vec<String> {
        let schema = schema();
        let at = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let cursor = Cursor::new(&text, at);
        let Wanted::Attribute { way, .. } = cursor.wanted() else { panic!("{text}: {:?}", cursor.wanted()) };
        let admitted = Admitted::by(&schema, &cursor.scope().unwrap_or_default());
        admitted.at(&schema, &way).0.into_iter().map(|(_, one)| one.name).collect()
    }

    #[test]
    fn attributes_are_those_of_what_the_scope_admits() {
        let policy = |scope: &str, rest: &str| format!("permit ({scope}) when {{ {rest}");
        for (scope, rest, wanted) in [
            ("principal, action, resource is Doc", "resource.|", &["owner"][..]),
            ("principal, action, resource is Team", "resource.| };", &[]),
            ("principal, action, resource == Doc::\"d\"", "resource.ow| == principal };", &["owner"]),
            ("principal in Team::\"t\", action, resource", "principal.boss.boss.|", &["boss", "home"]),
            ("principal, action, resource", "principal.home.|", &["city", "zip code"]),
            ("principal, action, resource", "principal[\"home\"].|", &["city", "zip code"]),
            ("principal, action, resource", "principal[\"|\"]", &["boss", "home"]),
            ("principal, action, resource", "(principal.boss).home.|", &["city", "zip code"]),
            ("principal, action, resource", "principal has |", &["boss", "home"]),
            ("principal, action, resource", "principal has home.|", &["city", "zip code"]),
            ("principal, action in Action::\"all\", resource", "context.|", &["mfa"]),
            ("principal, action, resource", "User::\"ann\".boss.|", &["boss", "home"]),
            // What is typed so far admits nothing, so that everything is admitted.
            ("principal is Nobody, action, resource is Doc", "principal.|", &["boss", "home"]),
            ("principal, action, resource", "principal.nothing.|", &[]),
        ] {
            assert_eq!(names(&policy(scope, rest)), wanted, "{scope} {rest}");
        }
        // The policy before it is not finished, and one follows.
        let text = "permit (principal, action, resource is Team) when { true }\npermit (principal, action, resource is Doc)\n\
                    when { resource.| }\n@id(\"x\") forbid (principal, action, resource);";
        assert_eq!(names(text), ["owner"]);
    }

    #[test]
    fn environments_are_those_that_the_scope_admits() {
        let count = |scope: &str| {
            let text = format!("permit ({scope}) ");
            let bounds = Cursor::new(&text, text.len()).scope().unwrap();
            Admitted::strictly(&schema(), &bounds).environments
        };
        for (scope, wanted) in [
            ("principal, action, resource", 4),
            ("principal, action == Action::\"read\", resource", 2),
            ("principal, action in Action::\"all\", resource is Doc", 1),
            ("principal == ?principal, action in [Action::\"read\", Action::\"write\"], resource in ?resource", 4),
            ("principal == Team::\"t\", action, resource", 0),
            ("principal is User in Team::\"t\", action, resource in Team::\"t\"", 2),
        ] {
            assert_eq!(count(scope), wanted, "{scope}");
        }
    }
}
