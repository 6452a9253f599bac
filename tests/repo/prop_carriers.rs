//! Every byte of a policy leads to the bytes of the carrier that hold it, however the carrier writes it.

use std::sync::Arc;

use polcheck::config::Config;
use polcheck::repo::{self, Repo, Request};
use polcheck::source::Memory;
use polcheck::text::{Location, SourceFile, Span};
use proptest::prelude::*;

const PARTS: [&str; 6] = [
    "@note(\"a;b \\\"c\\\" ${x} %{y}\")\n",
    "permit(principal, action, resource)",
    "// who: 'am' I # {{x}}\n",
    "\n\twhen { resource.name == \"é\u{1F600} \\u{41}\" }",
    "\n\n    unless { context has \"a'b\" && context[\"a'b\"] like \"*;\\\\*\" }",
    "\nwhen\n{\n  principal in Group::\"it's \\\\ here\"\n}",
];

/// A text of one policy, from parts in an order that Cedar takes.
fn policy() -> impl Strategy<Value = String> {
    (any::<[bool; 6]>(), any::<bool>()).prop_map(|(with, twice)| {
        let mut text = String::new();
        for (at, part) in PARTS.iter().enumerate() {
            if with[at] || at == 1 {
                text.push_str(part);
            }
        }
        if twice && with[4] {
            text.push_str(PARTS[3]);
        }
        text.push_str(";\n");
        text
    })
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.split_inclusive('\n')
        .map(|line| if line.trim().is_empty() { line.to_owned() } else { format!("{pad}{line}") })
        .collect()
}

fn json(text: &str, ascii: bool) -> String {
    let quoted = serde_json::Value::String(text.to_owned()).to_string();
    if !ascii {
        return quoted;
    }
    let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    quoted.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect()
}

fn hcl(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{}\"", marks(&escaped))
}

