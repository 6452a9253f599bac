//! Terraform and OpenTofu: policies, templates, links and schemas of Amazon Verified Permissions, and AgentCore's.
//!
//! | file | what it does |
//! |---|---|
//! | `module` | the files of a folder, which are one module, and what is declared in them |
//! | `resource` | what a resource declares |
//! | `evaluate` | what an expression comes to, as far as the repository says |
//! | `functions` | the functions that policies are put together with |
//! | `literal` | where every byte of a string stands |
//! | `value` | values with places |

mod evaluate;
mod functions;
mod literal;
mod module;
mod resource;
mod value;

use std::sync::Arc;

use module::Module;

use super::spec::{Carried, Neighbours, Spec};
use crate::data::Fault;
use crate::text::SourceFile;

pub(super) const SPEC: Spec = Spec {
    name: "a Terraform file",
    endings: &[".tf", ".tofu", ".tf.json"],
    marks: &["_verifiedpermissions_", "_bedrockagentcore_policy\""],
    read,
};

fn read(files: &[Arc<SourceFile>], around: &dyn Neighbours) -> Vec<Carried> {
    let module = Module::around(files, around);
    let carried = files.iter().filter_map(|file| {
        let mut carried = Carried::of(file);
        match module.body(file) {
            Ok(body) => {
                for block in body.blocks() {
                    resource::add(&mut carried, &module, block);
                }
            }
            Err(_) if file.name().ends_with(".json") => {
                let fault = Fault::new("Terraform in JSON is not read; write it as `.tf`");
                carried = Carried::unreadable(file, SPEC.name, &fault);
            }
            Err(fault) => carried = Carried::unreadable(file, SPEC.name, fault),
        }
        carried.if_any()
    });
    carried.collect()
}
