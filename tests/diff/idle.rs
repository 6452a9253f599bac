//! Policies that changed and change no decision: whether both versions say the same, and whether they keep other
//! changes from doing more, against Cedar's authorizer with the one policy taken back.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use tempfile::TempDir;

use crate::common::{json, write};

const SCHEMA: &str =
    "entity User; entity Doc; action view, edit appliesTo { principal: User, resource: Doc, context: { n: Long } };";

/// More than every limit of the policies.
const VALUES: i64 = 14;

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn policy(id: usize, chance: &mut Chance) -> String {
    let effect = if chance.below(3) == 0 { "forbid" } else { "permit" };
    let action = ["action", "action == Action::\"view\"", "action == Action::\"edit\""][chance.below(3) as usize];
    let (from, to) = (chance.below(8), chance.below(12));
    format!(
        "@id(\"p{id}\")\n{effect} (principal, {action}, resource) when {{ context.n >= {from} && context.n < {to} }};\n"
    )
}

fn edited(text: &str, chance: &mut Chance) -> String {
    let (head, _) = text.split_once("&& context.n <").unwrap();
    format!("{head}&& context.n < {} }};\n", chance.below(12))
}

fn decisions(policies: impl Iterator<Item = String>) -> Vec<Decision> {
    let set: PolicySet = policies.collect::<String>().parse().unwrap();
    let mut all = Vec::new();
    for action in ["view", "edit"] {
        for n in 0..VALUES {
            let context = Context::from_json_value(serde_json::json!({ "n": n }), None).unwrap();
            let uid = |text: &str| text.parse().unwrap();
            let action = uid(&format!("Action::\"{action}\""));
            let request = Request::new(uid("User::\"u\""), action, uid("Doc::\"d\""), context, None).unwrap();
            all.push(Authorizer::new().is_authorized(&request, &set, &Entities::empty()).decision());
        }
    }
    all
}

#[test]
fn what_is_said_of_idle_changes_is_what_the_authorizer_says() {
    let mut chance = Chance(7);
    let mut seen: BTreeMap<(bool, bool, bool), usize> = BTreeMap::new();
    for _ in 0..60 {
        let old: Vec<String> = (0..5).map(|id| policy(id, &mut chance)).collect();
        let new: Vec<String> = old
            .iter()
            .map(|text| if chance.below(2) == 0 { edited(text, &mut chance) } else { text.clone() })
            .collect();
        let dir = TempDir::new().unwrap();
        for (side, policies) in [("old", &old), ("new", &new)] {
            let (schema, file) = (format!("{side}/app.cedarschema"), format!("{side}/p.cedar"));
            write(dir.path(), &[(schema.as_str(), SCHEMA), (file.as_str(), &policies.concat())]);
        }
        let (report, _) = json(dir.path(), &["diff", "--files", "old", "new"]);
        for idle in report["text_changes"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|store| store["without_effect"].as_array().unwrap().clone())
        {
            let name = idle["policy"].as_str().unwrap();
            let at = (0..old.len()).find(|id| name.ends_with(&format!("p{id}"))).unwrap();
            let now = decisions(new.iter().cloned());
            let back =
                decisions(new.iter().enumerate().map(|(id, text)| if id == at { &old[id] } else { text }).cloned());
            let kept = |decision| now.iter().zip(&back).any(|(now, back)| *now == decision && now != back);
            let alone = |text: &String| decisions([text.replace("forbid", "permit")].into_iter());
            let expected = (alone(&old[at]) == alone(&new[at]), kept(Decision::Allow), kept(Decision::Deny));
            let said = ["same_meaning", "keeps_allowed", "keeps_refused"].map(|key| idle[key].as_bool());
            assert_eq!(said, [Some(expected.0), Some(expected.1), Some(expected.2)], "{name}:\n{old:#?}\n{new:#?}");
            *seen.entry(expected).or_default() += 1;
        }
    }
    // Every kind of it was among them but the rare one that keeps both.
    for kind in [(true, false, false), (false, false, false), (false, true, false), (false, false, true)] {
        assert!(seen.contains_key(&kind), "{seen:?}");
    }
}
