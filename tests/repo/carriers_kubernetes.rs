//! Kubernetes as people write it: keys of `ConfigMap`s and `Secret`s, and charts that are no YAML before Helm has
//! been there.

use base64::Engine;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{json as run_json, rules, write};

const SCHEMA: &str = "entity User;\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";
const POLICY: &str = "permit (principal == User::\"ann\", action == Action::\"view\", resource);";

fn check(files: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    run_json(dir.path(), &["check"])
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[test]
fn keys_of_a_config_map_are_files() {
    let wrong = POLICY.replace("resource", "resource is Dok");
    let map = |policy: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: authz }}\ndata:\n  LEVEL: debug\n  app.cedarschema: |\n{}  \
             view.cedar: |\n{}",
            indented(SCHEMA),
            indented(policy)
        )
    };
    let (report, code) = check(&[("k8s/authz.yaml", &map(POLICY))]);
    assert_eq!((code, rules(&report)), (0, vec![]), "{report:#}");
    assert_eq!((&report["summary"]["policies"], &report["summary"]["stores"]), (&1.into(), &1.into()), "{report:#}");
    let (report, code) = check(&[("k8s/authz.yaml", &map(&wrong))]);
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
    assert_eq!(report["findings"][0]["location"]["start"]["line"], 11, "{report:#}");
    // One without a schema belongs to the schema around it, and two with one are two stores.
    let alone = format!("kind: ConfigMap\nmetadata: {{ name: a }}\ndata:\n  view.cedar: |\n{}", indented(&wrong));
    let (report, _) = check(&[("app.cedarschema", SCHEMA), ("k8s/a.yaml", &alone)]);
    assert_eq!(rules(&report), ["unrecognized-entity-type"], "{report:#}");
    let two = format!("{}---\n{}", map(POLICY), map(POLICY).replace("authz", "other"));
    let (report, code) = check(&[("k8s/authz.yaml", &two)]);
    assert_eq!((code, &report["summary"]["stores"]), (0, &2.into()), "{report:#}");
}

#[test]
fn secrets_are_in_base64() {
    let encoded = base64::prelude::BASE64_STANDARD.encode(POLICY.replace("resource", "resource is Dok"));
    let secret = |value: &str| format!("kind: Secret\nmetadata: {{ name: a }}\ndata: {{ view.cedar: {value} }}\n");
    let (report, _) = check(&[("app.cedarschema", SCHEMA), ("a.yaml", &secret(&encoded))]);
    assert_eq!(rules(&report), ["unrecognized-entity-type"], "{report:#}");
    let (report, code) = check(&[("app.cedarschema", SCHEMA), ("a.yaml", &secret("'***'"))]);
    assert_eq!((code, report["notices"][0]["kind"].as_str()), (4, Some("unresolved")), "{report:#}");
}

const CHART: (&str, &str) = ("chart/Chart.yaml", "apiVersion: v2\nname: authz\n");

fn manifest(content: &str) -> String {
    format!(
        "apiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata:\n  name: {{{{ .Release.Name }}}}-view\n  labels:\n    \
         {{{{- include \"authz.labels\" . | nindent 4 }}}}\nspec:\n  content: |\n{content}"
    )
}

#[test]
fn a_chart_is_read_though_it_is_no_yaml() {
    let text = manifest(&indented(
        "permit (\n  principal in Group::\"{{ .Values.group }}\",\n  action == Action::\"veiw\",\n  resource\n);",
    ));
    let (report, code) =
        check(&[CHART, ("app.cedarschema", &format!("entity Group;\n{SCHEMA}")), ("chart/templates/p.yaml", &text)]);
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-action"]), "{report:#}");
    let place = &report["findings"][0]["location"];
    let offset = place["offset"].as_u64().unwrap() as usize;
    assert!(text[offset..].starts_with("Action::\"veiw\""), "{place:#}");
    let told: Vec<&str> =
        report["notices"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(told, ["filled-in"], "{report:#}");
}

#[test]
fn what_a_chart_hangs_on_is_said() {
    let whole = manifest(&indented(POLICY));
    for (text, policies) in [
        (format!("{{{{- if .Values.on }}}}\n{whole}{{{{- end }}}}\n"), 1),
        (format!("{{{{- range .Values.teams }}}}\n{whole}---\n{{{{- end }}}}\n"), 1),
        // A part of a text that hangs on something is nothing that can be put together.
        (manifest(&format!("    {{{{- if .Values.on }}}}\n{}    {{{{- end }}}}\n", indented(POLICY))), 0),
        (manifest("    {{ .Values.policy }}\n"), 0),
    ] {
        let (report, code) = check(&[CHART, ("app.cedarschema", SCHEMA), ("chart/templates/p.yaml", &text)]);
        assert_eq!((code, &report["summary"]["policies"]), (4, &policies.into()), "{text}\n{report:#}");
        assert!(report["notices"].as_array().unwrap().iter().any(|one| one["kind"] == "unresolved"), "{report:#}");
    }
    // What a `with` is about, and what comes before and after, is there.
    let text = format!(
        "{{{{- if .Values.x }}}}\nkind: X\n---\n{{{{- end }}}}\n{{{{- with .Values }}}}\n{whole}{{{{- end }}}}\n"
    );
    let (report, code) = check(&[CHART, ("app.cedarschema", SCHEMA), ("chart/templates/p.yaml", &text)]);
    assert_eq!((code, &report["summary"]["policies"]), (0, &1.into()), "{report:#}");
}

#[test]
fn a_file_that_a_chart_includes_is_a_policy_of_it() {
    let text = manifest("{{ .Files.Get \"policies/view.cedar\" | indent 4 }}\n");
    let wrong = POLICY.replace("resource", "resource is Dok");
    let files = [CHART, ("app.cedarschema", SCHEMA), ("chart/templates/p.yaml", text.as_str())];
    let (report, code) = check(&[&files[..], &[("chart/policies/view.cedar", wrong.as_str())]].concat());
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
    assert_eq!(
        (&report["summary"]["policies"], &report["findings"][0]["location"]["path"]),
        (&1.into(), &"chart/policies/view.cedar".into())
    );
    assert_eq!(check(&files).1, 4);
}

#[test]
fn hostile_charts_are_bounded() {
    let head = "apiVersion: cedar.k8s.aws/v1\nkind: Policy\nspec: {{ x }}-\n";
    let laughs: String = (1..60).map(|at| format!("a{at}: &a{at} [*a{0}, *a{0}]\n", at - 1)).collect();
    for text in [
        format!("{head}x: {}\n", "{{ a }} ".repeat(200_000)),
        format!("{head}{}", "{{- if .x }}\n".repeat(200_000)),
        format!("{head}a0: &a0 [\"{{{{ x }}}}\", {{{{ y }}}}]\n{laughs}"),
        format!("{head}{}", "{{".repeat(200_000)),
    ] {
        let started = std::time::Instant::now();
        let (_, code) = check(&[("p.yaml", &text)]);
        assert!(matches!(code, 3 | 4), "{code}");
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
