//! How long small stores take that are hard to decide: `cargo bench --bench hard`. Words after `--` choose inputs by
//! their names; `write=DIR` writes them all, each as a folder with two sides.
//!
//! Times are wall times of one run each, of `lint` over the old side and of `diff` between both; below each is what was
//! not decided.

mod inputs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::path::PathBuf;
use std::time::Instant;

use inputs::{Input, SCHEMA};
use polcheck::outcome::{Outcome, Weight};
use polcheck::run::{self, Compare, DiffOptions, LintOptions, Reading};

fn main() {
    rayon::ThreadPoolBuilder::new().stack_size(run::STACK).build_global().expect("threads start");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let root = wanted.iter().find_map(|arg| arg.strip_prefix("write="));
    let root = root.map_or_else(|| folder.path().to_owned(), PathBuf::from);
    let names: Vec<&String> = wanted.iter().filter(|arg| !arg.contains('=')).collect();
    for input in inputs::all() {
        if !names.is_empty() && !names.iter().any(|name| input.name.contains(name.as_str())) {
            continue;
        }
        measure(&input, &root);
    }
}

fn measure(input: &Input, root: &std::path::Path) {
    let [old, new] = ["old", "new"].map(|side| root.join(input.name.replace([' ', ':'], "-")).join(side));
    for (side, text) in [&old, &new].into_iter().zip(input.texts()) {
        std::fs::create_dir_all(side).expect("a folder");
        std::fs::write(side.join("app.cedarschema"), SCHEMA).expect("a file");
        std::fs::write(side.join("policies.cedar"), text).expect("a file");
    }
    let begin = Instant::now();
    let reading = Reading { directory: Some(old.clone()), ..Reading::default() };
    let linted = run::lint(&LintOptions { reading, ..LintOptions::default() }).expect("lint runs");
    let lint = begin.elapsed();
    let begin = Instant::now();
    let sides = Compare::Files { old, new, old_schema: Vec::new(), new_schema: Vec::new() };
    let compared = run::diff(&DiffOptions { sides, ..DiffOptions::default() }).expect("diff runs");
    let diff = begin.elapsed();
    println!("{:<36} lint {:>6.2} s   diff {:>6.2} s", input.name, lint.as_secs_f64(), diff.as_secs_f64());
    let open = |outcome: &Outcome| -> Vec<String> {
        outcome
            .notices
            .iter()
            .filter(|notice| notice.kind.weight() == Weight::Inconclusive)
            .map(|notice| notice.message.clone())
            .collect()
    };
    for (command, outcome) in [("lint", &linted), ("diff", &compared)] {
        for message in open(outcome) {
            println!("    {command}: {message}");
        }
    }
}
