//! `--report sarif`: SARIF 2.1.0 (OASIS standard), made for GitHub's code scanning: docs.github.com, "SARIF support for
//! code scanning" and "SARIF results exceed limits".

mod build;
mod fixes;
mod line_hash;
mod model;
mod places;
mod rules;

use crate::report::Format;

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", every_row: false, render: build::render };
