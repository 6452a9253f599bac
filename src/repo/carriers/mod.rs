//! Carriers: files of other tools in which Cedar stands. Each is one file here and one line in `list`.
//!
//! | file | what it does |
//! |---|---|
//! | `spec` | what a carrier is, and what it gives |
//! | `gather` | the carriers among the files of a repository |
//! | `gathered` | what all of them hold, by store |
//! | `fill` | texts that are filled in when they are deployed |
//! | `documents`, `encoded` | the values of a file of JSON or YAML, texts in base64 |
//! | `helm` | YAML that a step such as Helm's fills in |
//! | `aws`, `links` | what several carriers write alike: policies of Amazon's services, links of templates |
//! | `list` | every carrier |
//! | the others | a carrier each |
//!
//! # Why
//!
//! What a carrier holds becomes an embedded text ([`SourceFile::embedded`]) under a path of its own, which is the
//! carrier's with a name behind it ([`super::paths::inside`]). So discovery, readers and engines know nothing of
//! carriers, and every place that they make leads to the bytes of the carrier.
//!
//! What a carrier declares and the repository does not say is told ([`spec::Unresolved`]) and makes a run inconclusive:
//! a policy that is left out silently would be one that decides nothing.

mod aws;
mod cedar_agent;
mod cedarling;
mod cedarling_archive;
mod cloudformation;
mod documents;
mod encoded;
mod fill;
mod gather;
mod gathered;
mod helm;
mod kubernetes;
mod links;
mod list;
mod policy_set;
mod spec;
mod terraform;
mod verified_permissions;

pub(super) use gather::gather;
#[cfg(test)]
pub(super) use gather::may_matter;
pub(super) use gathered::Gathered;
pub(super) use spec::{Role, Unresolved, speaks_cedar};
