//! Bodies of requests to Amazon Verified Permissions and to AgentCore, as people keep them for the command line:
//! policies, templates, links and schemas.

use std::sync::Arc;

use super::aws::{self, Known, Target, Values, any};
use super::documents::documents;
use super::fill::Filled;
use super::spec::{Carried, Home, Neighbours, Read, Role, Spec, speaks_cedar};
use crate::data::Item;
use crate::text::SourceFile;
use crate::text::tokens::words;

pub(super) const SPEC: Spec = Spec {
    name: "a request to Amazon Verified Permissions",
    endings: &[".json", ".yaml", ".yml"],
    marks: &["statement", "cedarJson", "cedarFormat", "templateLinked"],
    is_text: true,
    read: Read::File(read),
};

fn read(file: &Arc<SourceFile>, _: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    if let Some(fault) = fault {
        // Other files have such words as well: what shows that it is ours is a policy in it.
        let named = ["static", "policyStoreId", "policyTemplateId"].iter().any(|key| file.text().contains(key));
        return (named && speaks_cedar(file.text())).then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let mut carried = Carried::of(file);
    for root in &found {
        let listed =
            root.get("policies").or_else(|| root.get("policyTemplates")).map_or(root.items(), |list| list.items());
        add(&mut carried, root, stem(file.name()), file.text(), false);
        // Beside a policy of the service, what is written as one is one, whatever stands in it.
        let sure = listed.iter().any(|item| is_policy(item));
        for (at, item) in listed.iter().enumerate() {
            add(&mut carried, item, &format!("{}-{}", stem(file.name()), at + 1), file.text(), sure);
        }
    }
    carried.if_any()
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn is_cedar(item: &Item) -> bool {
    item.text().is_some_and(|text| words(text).any(|word| matches!(word, "permit" | "forbid")))
}

fn definition(body: &Item) -> &Item {
    body.get("definition").map_or(body, |definition| definition)
}

/// Whether `body` is that of a policy in which Cedar stands.
fn is_policy(body: &Item) -> bool {
    aws::statement(definition(body)).is_some_and(|statement| is_cedar(statement))
}

/// Adds what `body` holds; where it is `sure` that it is the service's, also what is no Cedar by its words.
fn add(carried: &mut Carried, body: &Item, fallback: &str, source: &str, sure: bool) {
    let values = Plain { source };
    let named = ["name", "policyId", "policyTemplateId"].iter().find_map(|key| body.text_of(key));
    let name = named.filter(|name| !name.is_empty()).unwrap_or(fallback);
    let to = |what| Target { what, name, home: &Home::Around };
    let sure = sure || body.get("policyStoreId").is_some();
    let definition = definition(body);
    if aws::statement(definition).is_some_and(|statement| sure || is_cedar(statement))
        || aws::template_linked(definition).is_some_and(|linked| linked.get("policyTemplateId").is_some())
    {
        aws::add_definition(carried, &to("policy"), definition, &values);
    } else if any(definition, &["cedarJson", "cedarFormat"]).is_some_and(|schema| schema.text().is_some()) {
        aws::add_schema(carried, &to("schema"), definition, &values);
    } else if let Some(statement) = body.get("statement").filter(|statement| is_cedar(statement))
        && any(body, &["policyStoreId", "policyTemplateId"]).is_some()
    {
        aws::add_text(carried, &to("template"), Role::Policies, statement, &values);
    }
}

struct Plain<'s> {
    source: &'s str,
}

impl Values for Plain<'_> {
    fn text(&self, item: &Item) -> Known<Filled> {
        let text = item.mapped(self.source).ok_or_else(|| (item.span, "it is no text".to_owned()))?;
        Ok(Filled::whole(text))
    }

    /// A template is named by the id that the service gave it, which is that of a file that was written with it.
    fn reference(&self, item: &Item) -> Option<String> {
        item.text().map(str::to_owned)
    }
}
