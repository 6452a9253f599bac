//! Everything that a run knows is on the page, which is well-formed and loads nothing.

use std::collections::BTreeSet;

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use tempfile::TempDir;

use super::store::{everything, hostile, large, page};
use crate::common::{run, write};

/// What a parser of XML finds on a page.
#[derive(Default)]
struct Parsed {
    text: String,
    ids: Vec<String>,
    links: Vec<String>,
    elements: BTreeSet<String>,
    attributes: BTreeSet<String>,
}

fn parse(page: &str) -> Parsed {
    let mut reader = Reader::from_str(page);
    let config = reader.config_mut();
    (config.check_end_names, config.check_comments) = (true, true);
    let mut parsed = Parsed::default();
    let mut open: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} at {}", reader.error_position()));
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned();
                    match key.as_str() {
                        "id" => parsed.ids.push(value),
                        "href" => parsed.links.push(value),
                        _ => {}
                    }
                    parsed.attributes.insert(key);
                }
                if matches!(event, Event::Start(_)) {
                    open.push(name.clone());
                }
                parsed.elements.insert(name);
            }
            Event::End(_) => _ = open.pop(),
            Event::Text(_) if matches!(open.last().map(String::as_str), Some("style" | "script")) => {}
            Event::Text(text) => parsed.text.push_str(&text.decode().unwrap()),
            Event::GeneralRef(reference) => match &*reference.decode().unwrap() {
                "amp" => parsed.text.push('&'),
                "lt" => parsed.text.push('<'),
                "gt" => parsed.text.push('>'),
                "quot" => parsed.text.push('"'),
                "#39" => parsed.text.push('\''),
                other => panic!("&{other};"),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    parsed
}

/// What every page is held to, whatever is on it.
fn sound(page: &str) -> Parsed {
    let parsed = parse(page);
    let ids: BTreeSet<&String> = parsed.ids.iter().collect();
    assert_eq!(ids.len(), parsed.ids.len(), "an id is there twice");
    for link in &parsed.links {
        let inner = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leads away"));
        assert!(ids.contains(&inner.to_owned()), "{link} leads nowhere");
    }
    let loading = ["img", "iframe", "object", "embed", "link", "base", "form", "svg", "video", "audio"];
    assert!(loading.iter().all(|element| !parsed.elements.contains(*element)), "{:?}", parsed.elements);
    assert!(parsed.attributes.iter().all(|name| !name.starts_with("on") && name != "src" && name != "style"));
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"), "no policy of its own");
    parsed
}

#[test]
fn all_of_a_run_is_on_the_page() {
    let dir = everything();
    let (text, code, report) = page(dir.path(), &["--against", "main", "--all"]);
    assert_eq!((code, report["command"].as_str()), (1, Some("report")));
    let parsed = sound(&text);
    for finding in report["findings"].as_array().unwrap() {
        assert!(parsed.text.contains(&finding["message"].as_str().unwrap().replace('`', "")), "{finding}");
    }
    assert!(!report["findings"].as_array().unwrap().is_empty());
    for id in ["owner-all", "admins", "no-classified-sharing", "backup", "for-a-while", "never"] {
        assert!(parsed.text.contains(&format!("@id(\"{id}\")")), "{id}");
    }
    for guardrail in report["guardrails"].as_array().unwrap() {
        assert!(parsed.text.contains(guardrail["id"].as_str().unwrap()));
    }
    // Each change with what was edited, for whom, and its example.
    for said in [
        "▲ gained",
        "▼ lost",
        "for example: ",
        "to replay: ",
        "✗ broken",
        "✓ holds",
        "✗ fails",
        "1 row passes, 1 row fails",
        "Coverage: ",
    ] {
        assert!(parsed.text.contains(said), "{said}");
    }
    let changed = report["changes"].as_array().unwrap().iter().filter(|change| change["relation"] != "same").count();
    assert!(changed > 2);
    assert!(parsed.ids.iter().filter(|id| id.starts_with("change-")).count() > 1);
    // Two runs are the same page, byte for byte.
    assert!(text == page(dir.path(), &["--against", "main", "--all"]).0);
}

