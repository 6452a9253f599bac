//! A job on a runner, as far as the action can tell: action.yml is read, its expressions are filled in, and its scripts
//! run with the environment that GitHub sets.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::yaml;

/// What a run of the action did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The exit code of the last step that failed, else 0.
    pub(crate) code: i32,
    /// Everything that the steps printed.
    pub(crate) log: String,
    /// The action's outputs.
    pub(crate) outputs: HashMap<String, String>,
    pub(crate) summary: String,
    /// The JSON report; null when there is none.
    pub(crate) json: Value,
    /// The SARIF report, when the step that uploads it was reached.
    pub(crate) uploaded: Option<Value>,
    /// The page, when the step that uploads it was reached, and what the artifact is called.
    pub(crate) page: Option<(String, String)>,
}

/// A job whose workspace is made by the test.
pub(crate) struct Job {
    folder: TempDir,
    env: HashMap<String, String>,
    inputs: HashMap<String, String>,
    /// How the step that uploads SARIF ends.
    pub(crate) upload: &'static str,
    /// How the step that uploads the page ends.
    pub(crate) page: &'static str,
}

/// action.yml.
pub(crate) fn action() -> Value {
    yaml::parse(&std::fs::read_to_string("action.yml").unwrap())
}

impl Job {
    /// A job for `event` with `payload`. The program is the one that was built with this test.
    pub(crate) fn new(event: &str, payload: &Value) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(path("temp")).unwrap();
        std::fs::create_dir(path("work")).unwrap();
        std::fs::write(path("event.json"), payload.to_string()).unwrap();
        let root = std::env::current_dir().unwrap().display().to_string();
        let env = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", &path("event.json")),
            ("GITHUB_WORKSPACE", &path("work")),
            ("GITHUB_ACTION_PATH", &root),
            ("GITHUB_OUTPUT", &path("output")),
            ("GITHUB_STEP_SUMMARY", &path("summary")),
            ("GITHUB_PATH", &path("path")),
            ("GITHUB_REPOSITORY", "acme/support"),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_API_URL", "http://127.0.0.1:9"),
            ("GITHUB_GRAPHQL_URL", "http://127.0.0.1:9/graphql"),
            ("GITHUB_RUN_ID", "1"),
            ("GITHUB_WORKFLOW", "polcheck"),
            ("GITHUB_JOB", "policies"),
            ("RUNNER_TEMP", &path("temp")),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
            ("POLCHECK_BIN", env!("CARGO_BIN_EXE_polcheck")),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { folder, env, inputs: HashMap::new(), upload: "success", page: "success" }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets an input of a job that has run, so that it can run again.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.inputs.insert(name.to_owned(), value.to_owned());
    }

    /// Takes an input back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.inputs.remove(name);
    }

    /// Uses the API of `stub`.
    pub(crate) fn api(self, url: &str) -> Self {
        self.env("GITHUB_API_URL", url).env("GITHUB_GRAPHQL_URL", &format!("{url}/graphql"))
    }

    /// The workspace.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A file of the runner's own, such as `path` or `output`; empty when there is none.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Runs the action as the runner would.
    pub(crate) fn run(&self) -> Done {
        let action = action();
        let mut inputs: HashMap<String, String> = HashMap::new();
        for (name, about) in action["inputs"].as_object().unwrap() {
            let default = about["default"].as_str().unwrap().replace("${{ github.token }}", "the-token");
            inputs.insert(name.clone(), self.inputs.get(name).cloned().unwrap_or(default));
        }
        assert!(self.inputs.keys().all(|name| inputs.contains_key(name)), "no such input");
        let mut known: HashMap<String, String> = HashMap::new();
        known.extend(inputs.into_iter().map(|(name, value)| (format!("inputs.{name}"), value)));
        // What GitHub says inside another composite action.
        known.insert("github.action_repository".to_owned(), "another/action".to_owned());
        let mut done = Done::default();
        for step in action["runs"]["steps"].as_array().unwrap() {
            let id = step["id"].as_str().unwrap_or("unnamed").to_owned();
            if !condition(step["if"].as_str(), done.code != 0, &known) {
                known.insert(format!("steps.{id}.outcome"), "skipped".to_owned());
                continue;
            }
            if step["uses"].is_string() {
                let with = |name: &str| filled(step["with"][name].as_str().unwrap(), &known);
                if step["uses"].as_str().unwrap().starts_with("actions/upload-artifact@") {
                    done.page = Some((std::fs::read_to_string(with("path")).unwrap(), with("name")));
                    known.insert(format!("steps.{id}.outcome"), self.page.to_owned());
                    if self.page == "success" {
                        let url = "https://github.example/acme/support/actions/runs/1/artifacts/42";
                        known.insert(format!("steps.{id}.outputs.artifact-url"), url.to_owned());
                    }
                    continue;
                }
                let sarif = std::fs::read(with("sarif_file")).unwrap();
                done.uploaded = Some(serde_json::from_slice(&sarif).unwrap());
                known.insert(format!("steps.{id}.outcome"), self.upload.to_owned());
                continue;
            }
            std::fs::write(self.folder.path().join("output"), "").unwrap();
            let code = self.step(step, &known, &mut done);
            for (name, value) in outputs(&self.file("output")) {
                known.insert(format!("steps.{id}.outputs.{name}"), value);
            }
            known.insert(format!("steps.{id}.outcome"), if code == 0 { "success" } else { "failure" }.to_owned());
            if code != 0 {
                done.code = code;
            }
        }
        for (name, about) in action["outputs"].as_object().unwrap() {
            done.outputs.insert(name.clone(), filled(about["value"].as_str().unwrap(), &known));
        }
        done.summary = self.file("summary");
        let json = done.outputs.get("json-file").filter(|path| !path.is_empty());
        done.json = json.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).unwrap_or_default();
        done
    }

    fn step(&self, step: &Value, known: &HashMap<String, String>, done: &mut Done) -> i32 {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.current_dir(self.work()).env_clear();
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").envs(&self.env);
        for (name, value) in step["env"].as_object().unwrap() {
            command.env(name, filled(value.as_str().unwrap(), known));
        }
        let output = command.output().unwrap();
        done.log.push_str(&String::from_utf8_lossy(&output.stdout));
        done.log.push_str(&String::from_utf8_lossy(&output.stderr));
        output.status.code().unwrap_or(-1)
    }
}

