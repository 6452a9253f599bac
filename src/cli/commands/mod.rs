//! A file for each command: from arguments to options, run, report.

pub(super) mod check;
pub(super) mod diff;
pub(super) mod init;
pub(super) mod lint;
pub(super) mod rules;
pub(super) mod test;
pub(super) mod validate;
