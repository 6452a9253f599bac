//! How far a run is, for whoever shows it.

use std::path::PathBuf;
use std::sync::Arc;

use polcheck::run::{self, Compare, DiffOptions, LintOptions, MutationOptions, ProveOptions, Reading, TestOptions};
use polcheck::symbolic::Solvers;

/// The kind: a bar that never fills, or has nothing to show, since part of the work is not counted or counted twice.
#[test]
fn what_a_run_has_to_work_out_is_worked_out_at_its_end() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    let [step_up, broken] = ["step-up", "step-up-broken"].map(|name| root.join(name));
    let counted = |what: &str, runs: &dyn Fn(Reading)| {
        let solvers = Arc::<Solvers>::default();
        let directory = Some(step_up.clone());
        runs(Reading { directory, solvers: Arc::clone(&solvers), ..Reading::default() });
        let (done, all) = solvers.meter().read();
        assert!(done == all && all > 0, "{what}: {done} of {all}");
    };
    counted("lint", &|reading| {
        run::lint(&LintOptions { reading, ..LintOptions::default() }).unwrap();
    });
    counted("prove", &|reading| {
        run::prove(&ProveOptions { reading, ..ProveOptions::default() }).unwrap();
    });
    counted("diff", &|reading| {
        let (old_schema, new_schema) = (Vec::new(), Vec::new());
        let sides = Compare::Files { old: step_up.clone(), new: broken.clone(), old_schema, new_schema };
        run::diff(&DiffOptions { reading, sides, ..DiffOptions::default() }).unwrap();
    });
    counted("test --mutate", &|reading| {
        let mutation = MutationOptions { wanted: true, ..MutationOptions::default() };
        run::test(&TestOptions { reading, mutation, ..TestOptions::default() }).unwrap();
    });
}
