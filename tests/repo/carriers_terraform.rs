//! Terraform as people write it: templates with `%{..}`, JSON, modules that are called with arguments.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{json as run_json, rules, write};

const SCHEMA: &str = "entity User;\nentity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";

fn check(files: &[(&str, &str)]) -> (Value, i32) {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    run_json(dir.path(), &["check"])
}

fn policy(name: &str, statement: &str) -> String {
    format!(
        "resource \"aws_verifiedpermissions_policy\" \"{name}\" {{\n  policy_store_id = var.store\n  definition {{\n    static {{\n      \
         statement = {statement}\n    }}\n  }}\n}}\n"
    )
}

/// Where the first finding stands: path, and the text from there.
fn at<'t>(report: &Value, files: &[(&str, &'t str)]) -> (String, &'t str) {
    let place = &report["findings"][0]["location"];
    let path = place["path"].as_str().unwrap();
    let text = files.iter().find(|(known, _)| *known == path).unwrap().1;
    (path.to_owned(), &text[place["offset"].as_u64().unwrap() as usize..])
}

#[test]
fn directives_are_worked_out_where_they_hang_on_what_is_known() {
    let template = "%{ if strict ~}\nforbid (principal, action, resource == Doc::\"secret\");\n%{ else ~}\nnonsense\n%{ endif ~}\n\
                    %{ for user in users ~}\npermit (principal == User::\"${user}\", action == Action::\"veiw\", resource);\n%{ endfor ~}\n";
    let call = |vars: &str| policy("all", &format!("templatefile(\"${{path.module}}/all.tftpl\", {vars})"));
    let tf = call("{ strict = true, users = [\"ann\", \"bob\"] }");
    let files = [("app.cedarschema", SCHEMA), ("main.tf", tf.as_str()), ("all.tftpl", template)];
    let (report, code) = check(&files);
    assert_eq!((code, &report["summary"]["policies"]), (1, &3.into()), "{report:#}");
    assert_eq!(rules(&report), ["unrecognized-action"; 2], "{report:#}");
    let (path, text) = at(&report, &files);
    assert!(path == "all.tftpl" && text.starts_with("Action::\"veiw\""), "{text}");
    for vars in ["{ strict = var.strict, users = [] }", "{ strict = true, users = var.users }"] {
        let tf = call(vars);
        let (report, code) = check(&[("app.cedarschema", SCHEMA), ("main.tf", &tf), ("all.tftpl", template)]);
        assert_eq!((code, report["notices"][0]["kind"].as_str()), (4, Some("unresolved")), "{vars}: {report:#}");
    }
    let heredoc = "<<-EOT\n        %{ if true }\n        permit (principal == User::\"ann\", action == Action::\"view\", resource)\n        %{~ if false }\n        when { 1 }\n        %{ endif ~};\n        %{ endif }\n      EOT";
    let tf = policy("one", heredoc);
    let (report, code) = check(&[("app.cedarschema", SCHEMA), ("main.tf", &tf)]);
    assert_eq!((code, &report["summary"]["policies"]), (0, &1.into()), "{report:#}");
}

