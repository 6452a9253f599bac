//! Stores for pages: one with everything, a large one, and one whose names are hostile.

use std::path::Path;

use tempfile::TempDir;

use crate::common::{git, run, write};

pub(super) const SCHEMA: &str = r#"entity Role;
entity User in [Role] { level: Long, department: String };
entity Service;
entity Document { owner: User, classified: Bool, department: String };
entity Report { owner: User };
action view appliesTo { principal: [User, Service], resource: [Document, Report], context: { mfa: Bool, zone?: String } };
action edit, share appliesTo { principal: [User], resource: [Document], context: { mfa: Bool, now: datetime } };
action export appliesTo { principal: [User, Service], resource: [Report], context: { mfa: Bool } };
"#;

const OLD: &str = r#"// Owners may do what they like with what is theirs.
@id("owner-all")
permit (principal is User, action in [Action::"view", Action::"edit", Action::"share"], resource is Document)
when { resource.owner == principal };

@id("admins")
permit (principal in Role::"admin", action in [Action::"view", Action::"export"], resource)
when { context.mfa };

@id("no-classified-sharing")
forbid (principal, action == Action::"share", resource is Document)
when { resource.classified };

@id("backup")
permit (principal is Service, action == Action::"view", resource is Report);

@id("for-a-while")
permit (principal in Role::"helper", action == Action::"edit", resource is Document)
when { context.now < datetime("2027-01-01") };

@id("never")
permit (principal is User, action == Action::"view", resource is Report)
when { principal.level > 3 && principal.level < 2 };
"#;

const TABLE: &str = r#"tests:
  - name: an owner edits
    principal: 'User::"ada"'
    action: edit
    resource: 'Document::"plan"'
    context: { mfa: false, now: "2026-11-01T00:00:00Z" }
    with:
      - { uid: { type: User, id: ada }, attrs: { level: 1, department: eng }, parents: [] }
      - { uid: { type: Document, id: plan }, attrs: { owner: { __entity: { type: User, id: ada } }, classified: false, department: eng }, parents: [] }
    expect: allow
  - name: somebody else may
    principal: 'User::"bob"'
    action: edit
    resource: 'Document::"plan"'
    context: { mfa: false, now: "2026-11-01T00:00:00Z" }
    with:
      - { uid: { type: User, id: ada }, attrs: { level: 1, department: eng }, parents: [] }
      - { uid: { type: User, id: bob }, attrs: { level: 1, department: eng }, parents: [] }
      - { uid: { type: Document, id: plan }, attrs: { owner: { __entity: { type: User, id: ada } }, classified: false, department: eng }, parents: [] }
    expect: allow
"#;

const GUARDS: &str = r#"@id("classified-stays")
@why("classified documents are shared by nobody")
forbid (principal, action == Action::"share", resource is Document) when { resource.classified };

@id("exports-need-a-second-factor")
forbid (principal, action == Action::"export", resource) unless { context.mfa };

@id("people-never-export")
forbid (principal is User, action == Action::"export", resource);
"#;

/// A repository with everything that a page shows: a commit, and a change in the worktree that lets services export
/// without more, lets classified documents be shared with a second factor, and takes exports from admins.
pub(super) fn everything() -> TempDir {
    let dir = TempDir::new().unwrap();
    write(
        dir.path(),
        &[
            ("app.cedarschema", SCHEMA),
            ("policies/documents.cedar", OLD),
            ("tests/documents_test.yaml", TABLE),
            ("guards/guards.cedarguard", GUARDS),
        ],
    );
    commit(dir.path());
    let new = OLD
        .replace(
            "resource is Document)\nwhen { resource.classified }",
            "resource is Document)\nwhen { resource.classified && !context.mfa }",
        )
        .replace("action in [Action::\"view\", Action::\"export\"], resource)", "action == Action::\"view\", resource)")
        .replace("Service, action == Action::\"view\"", "Service, action in [Action::\"view\", Action::\"export\"]");
    write(dir.path(), &[("policies/documents.cedar", &new)]);
    dir
}

