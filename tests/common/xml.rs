//! XML as a strict reader takes it, and JUnit's shape.

use std::collections::{BTreeMap, HashSet};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// XML 1.0, section 2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn start(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { name: String::from_utf8_lossy(tag.name().as_ref()).into_owned(), ..Element::default() };
    for attribute in tag.attributes().with_checks(true) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.value.contains(&b'<') {
            return Err("a `<` in an attribute".to_owned());
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
        if !value.chars().all(is_char) {
            return Err(format!("no XML: {value:?}"));
        }
        element.attributes.insert(String::from_utf8_lossy(attribute.key.as_ref()).into_owned(), value.into_owned());
    }
    Ok(element)
}

/// The root of `text`, or why it is no XML 1.0 document.
pub fn parse(text: &str) -> Result<Element, String> {
    if let Some(bad) = text.chars().find(|c| !is_char(*c)) {
        return Err(format!("{bad:?} is no character of XML"));
    }
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Element::default()];
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let top = stack.last_mut().ok_or("more ends than starts")?;
        match event {
            Event::Start(tag) => stack.push(start(&tag)?),
            Event::Empty(tag) => top.children.push(start(&tag)?),
            Event::Text(text) => {
                if text.windows(3).any(|three| three == b"]]>") {
                    return Err("a `]]>` in text".to_owned());
                }
                top.text.push_str(&text.decode().map_err(|error| error.to_string())?);
            }
            Event::GeneralRef(of) => {
                let name = of.decode().map_err(|error| error.to_string())?;
                let known = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];
                let c = match of.resolve_char_ref().map_err(|error| error.to_string())? {
                    Some(c) => Some(c).filter(|c| is_char(*c)),
                    None => known.iter().find(|(known, _)| **known == *name).map(|(_, c)| *c),
                };
                top.text.push(c.ok_or_else(|| format!("`&{name};` is not known"))?);
            }
            Event::End(_) => {
                let done = stack.pop().ok_or("more ends than starts")?;
                stack.last_mut().ok_or("more ends than starts")?.children.push(done);
            }
            Event::Eof => break,
            Event::Decl(_) => {}
            other => return Err(format!("not expected: {other:?}")),
        }
    }
    let [document] = &stack[..] else { return Err("an element is left open".to_owned()) };
    match &document.children[..] {
        [root] if document.text.trim().is_empty() => Ok(root.clone()),
        _ => Err("a document has one root".to_owned()),
    }
}

/// What is wrong with a JUnit document, by the rules that the schema of Jenkins' xUnit plugin (`junit-10.xsd`) and
/// GitLab's page "Unit test reports" put down. Beyond that schema are `skipped` of all suites, and `file` and `line` of
/// a case, which GitLab and others read and Jenkins passes over.
pub fn junit_faults(root: &Element) -> Vec<String> {
    let mut faults = Vec::new();
    let mut cases = HashSet::new();
    let attributes = |element: &Element, required: &[&str], optional: &[&str], faults: &mut Vec<String>| {
        for name in required.iter().filter(|name| !element.attributes.contains_key(**name)) {
            faults.push(format!("<{}> lacks {name}", element.name));
        }
        for name in element.attributes.keys().filter(|name| ![required, optional].concat().contains(&name.as_str())) {
            faults.push(format!("<{}> has {name}", element.name));
        }
    };
    let counted =
        |element: &Element| ["tests", "failures", "errors", "skipped"].map(|name| element.attribute(name).to_owned());
    let add =
        |into: &mut [usize; 4], more: [usize; 4]| into.iter_mut().zip(more).for_each(|(into, more)| *into += more);
    if root.name != "testsuites" {
        faults.push(format!("the root is <{}>", root.name));
    }
    attributes(root, &["name", "tests", "failures", "errors", "skipped"], &[], &mut faults);
    let mut all = [0; 4];
    for suite in &root.children {
        if suite.name != "testsuite" {
            faults.push(format!("<{}> among suites", suite.name));
        }
        attributes(suite, &["name", "tests", "failures", "errors", "skipped"], &[], &mut faults);
        let mut of_suite = [0; 4];
        for case in &suite.children {
            if case.name != "testcase" {
                faults.push(format!("<{}> among cases", case.name));
            }
            attributes(case, &["name", "classname", "file"], &["line"], &mut faults);
            let (class, name) = (case.attribute("classname").to_owned(), case.attribute("name").to_owned());
            if name.trim().is_empty() || !cases.insert((class, name)) {
                faults.push(format!("a second {:?}, or no name", case.attribute("name")));
            }
            let count = |name| case.named(name).count();
            let outcome = [1, count("failure"), count("error"), count("skipped")];
            if case.children.len() > 1 || outcome[1] + outcome[2] + outcome[3] != case.children.len() {
                faults.push(format!("a case ends in one way: {case:?}"));
            }
            for child in &case.children {
                let required: &[&str] = if child.name == "skipped" { &[] } else { &["message", "type"] };
                attributes(child, required, &["message"], &mut faults);
                if child.name != "skipped" && !child.text.starts_with(child.attribute("message")) {
                    faults.push(format!("GitLab shows only the text, which lacks the message: {child:?}"));
                }
            }
            add(&mut of_suite, outcome);
        }
        if counted(suite) != of_suite.map(|count| count.to_string()) {
            faults.push(format!(
                "the counts of {:?} are {:?}, not {of_suite:?}",
                suite.attribute("name"),
                counted(suite)
            ));
        }
        add(&mut all, of_suite);
    }
    if counted(root) != all.map(|count| count.to_string()) {
        faults.push(format!("the counts are {:?}, not {all:?}", counted(root)));
    }
    faults
}