#[test]
fn a_finding_stands_beneath_its_line_with_a_mark_where_it_is() {
    let dir = everything();
    let (text, ..) = page(dir.path(), &[]);
    sound(&text);
    let at = text.find("<mark class=\"finding").unwrap();
    let line = text[at..].split("</div>").nth(1).unwrap();
    assert!(line.contains("class=\"finding"), "{line}");
    assert!(line.contains("column "), "{line}");
}

#[test]
fn it_exits_as_check_does() {
    let dir = everything();
    for args in [&[][..], &["--against", "main"], &["--against", "main", "--all"], &["--fail-on", "never"]] {
        let check = run(dir.path(), &[&["check"], args].concat());
        assert_eq!(page(dir.path(), args).1, check.code, "{args:?}");
    }
    let empty = TempDir::new().unwrap();
    assert_eq!(page(empty.path(), &[]).1, 3);
    let broken = TempDir::new().unwrap();
    write(broken.path(), &[("polcheck.toml", "nonsense = 1\n"), ("a.cedar", "permit (principal, action, resource);")]);
    assert_eq!(page(broken.path(), &[]).1, 2);
}

#[test]
fn hostile_names_are_text() {
    let dir = hostile();
    let (text, ..) = page(dir.path(), &["--against", "main", "--all"]);
    let parsed = sound(&text);
    for said in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style><style>body{display:none}",
        "\\u{202e}",
    ] {
        assert!(parsed.text.contains(said), "{said}");
    }
    assert!(!text.contains(['\u{202e}', '\u{2066}']));
}

#[test]
fn a_page_of_500_policies_is_bounded() {
    let dir = large();
    let (text, ..) = page(dir.path(), &[]);
    let parsed = sound(&text);
    assert!((0..500).all(|number| parsed.text.contains(&format!("@id(\"policy-{number}\")"))));
    let elements = text.matches("</").count();
    assert!(elements < 40_000, "{elements}");
}

#[test]
fn stores_without_a_schema_and_broken_ones_have_a_page() {
    for files in [
        &[("a.cedar", "permit (principal == User::\"a\", action == Action::\"v\", resource) when { context.mfa };")][..],
        &[("a.cedar", "permit (principal, action, resource);"), ("a.cedarschema", "entity A; nonsense")],
        &[
            ("a.cedar", "permit (principal, action"),
            ("a.cedarschema", "entity A; action v appliesTo { principal: A, resource: A };"),
        ],
        &[("a.cedarschema", "entity A; action v appliesTo { principal: A, resource: A };")],
        &[
            ("t.cedar", "@id(\"t\")\npermit (principal == ?principal, action, resource);"),
            ("a.cedarschema", "entity A; action v appliesTo { principal: A, resource: A };"),
        ],
    ] {
        let dir = TempDir::new().unwrap();
        write(dir.path(), files);
        let (text, code, report) = page(dir.path(), &[]);
        sound(&text);
        assert_eq!(code, run(dir.path(), &["check"]).code, "{files:?}");
        assert_eq!(report["exit"], code);
    }
}

#[test]
fn it_says_what_to_do_where_it_cannot_write() {
    let dir = everything();
    let said = |args: &[&str]| {
        let ran = run(dir.path(), args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        ran.stderr
    };
    assert!(said(&["report"]).contains("--html report.html"));
    assert!(said(&["report", "--html", "policies"]).contains("it is a folder"));
    assert!(said(&["report", "--html", "no/such/folder.html"]).contains("its folder is not there"));
    assert!(said(&["report", "--html", "-", "--report", "json"]).contains("--report json=FILE"));
    let printed = run(dir.path(), &["report", "--html", "-"]);
    assert!(printed.stdout.starts_with("<!DOCTYPE html>"));
    sound(&printed.stdout);
    assert!(printed.stderr.starts_with("polcheck report: "), "{}", printed.stderr);
}

#[test]
fn files_lead_to_the_web_where_that_is_known() {
    let dir = everything();
    let (text, ..) = page(dir.path(), &["--link-base", "https://git.example/o/r/blob/abc"]);
    let parsed = parse(&text);
    let away: Vec<_> = parsed.links.iter().filter(|link| !link.starts_with('#')).collect();
    assert!(
        away.iter().any(|link| *link == "https://git.example/o/r/blob/abc/policies/documents.cedar#L1"),
        "{away:?}"
    );
    assert!(away.iter().all(|link| link.starts_with("https://git.example/o/r/blob/abc/")));
}
