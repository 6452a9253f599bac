//! `polcheck init`: looks at the repository, shows what a first setup needs, and writes what is not there yet.

mod files;
mod hosting;
mod invented;
mod requests;
mod table;
mod writing;

use super::args::{CommonArgs, InitArgs, RunArgs};
use super::exit::Failure;
use super::loading::{Loaded, Place};
use super::output::print;
use crate::config;
use crate::repo::Store;
use crate::tables;
use crate::text::inline;
use hosting::Host;
use writing::{Step, carry_out};

/// There is no Cedar here.
const NOTHING: u8 = 3;

/// Runs the command and gives the exit code.
pub(super) fn run(args: &InitArgs) -> Result<u8, Failure> {
    let common = CommonArgs { directory: args.directory.clone(), ..CommonArgs::default() };
    let mut run = RunArgs { common, ..RunArgs::default() };
    let place = Place::of(&run)?;
    // The whole repository, wherever in it the command is run.
    run.paths = vec![place.root().to_path_buf()];
    let source = place.current(false)?;
    let loaded = place.load(&run, source.as_ref())?;
    if !loaded.holds_policies() {
        print("polcheck init: there is no Cedar here, neither a schema nor a policy, so nothing was written\n")?;
        return Ok(NOTHING);
    }
    let steps = plan(&place, &loaded);
    let done = carry_out(place.root(), &steps, args.dry_run);
    print(&done.text)?;
    if done.whole { Ok(0) } else { Err(Failure("not every file can be written".to_owned())) }
}

/// Everything that a setup of this repository has, in the order in which it is shown.
fn plan(place: &Place, loaded: &Loaded) -> Vec<Step> {
    let mut steps = vec![Step::file(config::FILE_NAME, "what is checked, and how strictly", files::settings(loaded))];
    let hosts = Host::of(place.root());
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
    if place.repository().is_ok() {
        let hooks = Step::file(files::HOOKS, "checks what is about to be committed", files::hooks());
        steps.push(hooks.or_add(files::hook_entry()));
    }
    steps.extend(
        loaded.repo.stores.iter().filter(|store| !store.policies.is_empty()).map(|store| of_store(loaded, store)),
    );
    steps
}

/// A first decision table for `store`, or why there is none.
fn of_store(loaded: &Loaded, store: &Store) -> Step {
    let name = inline(&store.name);
    let none = |why: &str| Step::note(format!("no decision table for store `{name}`: {why}"));
    if loaded.config.stores.iter().any(|configured| configured.name == store.name) {
        return none("polcheck.toml says where its files are; name its tables there");
    }
    let path = match store.name.as_str() {
        "." => table::FILE_NAME.to_owned(),
        folder => format!("{folder}/{}", table::FILE_NAME),
    };
    match requests::today(store) {
        Ok(mut found) => {
            let unknown = tables::unknown(store, &table::text(&found));
            for (row, unknown) in found.rows.iter_mut().zip(unknown) {
                row.unknown = unknown;
            }
            let count = found.rows.len();
            let left_out = if found.more > 0 { format!(", of {} found", count + found.more) } else { String::new() };
            let over = if found.invented { ", over made-up entities" } else { "" };
            let about = format!("what store `{name}` decides today: {}{left_out}{over}", table::counted(count));
            Step::file(&path, &about, table::text(&found))
        }
        Err(why) => none(&why),
    }
}
