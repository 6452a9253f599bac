//! Kubernetes: `Policy` objects of `cedar.k8s.aws`, several in a file or in a list.

use std::sync::Arc;

use super::fill::Filled;
use super::spec::{Carried, Home, Neighbours, Role, Spec, documents};
use crate::data::Item;
use crate::text::SourceFile;

pub(super) const SPEC: Spec =
    Spec { name: "a Kubernetes manifest", endings: &[".yaml", ".yml", ".json"], marks: &["cedar.k8s.aws/"], read };

fn read(files: &[Arc<SourceFile>], _: &dyn Neighbours) -> Vec<Carried> {
    files.iter().filter_map(read_file).collect()
}

fn read_file(file: &Arc<SourceFile>) -> Option<Carried> {
    let (found, fault) = documents(file);
    let mut carried = Carried::of(file);
    for document in &found {
        let listed = document.text_of("kind").is_some_and(|kind| kind.ends_with("List"));
        let items = document.get("items").filter(|_| listed).map_or(&[][..], |list| list.items());
        for object in std::iter::once(document).chain(items) {
            add(&mut carried, object);
        }
    }
    let text = file.text();
    if let Some(fault) = fault.filter(|_| text.contains("Policy") && text.contains("content")) {
        let unread = Carried::unreadable(file, SPEC.name, &fault);
        carried.parts.extend(unread.parts);
        carried.unresolved.extend(unread.unresolved);
    }
    carried.if_any()
}

fn add(carried: &mut Carried, object: &Item) {
    let ours = object.text_of("apiVersion").is_some_and(|version| version.starts_with("cedar.k8s.aws/"));
    if !ours || object.text_of("kind") != Some("Policy") {
        return;
    }
    let name = object.at(&["metadata", "name"]).and_then(|name| name.text()).unwrap_or("policy");
    let content = object.at(&["spec", "content"]);
    match content.and_then(|content| content.mapped(carried.file.text())) {
        Some(text) => carried.add_filled(("policy", name), Role::Policies, Home::Around, Filled::whole(text)),
        None => {
            let why = (object.span, "its content is not written here");
            carried.add_unknown(("policy", name), Role::Policies, Home::Around, why);
        }
    }
}
