//! What action.yml must be, whatever it does.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::job::{action, outputs};

/// The names of `kind` in the expressions below `value`.
fn named(value: &Value, kind: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for part in text.split(kind).skip(1) {
                found.insert(part.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, kind, found)),
        Value::Object(fields) => fields.values().for_each(|field| named(field, kind, found)),
        _ => {}
    }
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn has_the_inputs_and_outputs_that_it_promises_and_uses_each() {
    let action = action();
    let inputs =
        "command paths working-directory config version base fail-on sarif html annotations summary comment token";
    assert_eq!(keys(&action["inputs"]), inputs.split(' ').map(str::to_owned).collect());
    let outputs = "exit-code outcome changes sarif-file html-file html-url json-file version";
    assert_eq!(keys(&action["outputs"]), outputs.split(' ').map(str::to_owned).collect());
    let mut used = BTreeSet::new();
    named(&action["runs"], "inputs.", &mut used);
    assert_eq!(used, keys(&action["inputs"]));
}

#[test]
fn no_expression_is_pasted_into_a_shell_line() {
    let action = action();
    let mut scripts = 0;
    for step in action["runs"]["steps"].as_array().unwrap() {
        let Some(run) = step["run"].as_str() else { continue };
        scripts += 1;
        assert!(!run.contains("${{"), "{run}");
        assert_eq!(step["shell"], "bash");
        for (name, value) in step["env"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            // A variable is one expression and nothing else; an input keeps its name.
            let inner = value.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
            assert!(!inner.contains("}}"));
            if let Some(input) = inner.strip_prefix("inputs.") {
                assert_eq!(*name, format!("INPUT_{}", input.to_uppercase().replace('-', "_")));
            } else {
                assert!(name.starts_with("STEP_") || name == "ACTION_REPOSITORY", "{name}");
            }
        }
    }
    assert_eq!(scripts, 5);
}

/// A step sees only the variables that it is given: every one that a script reads is there, and every one that is there
/// is read.
#[test]
fn scripts_and_steps_agree_on_the_variables() {
    let shared = std::fs::read_to_string("action/github.py").unwrap();
    let action = action();
    for step in action["runs"]["steps"].as_array().unwrap() {
        let Some(script) = step["run"].as_str().and_then(|run| run.split("step.sh\" ").nth(1)) else { continue };
        let text = std::fs::read_to_string(format!("action/{script}.py")).unwrap();
        let mut read = BTreeSet::new();
        for (call, prefix) in
            [("variable", ""), ("flag_input", "INPUT_"), ("lines_input", "INPUT_"), ("text_input", "INPUT_")]
        {
            for part in text.replace('\'', "\"").split(&format!("{call}(\"")).skip(1) {
                let name = part.split('"').next().unwrap();
                read.insert(format!("{prefix}{}", name.to_uppercase().replace('-', "_")));
            }
        }
        // What GitHub and the runner's owner set is there for every step.
        read.retain(|name| !["GITHUB_", "RUNNER_", "POLCHECK_"].iter().any(|prefix| name.starts_with(prefix)));
        for (call, name) in [("command_input()", "INPUT_COMMAND"), ("directory()", "INPUT_WORKING_DIRECTORY")] {
            assert!(shared.contains(&format!("def {call}")));
            if text.contains(call) {
                read.insert(name.to_owned());
            }
        }
        let looped: &[&str] = match script {
            "run" => &["INPUT_CONFIG", "INPUT_FAIL_ON"],
            "show" => &["INPUT_COMMAND", "INPUT_WORKING_DIRECTORY", "INPUT_PATHS", "INPUT_CONFIG"],
            _ => &[],
        };
        read.remove("INPUT_");
        read.extend(looped.iter().map(|name| (*name).to_owned()));
        assert_eq!(read, keys(&step["env"]), "{script}");
    }
}

/// What an output holds cannot end it and begin another.
#[test]
fn outputs_cannot_be_broken_out_of() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("output");
    let value = "one\nend-x\nversion<<end\n9.9.9\nend\n\u{e9}";
    let script = "import sys; sys.path.insert(0, 'action'); import github; github.output('name', sys.argv[1])";
    let mut ends = BTreeSet::new();
    for _ in 0..3 {
        let done =
            Command::new("python3").args(["-B", "-c", script, value]).env("GITHUB_OUTPUT", &file).status().unwrap();
        assert!(done.success());
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(outputs(&text), [("name".to_owned(), value.to_owned())]);
        ends.insert(text.lines().next().unwrap().to_owned());
    }
    assert_eq!(ends.len(), 3, "no delimiter can be guessed");
}