fn marks(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// What a carrier of each form is called and holds, for the policy `text`, `deep` spaces in.
fn carriers(text: &str, deep: usize) -> Vec<(&'static str, String)> {
    let yaml = |scalar: &str| {
        format!(
            "# é\nResources:\n  P:\n    Type: AWS::VerifiedPermissions::Policy\n    Properties:\n      Definition: {{}}\n  Q:\n    \
             Type: AWS::VerifiedPermissions::PolicyTemplate\n    Properties:\n      Statement: {scalar}\n"
        )
        .replace("  P:\n    Type: AWS::VerifiedPermissions::Policy\n    Properties:\n      Definition: {}\n", "")
    };
    let deep_in = 7 + deep;
    let block = |mark: &str| yaml(&format!("{mark}\n{}", indented(text, deep_in)));
    let double = json(text, false);
    let k8s = format!(
        "kind: ConfigMap\n---\napiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata: {{name: q}}\nspec:\n  content: |\n{}---\nkind: X\n",
        indented(text, 3 + deep)
    );
    let chart = format!(
        "{{{{- with .Values }}}}\napiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata:\n  name: {{{{ .Release.Name }}}}-é\n  \
         labels:\n    {{{{- include \"é.labels\" . | nindent 4 }}}}\nspec:\n  content: |\n{}{{{{- end }}}}\n",
        indented(text, 3 + deep)
    );
    let map = format!("kind: ConfigMap\ndata:\n  é: x\n  q.cedar: |\n{}  z: y\n", indented(text, 3 + deep));
    let tf_json = format!(
        "{{\"//\": \"é\", \"resource\": {{\"aws_verifiedpermissions_policy_template\": {{\"q\": [{{\"policy_store_id\": \
         \"${{var.s}}\",\n  \"statement\": {}}}]}}}}}}",
        json(&marks(text), deep.is_multiple_of(2))
    );
    let heredoc = |mark: &str, body: &str| {
        format!(
            "# é\nresource \"aws_verifiedpermissions_policy_template\" \"q\" {{\n  policy_store_id = var.s\n  statement = {mark}EOT\n{body}  EOT\n}}\n"
        )
    };
    vec![
        ("literal.yaml", block("|")),
        ("keep.yaml", block("|+")),
        ("explicit.yaml", yaml(&format!("|{}\n{}", 1 + deep, indented(text, deep_in)))),
        ("double.yaml", yaml(&double)),
        ("crlf.yaml", block("|").replace('\n', "\r\n")),
        ("sub.yaml", yaml(&format!("!Sub |\n{}", indented(&text.replace("${", "${!"), deep_in)))),
        ("k8s.yaml", k8s),
        ("chart.yaml", chart.clone()),
        ("crlf-chart.yaml", chart.replace('\n', "\r\n")),
        ("map.yaml", map),
        ("main.tf.json", tf_json),
        ("body.json", format!("{{\"static\": {{\"é\": 1, \"statement\": {}}}}}", json(text, false))),
        ("ascii.json", format!("[{{\"id\": \"q\", \"content\": {}}}]", json(text, true))),
        ("heredoc.tf", heredoc("<<-", &indented(&marks(text), 2 + deep))),
        ("plain.tf", heredoc("<<", &marks(text)).replace("  EOT\n", "EOT\n")),
        ("crlf.tf", heredoc("<<-", &indented(&marks(text), 2 + deep)).replace('\n', "\r\n")),
        (
            "quoted.tf",
            format!("resource \"aws_verifiedpermissions_policy_template\" \"q\" {{ statement = {} }}\n", hcl(text))
                .replace("{ statement", "{\n statement")
                .replace(" }\n", "\n}\n"),
        ),
    ]
}

fn load(path: &str, text: &str) -> Repo {
    let memory = Memory::new([(path, text)]);
    repo::load(&memory, &Config::default(), &Request::default()).unwrap()
}

/// Whether `written` is a way to write `c`.
fn writes(written: &str, c: char) -> bool {
    let escape = written.starts_with('\\') || matches!(written, "$${" | "$$" | "%%" | "$" | "%");
    written.starts_with(c) || (c == '\n' && written == "\r\n") || (escape && !c.is_ascii_alphanumeric())
}

fn check(path: &str, carrier: &str, text: &str) {
    let repo = load(path, carrier);
    let policies: Vec<_> = repo.stores.iter().flat_map(|store| &store.policies).collect();
    assert_eq!(policies.len(), 1, "{path}: {:#?}\n{carrier}", repo.findings);
    let place = &policies[0].location;
    let file: &Arc<SourceFile> = &place.file;
    let same = |one: &str, other: &str| one.replace("\r\n", "\n").trim() == other.trim();
    assert!(same(file.text(), text), "{path}: {:?}\n{carrier}", file.text());
    let shown = place.shown();
    assert_eq!((shown.path(), shown.file.text()), (path, carrier));
    let mut last = 0;
    for (at, c) in file.text().char_indices() {
        let outer = Location::new(file, Span::new(at, at + c.len_utf8())).shown();
        assert!(outer.span.start >= last, "{path}: places run on");
        assert!(writes(outer.text(), c), "{path}: {c:?} is written {:?}\n{carrier}", outer.text());
        last = outer.span.start;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_byte_leads_to_its_own(text in policy(), deep in 0..12_usize) {
        for (path, carrier) in carriers(&text, deep.min(7)) {
            check(path, &carrier, &text);
        }
    }

    #[test]
    fn no_carrier_brings_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in any::<prop::sample::Index>(), text in policy()) {
        for (path, carrier) in carriers(&text, 1) {
            let mut broken = carrier.into_bytes();
            let at = at.index(broken.len());
            let end = (at + bytes.len()).min(broken.len());
            broken.splice(at..end, bytes.iter().copied());
            let memory = Memory::new([(path, broken)]);
            let _ = repo::load(&memory, &Config::default(), &Request::default()).unwrap();
        }
    }
}

#[test]
fn joined_lines_and_quotes_lead_to_their_own() {
    let statement = "permit (principal,\n  action, resource)\nwhen { context has \"it's\" };";
    let yaml = |scalar: &str| {
        format!(
            "Resources:\n  Q:\n    Type: AWS::VerifiedPermissions::PolicyTemplate\n    Properties:\n      Statement: {scalar}\n"
        )
    };
    for (path, scalar) in [
        (
            "single.yaml",
            "'permit (principal,\n          action, resource)\n\n         when { context has \"it''s\" };'",
        ),
        (
            "folded.yaml",
            ">\n        permit (principal,\n        action, resource)\n        when { context has \"it's\" };",
        ),
        ("plain.yaml", "permit (principal,\n        action, resource) when\n        { context has \"it's\" };"),
        (
            "double.yaml",
            "\"permit (principal, \\\n         action, resource)\n         when { context has \\\"it's\\\" };\"",
        ),
    ] {
        let carrier = yaml(scalar);
        let repo = load(path, &carrier);
        let policy = &repo.stores[0].policies[0];
        let words = |text: &str| {
            text.replace("''", "'")
                .replace("\\\"", "\"")
                .replace("\\\n", "")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(words(policy.location.text()), words(statement), "{path}");
        let file = &policy.location.file;
        for (at, c) in file.text().char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let outer = Location::new(file, Span::new(at, at + c.len_utf8())).shown();
            assert!(writes(outer.text(), c) || (c == '\'' && outer.text() == "''"), "{path}: {c:?} {:?}", outer.text());
        }
    }
}

#[test]
fn what_stands_in_base64_leads_to_all_of_it() {
    use base64::Engine;
    let text = base64::prelude::BASE64_STANDARD.encode("permit (principal, action, resource);");
    let store =
        format!("{{\"policy_stores\": {{\"s\": {{\"policies\": {{\"p\": {{\"policy_content\": \"{text}\"}}}}}}}}}}");
    let repo = load("store.json", &store);
    let policy = &repo.stores[0].policies[0];
    assert_eq!(
        (policy.name.as_str(), policy.location.text()),
        ("store.json#p", "permit (principal, action, resource);")
    );
    assert_eq!(policy.location.shown().text(), format!("\"{text}\""));
}
