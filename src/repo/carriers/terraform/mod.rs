//! Terraform and OpenTofu: policies, templates, links and schemas of Amazon Verified Permissions, and AgentCore's.
//!
//! | file | what it does |
//! |---|---|
//! | `module` | the files of a folder, which are one module, what is declared in them, and where it is called |
//! | `store` | which store a reference leads to |
//! | `json` | the same in JSON |
//! | `resource` | what a resource declares |
//! | `evaluate` | what an expression comes to, as far as the repository says |
//! | `template` | what a template comes to |
//! | `functions` | the functions that policies are put together with |
//! | `literal` | where every byte of a string stands |
//! | `value` | values with places |

mod evaluate;
mod functions;
mod json;
mod literal;
mod module;
mod resource;
mod store;
mod template;
mod value;

use std::sync::Arc;

use module::Module;

use super::spec::{Carried, Neighbours, Read, Spec};
use crate::repo::paths::dir;
use crate::text::SourceFile;

pub(super) const SPEC: Spec = Spec {
    name: "a Terraform file",
    endings: &[".tf", ".tofu", ".tf.json", ".tofu.json"],
    marks: &["_verifiedpermissions_", "_bedrockagentcore_policy\""],
    is_text: true,
    read: Read::Folder(read),
};

fn read(files: &[Arc<SourceFile>], around: &dyn Neighbours) -> Vec<Carried> {
    let folder = files.first().map_or("", |file| dir(file.path()));
    let modules = Module::all(folder, around);
    files.iter().filter_map(|file| carried(file, &modules)).collect()
}

/// What `file`, one of each of `modules`, holds.
fn carried(file: &Arc<SourceFile>, modules: &[Module<'_>]) -> Option<Carried> {
    let mut found: Option<Carried> = None;
    for module in modules {
        let (text, body) = module.body(file.path())?;
        let carried = found.get_or_insert_with(|| Carried::of(text));
        match body {
            Ok(body) if !resource::declares(body) || !resource::is_called(carried, module) => {}
            Ok(body) => body.blocks().for_each(|block| resource::add(carried, module, block)),
            Err(fault) => return Some(Carried::unreadable(file, SPEC.name, fault)),
        }
    }
    found?.if_any()
}