#[test]
fn json_is_read_as_its_own_syntax_is() {
    let of = |statement: &str| {
        let text = json!({ "//": "made by a program", "resource": { "aws_verifiedpermissions_policy": { "view": [{
            "policy_store_id": "${aws_verifiedpermissions_policy_store.s.id}",
            "definition": [{ "static": [{ "description": "é", "statement": statement }] }] }] },
            "aws_verifiedpermissions_schema": { "s": {
            "policy_store_id": "${aws_verifiedpermissions_policy_store.s.id}",
            "definition": { "value": "${file(\"${path.module}/app.json\")}" } } } } });
        serde_json::to_string_pretty(&text).unwrap()
    };
    let schema = json!({ "": { "entityTypes": { "User": {}, "Doc": {} },
        "actions": { "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } });
    let schema = schema.to_string();
    for name in ["main.tf.json", "main.tofu.json"] {
        let text = of("permit (\n\tprincipal == User::\"a\\\\b\", action == Action::\"view\", resource is Dok);");
        let files = [(name, text.as_str()), ("app.json", schema.as_str())];
        let (report, code) = check(&files);
        assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
        let (path, rest) = at(&report, &files);
        assert!(path == name && rest.starts_with("Dok"), "{rest}");
    }
    let (report, code) = check(&[("main.tf.json", &of("${var.statement}")), ("app.json", &schema)]);
    assert_eq!((code, report["notices"][0]["kind"].as_str()), (4, Some("unresolved")), "{report:#}");
    let line = report["notices"][0]["location"]["start"]["line"].as_u64().unwrap() as usize;
    assert!(of("${var.statement}").lines().nth(line - 1).unwrap().contains("var.statement"), "{report:#}");
    let (report, code) = check(&[
        ("a.cedar", "permit (principal == User::\"ann\", action, resource);"),
        ("main.tf.json", "{\"_verifiedpermissions_\": [,"),
    ]);
    assert_eq!(code, 4, "{report:#}");
}

const CHILD: &str = "variable \"store\" {}\nvariable \"dir\" {}\nvariable \"who\" {\n  default = \"nobody\"\n}\n\
    resource \"aws_verifiedpermissions_policy\" \"all\" {\n  for_each        = fileset(var.dir, \"*.cedar\")\n  policy_store_id = var.store\n  \
    definition {\n    static {\n      statement = templatefile(\"${var.dir}/${each.value}\", { who = var.who })\n    }\n  }\n}\n";

#[test]
fn a_module_is_read_with_what_it_is_called_with() {
    let root = "resource \"aws_verifiedpermissions_policy_store\" \"main\" {\n  validation_settings {\n    mode = \"STRICT\"\n  }\n}\n\
        resource \"aws_verifiedpermissions_schema\" \"main\" {\n  policy_store_id = aws_verifiedpermissions_policy_store.main.id\n  \
        definition {\n    value = file(\"${path.module}/app.json\")\n  }\n}\n\
        module \"policies\" {\n  source = \"./modules/avp\"\n  store  = aws_verifiedpermissions_policy_store.main.id\n  \
        dir    = \"${path.module}/policies\"\n  who    = \"ann\"\n}\n";
    let schema = json!({ "": { "entityTypes": { "User": {}, "Doc": {} },
        "actions": { "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } });
    let schema = schema.to_string();
    let files = [
        ("infra/main.tf", root),
        ("infra/app.json", &schema),
        ("infra/modules/avp/main.tf", CHILD),
        (
            "infra/policies/a.cedar",
            "permit (principal == User::\"${who}\", action == Action::\"view\", resource is Dok);\n",
        ),
    ];
    let (report, code) = check(&files);
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
    assert_eq!((&report["summary"]["stores"], &report["summary"]["policies"]), (&1.into(), &1.into()), "{report:#}");
    let (path, rest) = at(&report, &files);
    assert!(path == "infra/policies/a.cedar" && rest.starts_with("Dok"), "{rest}");
    // Nobody calls it: what it is given is not known.
    let (report, code) = check(&files[2..]);
    assert_eq!(code, 4, "{report:#}");
    let counted = root.replace("  dir ", "  count = var.on ? 1 : 0\n  dir ");
    let (report, code) = check(&[
        ("infra/main.tf", &counted),
        files[1],
        files[2],
        ("infra/policies/a.cedar", "permit (principal == User::\"ann\", action, resource);"),
    ]);
    assert_eq!(code, 4, "{report:#}");
}

#[test]
fn a_module_that_is_called_twice_is_two_stores() {
    let call = |name: &str, dir: &str| {
        format!(
            "module \"{name}\" {{\n  source = \"../avp\"\n  dir    = \"${{path.module}}/{dir}\"\n  store  = \"{name}\"\n}}\n"
        )
    };
    let root = format!("{}{}", call("one", "a"), call("two", "b"));
    let policy = "permit (principal == User::\"ann\", action, resource);\n";
    let (report, code) = check(&[
        ("live/main.tf", &root),
        ("avp/main.tf", CHILD),
        ("live/a/x.cedar", policy),
        ("live/b/x.cedar", policy),
        ("live/b/y.cedar", "forbid (principal, action, resource) when { context.x };\n"),
    ]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!((&report["summary"]["stores"], &report["summary"]["policies"]), (&2.into(), &3.into()), "{report:#}");
}

#[test]
fn policies_go_to_the_store_that_a_module_gives_out() {
    let root = "module \"avp\" {\n  source = \"./avp\"\n}\n".to_owned()
        + &policy("view", "\"permit (principal, action == Action::\\\"view\\\", resource is Dok);\"")
            .replace("var.store", "module.avp.store_id");
    let child = "resource \"aws_verifiedpermissions_policy_store\" \"s\" {\n  schema {\n    cedar_format = file(\"${path.module}/app.cedarschema\")\n  }\n}\n\
        output \"store_id\" {\n  value = aws_verifiedpermissions_policy_store.s.id\n}\n";
    let (report, code) = check(&[("main.tf", &root), ("avp/main.tf", child), ("avp/app.cedarschema", SCHEMA)]);
    assert_eq!((code, rules(&report)), (1, vec!["unrecognized-entity-type"]), "{report:#}");
    assert_eq!(report["summary"]["stores"], 1, "{report:#}");
}

#[test]
fn modules_that_call_each_other_in_a_circle_come_to_an_end() {
    let call = |to: &str| {
        format!("module \"m\" {{\n  source = \"../{to}\"\n  store  = var.store\n}}\n{}", policy("p", "var.store"))
    };
    let (_, code) = check(&[("a/main.tf", &call("b")), ("b/main.tf", &call("a"))]);
    assert_eq!(code, 4);
}

#[test]
fn many_modules_that_call_each_other_are_bounded() {
    let names: Vec<String> = (0..24).map(|at| format!("m{at:02}")).collect();
    let calls: String = names
        .iter()
        .map(|name| format!("module \"{name}\" {{\n  source = \"../{name}\"\n  store  = var.store\n}}\n"))
        .collect();
    let text = format!("{calls}{}", policy("p", "var.store"));
    let paths: Vec<String> = names.iter().map(|name| format!("{name}/main.tf")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), text.as_str())).collect();
    let started = std::time::Instant::now();
    assert_eq!(check(&files).1, 4);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