/// `text` with its expressions filled in; an output that was not set is empty, as on GitHub.
fn filled(text: &str, known: &HashMap<String, String>) -> String {
    let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
    let (name, after) = rest.split_once("}}").unwrap();
    let value = known.get(name.trim()).cloned();
    let value = value.unwrap_or_else(|| {
        assert!(name.trim().starts_with("steps."), "what is {name}?");
        String::new()
    });
    format!("{before}{value}{}", filled(after, known))
}

/// An `if`, of the forms that action.yml uses. After a step has failed, only those with `always()` hold.
fn condition(text: Option<&str>, failed: bool, known: &HashMap<String, String>) -> bool {
    let parts: Vec<_> = text.into_iter().flat_map(|text| text.split("&&")).map(str::trim).collect();
    if failed && !parts.contains(&"always()") {
        return false;
    }
    parts.into_iter().filter(|part| *part != "always()").all(|part| {
        let (name, value, equal) = match part.split_once("!=") {
            Some((name, value)) => (name, value, false),
            None => part.split_once("==").map(|(name, value)| (name, value, true)).unwrap(),
        };
        let wanted = value.trim().trim_matches('\'');
        (known.get(name.trim()).map_or("", String::as_str) == wanted) == equal
    })
}

/// What is in a file of outputs, read as the runner reads it.
pub(crate) fn outputs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap_or_else(|| panic!("{line}"));
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != end).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}
