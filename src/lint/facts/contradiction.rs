//! Why a policy matches nothing: the parts of its condition that are enough.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::RequestEnv;

use super::members::{Member, MemberKind};
use crate::repo::cedar::Part;
use crate::symbolic::{CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Status, Subject};
use crate::text::Span;

/// Longer conditions are not taken apart.
const MAX_PARTS: usize = 40;
/// Nor are those of policies for more environments.
const MAX_ENVIRONMENTS: usize = 12;

/// The places of a smallest set of operands (none can be left out) that exclude each other under the scope of `member`;
/// empty when the scope alone does, `None` when that was not found out.
pub(in crate::lint) fn find_contradiction(
    member: &Member<'_>,
    schema: &Arc<SchemaModel>,
    environments: &[&RequestEnv],
) -> Option<Vec<Span>> {
    let policy = member.policy;
    let parts = policy.body.parts(policy.base);
    let body = match member.kind {
        MemberKind::Static => Cow::Borrowed(&policy.body),
        // What no link to it can match.
        MemberKind::Template => Cow::Owned(policy.body.opened(member.effect)?),
        // Its entities stand in another file.
        MemberKind::Link => return None,
    };
    if parts.len() > MAX_PARTS || environments.len() > MAX_ENVIRONMENTS {
        return None;
    }
    let impossible = |parts: &[&Part]| {
        let policy = body.with_parts("part", parts.iter().copied())?;
        let policies = CompiledPolicies::new(Arc::clone(schema), vec![Subject::policy(&policy)]);
        let whole = PolicyRef { side: 0, index: 0 };
        let dead = |environment: &&RequestEnv| {
            let mut session = Session::new(&policies, environment);
            match session.status(whole) {
                Status::OutOfScope => true,
                Status::SetAside(_) => false,
                Status::Applies => session.check(&Formula::Matches(whole)).is_impossible(),
            }
        };
        Some(environments.iter().all(dead))
    };
    let mut kept: Vec<&Part> = parts.iter().collect();
    if !impossible(&kept)? {
        return None;
    }
    for part in &parts {
        let fewer: Vec<&Part> = kept.iter().copied().filter(|other| !std::ptr::eq(*other, part)).collect();
        if impossible(&fewer)? {
            kept = fewer;
        }
    }
    kept.iter().map(|part| part.span).collect()
}
