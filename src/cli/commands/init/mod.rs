//! `polcheck init`: looks at the repository, shows what a first setup needs, and writes what is not there yet.

mod actions;
mod files;
mod hosting;
mod writing;

use clap::Args;

use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::print;
use crate::config::{self, BASELINE_NAME};
use crate::prove;
use crate::repo::SchemaState;
use crate::report;
use crate::run::{self, CheckOptions, Opened, Reading};
use crate::starter::{self, FirstTable};
use crate::tables;
use crate::text::inline;
use hosting::Host;
use writing::{Step, carry_out};

/// There is no Cedar here.
const NOTHING: u8 = 3;

/// Set up configuration, CI, hook, a first decision table and guardrails that hold; overwrite nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck init --dry-run     what would be written\n  polcheck init")]
pub(in crate::cli) struct InitArgs {
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &InitArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let reading = Reading { directory: common.directory.clone(), ..Reading::default() };
    let opened = run::open(&reading)?;
    if !opened.holds_policies() {
        print("polcheck init: there is no Cedar here, neither a schema nor a policy, so nothing was written\n")?;
        return Ok(NOTHING);
    }
    let steps = plan(&opened);
    let done = carry_out(&opened.root, &steps, args.dry_run);
    print(&done.text)?;
    if !args.dry_run {
        print(&next(&opened, &reading)?)?;
    }
    if done.whole { Ok(0) } else { Err(Failure("not every file can be written".to_owned())) }
}

/// How a first check ends, and what to do next.
fn next(opened: &Opened, reading: &Reading) -> Result<String, Failure> {
    let outcome = run::check(&CheckOptions { reading: reading.clone(), ..CheckOptions::default() })?;
    let mut text = format!("\na first check: {}\n\nnext:\n", report::verdict_line(&outcome));
    let mut steps = vec!["read what was written, and commit it".to_owned()];
    if opened.in_git {
        steps.push("`pre-commit install`, once in each clone".to_owned());
    }
    if outcome.findings.iter().any(|finding| outcome.fails(finding)) {
        steps.push(format!(
            "mend what `polcheck check` finds; or `polcheck baseline` and `baseline = \"{BASELINE_NAME}\"` in {}, so that \
             only what comes after it fails",
            config::FILE_NAME
        ));
    }
    let bare = opened
        .repo
        .stores
        .iter()
        .filter(|store| matches!(store.schema, SchemaState::None) && !store.policies.is_empty());
    for store in bare {
        let name = inline(&store.name);
        let here = if store.name == "." { String::new() } else { format!(" --store {name}") };
        let folder = if store.name == "." { String::new() } else { format!("{name}/") };
        steps.push(format!(
            "`polcheck schema infer{here} -o {folder}app.cedarschema`: store `{name}` has no schema; read the one that is \
             inferred, and commit it, so that policies are validated"
        ));
    }
    steps.push("`polcheck check --against main` on a branch: what is new, and who gains and who loses what".to_owned());
    for (at, step) in steps.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", at + 1));
    }
    Ok(text)
}

/// Everything that a setup of this repository has, in the order in which it is shown.
fn plan(opened: &Opened) -> Vec<Step> {
    let settings = starter::settings(&opened.repo);
    let mut steps = vec![Step::file(config::FILE_NAME, "what is checked, and how strictly", settings)];
    let hosts = Host::of(&opened.root);
    if hosts.contains(&Host::GitHub) {
        let about = "checks every pull request, and comments on it";
        steps.push(Step::file(files::WORKFLOW, about, files::workflow()));
    }
    if hosts.contains(&Host::GitLab) {
        steps.push(Step::advice("add to .gitlab-ci.yml, which is never edited", files::gitlab_include()));
    }
    if hosts.is_empty() {
        steps.push(Step::advice("in any other CI, run for every change", files::any_ci()));
    }
    if opened.in_git {
        let hooks = Step::file(files::HOOKS, "checks what is about to be committed", files::hooks());
        steps.push(hooks.or_add(files::hook_entry()));
    }
    if opened.in_git {
        let about = "add to CODEOWNERS, with who answers for access: a change must not rewrite what it is judged by";
        steps.push(Step::advice(about, files::owners()));
    }
    let stores = opened.repo.stores.iter().filter(|store| !store.policies.is_empty());
    steps.extend(stores.map(|store| {
        let name = inline(&store.name);
        match starter::first_table(store, &opened.repo.stores, &opened.config, &tables::unknown) {
            Ok(FirstTable { path, about, text }) => {
                Step::file(&path, &format!("what store `{name}` decides today: {about}"), text)
            }
            Err(why) => Step::note(format!("no decision table for store `{name}`: {why}")),
        }
    }));
    steps.extend(prove::propose(&opened.repo, &opened.config).into_iter().map(|proposal| {
        let count = match proposal.count {
            1 => "a guardrail that holds".to_owned(),
            count => format!("{count} guardrails that hold"),
        };
        let about = format!("{count} of store `{}` today, proved", inline(&proposal.store));
        Step::file(&proposal.path, &about, proposal.text)
    }));
    steps
}
