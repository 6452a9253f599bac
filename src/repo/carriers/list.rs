//! Every carrier.

use super::spec::Spec;
use super::{
    cedar_agent, cedarling, cedarling_archive, cloudformation, kubernetes, policy_set, terraform, verified_permissions,
};

/// Every carrier. The first that takes a file has it.
pub(super) const CARRIERS: &[&Spec] = &[
    &cloudformation::SPEC,
    &terraform::SPEC,
    &kubernetes::SPEC,
    &cedarling::SPEC,
    &cedarling_archive::SPEC,
    &verified_permissions::SPEC,
    &cedar_agent::SPEC,
    &policy_set::SPEC,
];
