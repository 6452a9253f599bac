//! The texts that `init` writes for CI and hooks.

use super::actions::pinned;
use crate::config::{self, ACCEPTED_NAME, BASELINE_NAME};

/// GitHub's workflow.
pub(super) const WORKFLOW: &str = ".github/workflows/polcheck.yml";
/// pre-commit's configuration.
pub(super) const HOOKS: &str = ".pre-commit-config.yaml";

/// Where polcheck is at home.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `owner/name` of [`HOME`].
fn slug() -> &'static str {
    HOME.trim_start_matches("https://github.com/")
}

/// The workflow that runs the action.
pub(super) fn workflow() -> String {
    let (slug, checkout) = (slug(), pinned("actions/checkout"));
    format!(
        "# Checks the Cedar policies of every pull request, and says in one comment who gains and who loses what.\n\
         name: polcheck\n\
         on:\n\
         \x20 pull_request:\n\
         \x20 merge_group:\n\
         \x20 push:\n\
         \x20   branches: [main, master]\n\
         concurrency:\n\
         \x20 group: polcheck-${{{{ github.event.pull_request.number || github.run_id }}}}\n\
         \x20 cancel-in-progress: true\n\
         permissions: {{}}\n\
         jobs:\n\
         \x20 policies:\n\
         \x20   runs-on: ubuntu-latest\n\
         \x20   permissions:\n\
         \x20     contents: read\n\
         \x20     pull-requests: write # for the comment\n\
         \x20   steps:\n\
         \x20     - uses: {checkout}\n\
         \x20       with:\n\
         \x20         fetch-depth: 0 # what is compared with is there,\n\
         \x20         persist-credentials: false # and nothing has to be fetched later\n\
         \x20     - uses: {slug}@v{VERSION}\n\
         \x20       with:\n\
         \x20         version: {VERSION}\n\
         \x20         comment: true\n"
    )
}

/// What goes into CODEOWNERS: who may change what a change is judged by.
pub(super) fn owners() -> String {
    let files = [config::FILE_NAME, ACCEPTED_NAME, BASELINE_NAME, "*.cedarguard"];
    files
        .map(|file| {
            format!(
                "{:<24} @who-answers-for-access\n",
                if file.starts_with('*') { file.to_owned() } else { format!("/{file}") }
            )
        })
        .concat()
}

/// What goes into `.gitlab-ci.yml`.
pub(super) fn gitlab_include() -> String {
    format!("include:\n  - remote: https://raw.githubusercontent.com/{}/v{VERSION}/docs/ci/gitlab.yml\n", slug())
}

/// What any other CI runs.
pub(super) fn any_ci() -> String {
    format!("polcheck check --against BASE    # see {HOME}/blob/v{VERSION}/docs/ci/shell.md\n")
}

/// pre-commit's configuration.
pub(super) fn hooks() -> String {
    format!(
        "# `pre-commit install` once in each clone turns these on.\ndefault_install_hook_types: [pre-commit, pre-merge-commit]\nrepos:\n{}",
        hook_entry()
    )
}

/// The entry among pre-commit's `repos`.
pub(super) fn hook_entry() -> String {
    format!(
        "  - repo: {HOME}\n    rev: v{VERSION}\n    hooks:\n      # Compiled once in each clone; `polcheck-system` uses the polcheck \
         that is installed.\n      - id: polcheck\n"
    )
}