fn commit(dir: &Path) {
    git(dir, &["init", "-q", "-b", "main"]);
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "-m", "all"]);
}

/// 500 policies over 60 actions, in ten files.
pub(super) fn large() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut schema =
        "entity Role; entity User in [Role] { level: Long, department: String };\nentity Document { owner: User, \
                      department: String, classified: Bool };\n"
            .to_owned();
    for action in 0..60 {
        schema.push_str(&format!(
            "action a{action} appliesTo {{ principal: [User], resource: [Document], context: {{ mfa: Bool, n: Long }} }};\n"
        ));
    }
    write(dir.path(), &[("app.cedarschema", &schema)]);
    for file in 0..10 {
        let text: String = (file * 50..(file + 1) * 50).map(policy).collect();
        write(dir.path(), &[(&format!("policies/{file}.cedar"), &text)]);
    }
    dir
}

fn policy(number: usize) -> String {
    let action = number % 60;
    let text = match number % 4 {
        0 => format!(
            "permit (principal in Role::\"r{}\", action == Action::\"a{action}\", resource)\nwhen {{ context.mfa }};",
            number % 7
        ),
        1 => format!(
            "permit (principal, action == Action::\"a{action}\", resource)\nwhen {{ resource.owner == principal && context.n > {number} }};"
        ),
        2 => format!(
            "forbid (principal, action == Action::\"a{action}\", resource)\nwhen {{ resource.classified && context.n == {number} }};"
        ),
        _ => format!(
            "permit (principal, action == Action::\"a{action}\", resource)\nwhen {{ principal.department == resource.department\n  && principal.level > {number} }};"
        ),
    };
    format!("// Number {number}.\n@id(\"policy-{number}\")\n{text}\n\n")
}

/// What a stranger might call things.
pub(super) const HOSTILE: [&str; 6] = [
    "<script>window.hacked=1;alert(1)</script>",
    "\\\"><img src=x onerror=alert(1)>",
    "</style><style>body{display:none}",
    "</code></pre><h1>all is well</h1>",
    "a\u{202e}b\u{2066}c",
    "`${alert(1)}` &lt;b&gt; ]]>",
];

/// A store whose ids, types of groups, attributes, annotations and paths are such.
pub(super) fn hostile() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut schema =
        "entity Role; entity User in [Role] { \"<script>alert(1)</script>\": Bool };\nentity Doc { owner: User };\n"
            .to_owned();
    let mut policies = String::new();
    for (number, name) in HOSTILE.iter().enumerate() {
        schema.push_str(&format!(
            "action \"{name}\" appliesTo {{ principal: [User], resource: [Doc], context: {{ \"{name}\": Bool }} }};\n"
        ));
        policies.push_str(&format!(
            "// {name}\n@id(\"{number} {name}\")\n@description(\"{name}\")\npermit (principal in Role::\"{name}\", action == \
             Action::\"{name}\", resource)\nwhen {{ context[\"{name}\"] && principal[\"<script>alert(1)</script>\"] }};\n\n"
        ));
    }
    policies.push_str(
        "@id(\"broken <script>alert(1)</script>\")\npermit (principal, action == Action::\"<script>\", resource);\n",
    );
    write(dir.path(), &[("a<b>'s &quot;.cedarschema", &schema), ("p/<img onerror=alert(1)>.cedar", &policies)]);
    commit(dir.path());
    let changed = policies.replace("&& principal", "|| principal");
    write(dir.path(), &[("p/<img onerror=alert(1)>.cedar", &changed)]);
    dir
}

/// The page that `polcheck report --html` writes in `dir` with these arguments, its exit code, and the JSON report.
pub(super) fn page(dir: &Path, args: &[&str]) -> (String, i32, serde_json::Value) {
    let out = TempDir::new().unwrap();
    let (file, json) = (out.path().join("page.html"), out.path().join("report.json"));
    let (file, to_json) = (file.display().to_string(), format!("json={}", json.display()));
    let ran = run(dir, &[&["report", "--html", &file, "--report", &to_json], args].concat());
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
    let report = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    (text, ran.code, report)
}
