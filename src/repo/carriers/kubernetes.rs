//! Kubernetes: `Policy` objects of `cedar.k8s.aws`, and `ConfigMap`s and `Secret`s whose keys are called as Cedar's
//! files are; several in a file or in a list.

use std::sync::Arc;

use super::documents::documents;
use super::encoded::from_base64;
use super::fill::Filled;
use super::helm;
use super::spec::{Carried, Content, Home, Neighbours, Read, Role, Spec, speaks_cedar};
use crate::data::Item;
use crate::repo::paths::dir;
use crate::text::{SourceFile, inline};

pub(super) const SPEC: Spec = Spec {
    name: "a Kubernetes manifest",
    endings: &[".yaml", ".yml", ".json"],
    marks: &["cedar.k8s.aws/", ".cedar"],
    is_text: true,
    read: Read::File(read),
};

fn read(file: &Arc<SourceFile>, around: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    let mut carried = Carried::of(file);
    for document in &found {
        let listed = document.text_of("kind").is_some_and(|kind| kind.ends_with("List"));
        let items = document.get("items").filter(|_| listed).map_or(&[][..], |list| list.items());
        for object in std::iter::once(document).chain(items) {
            match object.text_of("kind") {
                Some("Policy") => add(&mut carried, object, around),
                Some("ConfigMap") => add_data(&mut carried, object, ["data", "binaryData"], around),
                Some("Secret") => add_data(&mut carried, object, ["stringData", "data"], around),
                _ => {}
            }
        }
    }
    let text = file.text();
    let ours = text.contains("cedar.k8s.aws/") && text.contains("Policy") && text.contains("content");
    let held = (text.contains("ConfigMap") || text.contains("Secret")) && speaks_cedar(text);
    if let Some(fault) = fault.filter(|_| ours || held) {
        let unread = Carried::unreadable(file, SPEC.name, &fault);
        carried.parts.extend(unread.parts);
        carried.unresolved.extend(unread.unresolved);
    }
    carried.if_any()
}

fn name(object: &Item) -> Option<&str> {
    object.at(&["metadata", "name"])?.text()
}

fn add(carried: &mut Carried, object: &Item, around: &dyn Neighbours) {
    if object.text_of("apiVersion").is_none_or(|version| !version.starts_with("cedar.k8s.aws/")) {
        return;
    }
    let name = name(object).unwrap_or("policy");
    match object.at(&["spec", "content"]).filter(|content| content.text().is_some()) {
        Some(content) => add_text(carried, ("policy", name), Role::Policies, Home::Around, content, around),
        None => {
            let why = (object.span, "its content is not written here");
            carried.add_unknown(("policy", name), Role::Policies, Home::Around, why);
        }
    }
}

/// Adds what stands under keys that are called as Cedar's files are: as it is under the first of `keys`, in base64
/// under the second. What has a schema is a store by itself.
fn add_data(carried: &mut Carried, object: &Item, keys: [&str; 2], around: &dyn Neighbours) {
    let fields = || {
        keys.iter().flat_map(|key| {
            object.get(key).map_or(&[][..], |data| data.fields()).iter().map(move |field| (*key, field))
        })
    };
    let schema = fields().any(|(_, field)| matches!(role(&field.key), Some(Role::Schema | Role::SchemaJson)));
    let home = match schema {
        true => {
            Home::Store { place: carried.file.path().to_owned(), label: name(object).unwrap_or_default().to_owned() }
        }
        false => Home::Around,
    };
    for (key, field) in fields() {
        let Some(role) = role(&field.key) else { continue };
        let what = if matches!(role, Role::Schema | Role::SchemaJson) { "schema" } else { "policy" };
        let name = (what, field.key.strip_suffix(role.ending()).unwrap_or(&field.key));
        if key == keys[0] {
            add_text(carried, name, role, home.clone(), &field.value, around);
            continue;
        }
        match from_base64(&field.value) {
            Ok(text) => carried.add_filled(name, role, home.clone(), Filled::whole(text)),
            Err(why) => carried.add_unknown(name, role, home.clone(), (field.value.span, why)),
        }
    }
}

/// What the file that `key` stands for holds.
fn role(key: &str) -> Option<Role> {
    let roles = [Role::PoliciesJson, Role::SchemaJson, Role::Links, Role::Entities, Role::Policies, Role::Schema];
    roles.into_iter().find(|role| key.ends_with(role.ending()))
}

/// Adds the text at `item`, or the file that a chart puts there.
fn add_text(
    carried: &mut Carried,
    (what, name): (&str, &str),
    role: Role,
    home: Home,
    item: &Item,
    around: &dyn Neighbours,
) {
    if let Some(path) = item.text().and_then(helm::included) {
        let found = of_chart(carried.file.path(), path, around);
        return match found {
            Some(path) => carried.add(name, role, home, Content::File(path)),
            None => {
                let why = format!("there is no `{}` in its chart", inline(path));
                carried.add_unknown((what, name), role, home, (item.span, &why));
            }
        };
    }
    match item.mapped(carried.file.text()) {
        Some(text) => carried.add_filled((what, name), role, home, Filled::whole(text)),
        None => carried.add_unknown((what, name), role, home, (item.span, "it is no text")),
    }
}

/// The path of what is called `path` in the chart around the file at `of`.
fn of_chart(of: &str, path: &str, around: &dyn Neighbours) -> Option<String> {
    let mut folder = dir(of);
    loop {
        let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if around.paths().binary_search(&below("Chart.yaml")).is_ok() {
            let path = below(path.trim_start_matches("./"));
            return around.paths().binary_search(&path).is_ok().then_some(path);
        }
        if folder.is_empty() {
            return None;
        }
        folder = dir(folder);
    }
}
