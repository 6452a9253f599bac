//! `polcheck validate`: schema, policies, templates, links and entities.

use super::args::ValidateArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::lint::Options;
use crate::rule::Basis;
use crate::{lint, validate};

/// The text rule that validation includes: two policies of one name are wrong whatever the schema says.
const WITH_VALIDATION: &[&str] = &["duplicate-id"];

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ValidateArgs) -> Result<u8, Failure> {
    let reports = output::wanted(&args.run.common)?;
    let progress = Progress::start("validating", args.run.common.quiet);
    let mut loaded = load(&args.run)?;
    let mut outcome = loaded.outcome("validate");
    outcome.findings.extend(validate::run(&loaded.repo, &loaded.config, args.level));
    let options = Options { only: Some(WITH_VALIDATION), ..Options::default() };
    outcome.findings.extend(lint::run(&loaded.repo, &loaded.config, options).findings);
    outcome.gaps.extend(loaded.unvalidated());
    outcome.checked_something = loaded.holds_policies();
    finish(&mut outcome, &loaded, &args.run.common, &|rule| {
        !matches!(rule.basis, Basis::Text | Basis::Symbolic) || WITH_VALIDATION.contains(&rule.id)
    })?;
    drop(progress);
    let code = output::write(&outcome, &reports, &args.run.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
