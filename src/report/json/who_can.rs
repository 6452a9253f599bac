//! Who may do what, for programs: every request, and those who stand together.

use serde::Serialize;

use crate::outcome::{Access, WhoCan};
use crate::report::access::each;

/// So many requests are listed; those who stand together always are.
pub(super) const LISTED: usize = 100_000;

/// Keys of a run that asked who may do what.
#[derive(Serialize)]
pub(super) struct WhoCanOut<'a> {
    who_can: Vec<RequestOut<'a>>,
    who_can_complete: bool,
    who_can_stores: Vec<StoreOut<'a>>,
    who_can_groups: Vec<GroupOut<'a>>,
}

#[derive(Serialize)]
struct RequestOut<'a> {
    store: &'a str,
    principal: &'a str,
    action: &'a str,
    resource: &'a str,
    #[serde(flatten)]
    now: AccessOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<AccessOut<'a>>,
}

#[derive(Serialize)]
struct AccessOut<'a> {
    decision: &'static str,
    condition: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    when: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    unless: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<bool>,
}

#[derive(Serialize)]
struct StoreOut<'a> {
    store: &'a str,
    by_type: bool,
    answered: bool,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    store: &'a str,
    by_type: bool,
    principals: Vec<&'a str>,
    actions: Vec<&'a str>,
    resources: Vec<&'a str>,
    #[serde(flatten)]
    now: AccessOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<AccessOut<'a>>,
}

fn access(access: &Access) -> AccessOut<'_> {
    let condition = access.condition();
    AccessOut {
        decision: access.as_str(),
        condition: condition.map(crate::outcome::AccessCondition::text),
        when: condition.map_or(&[], |condition| &condition.when),
        unless: condition.map_or(&[], |condition| &condition.unless),
        shown: condition.map(|condition| condition.shown),
    }
}

pub(super) fn who_can(who_can: &WhoCan) -> WhoCanOut<'_> {
    let mut requests = Vec::new();
    each(who_can, LISTED, &mut |store, [principal, action, resource], group| {
        let (now, before) = (access(&group.now), group.before.as_ref().map(access));
        requests.push(RequestOut { store, principal, action, resource, now, before });
    });
    let all = || who_can.stores.iter().flat_map(|store| store.groups.iter().map(move |group| (store, group)));
    let total: usize = all().map(|(_, group)| group.requests()).sum();
    let groups = all().map(|(store, group)| GroupOut {
        store: &store.store,
        by_type: store.by_type,
        principals: group.principals.iter().collect(),
        actions: group.actions.iter().collect(),
        resources: group.resources.iter().collect(),
        now: access(&group.now),
        before: group.before.as_ref().map(access),
    });
    let stores = who_can.stores.iter();
    WhoCanOut {
        who_can_complete: total == requests.len() && stores.clone().all(|store| store.answered),
        who_can: requests,
        who_can_stores: stores
            .map(|one| StoreOut { store: &one.store, by_type: one.by_type, answered: one.answered })
            .collect(),
        who_can_groups: groups.collect(),
    }
}
