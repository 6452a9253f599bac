//! `--report sarif`: SARIF 2.1.0 (OASIS standard), for code scanning. Findings only: SARIF has no word for test rows.

mod build;
mod model;

use crate::report::Format;

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "sarif", about: "findings in SARIF 2.1.0, for code scanning", render: build::render };
