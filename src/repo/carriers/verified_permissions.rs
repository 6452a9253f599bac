//! Bodies of requests to Amazon Verified Permissions and to AgentCore, as people keep them for the command line:
//! policies, templates, links and schemas.

use std::sync::Arc;

use super::aws::{self, Known, Target, Values, any};
use super::fill::Filled;
use super::spec::{Carried, Home, Neighbours, Role, Spec, documents};
use crate::data::Item;
use crate::text::SourceFile;
use crate::text::tokens::words;

pub(super) const SPEC: Spec = Spec {
    name: "a request to Amazon Verified Permissions",
    endings: &[".json", ".yaml", ".yml"],
    marks: &["statement", "cedarJson", "cedarFormat", "templateLinked"],
    read,
};

fn read(files: &[Arc<SourceFile>], _: &dyn Neighbours) -> Vec<Carried> {
    files.iter().filter_map(read_file).collect()
}

fn read_file(file: &Arc<SourceFile>) -> Option<Carried> {
    let (found, fault) = documents(file);
    // What cannot be read shows nothing that is this service's alone.
    if fault.is_some() {
        return None;
    }
    let mut carried = Carried::of(file);
    for root in &found {
        let listed =
            root.get("policies").or_else(|| root.get("policyTemplates")).map_or(root.items(), |list| list.items());
        add(&mut carried, root, stem(file.name()), file.text());
        for (at, item) in listed.iter().enumerate() {
            add(&mut carried, item, &format!("{}-{}", stem(file.name()), at + 1), file.text());
        }
    }
    carried.if_any()
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn add(carried: &mut Carried, body: &Item, fallback: &str, source: &str) {
    let values = Plain { source };
    let named = ["name", "policyId", "policyTemplateId"].iter().find_map(|key| body.text_of(key));
    let name = named.filter(|name| !name.is_empty()).unwrap_or(fallback);
    let to = |what| Target { what, name, home: &Home::Around };
    let definition: &Item = body.get("definition").map_or(body, |definition| definition);
    let is_cedar =
        |item: &Item| item.text().is_some_and(|text| words(text).any(|word| matches!(word, "permit" | "forbid")));
    if aws::statement(definition).is_some_and(|statement| is_cedar(statement))
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
