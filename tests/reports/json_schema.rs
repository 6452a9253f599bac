//! docs/schemas/report.schema.json is made from the code that writes `--report json`, and every report keeps to it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::common::{copy, git, json as report};

const PAGE: &str = "docs/schemas/report.schema.json";
/// Where the types stand that reports are made of, besides src/report/json/.
const ELSEWHERE: [&str; 4] = [
    "src/finding/model.rs",
    "src/outcome/tests_run.rs",
    "src/outcome/replay/replayed.rs",
    "src/outcome/replay/tally.rs",
];

struct Field {
    name: String,
    kind: String,
    about: String,
    flat: bool,
    always: bool,
}

enum Body {
    Fields(Vec<Field>),
    /// Names, and what stands in the one that is called so.
    Variants(Vec<(String, Variant)>),
}

enum Variant {
    Unit,
    Fields(Vec<Field>),
    Other(String),
}

struct Item {
    about: String,
    /// The key that says which variant it is.
    tag: Option<String>,
    body: Body,
}

/// What stands between quotes behind `key = `.
fn quoted<'a>(attribute: &'a str, key: &str) -> Option<&'a str> {
    attribute.split_once(&format!("{key} = \""))?.1.split('"').next()
}

/// Fields up to the line that closes them.
fn fields<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<Field> {
    let (mut found, mut about, mut serde) = (Vec::new(), Vec::new(), String::new());
    for line in lines.map(str::trim).take_while(|line| !line.starts_with('}')) {
        if let Some(text) = line.strip_prefix("///") {
            about.push(text.trim());
        } else if line.starts_with("#[serde") {
            serde.push_str(line);
        } else if let Some((name, kind)) = line.trim_start_matches("pub ").split_once(": ") {
            if !serde.contains("(skip)") {
                found.push(Field {
                    name: quoted(&serde, "rename").unwrap_or(name).to_owned(),
                    kind: kind.trim_end_matches(',').to_owned(),
                    about: about.join(" "),
                    flat: serde.contains("flatten"),
                    always: !serde.contains("skip_serializing_if"),
                });
            }
            about.clear();
            serde.clear();
        }
    }
    found
}

fn variants<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<(String, Variant)> {
    let mut found = Vec::new();
    while let Some(line) = lines.next().map(str::trim).filter(|line| !line.starts_with('}')) {
        if line.is_empty() || line.starts_with("//") || line.starts_with('#') {
            continue;
        }
        let name: String = line.chars().take_while(|c| c.is_alphanumeric()).collect();
        let variant = match line.get(name.len()..).unwrap().trim_start() {
            "{" => Variant::Fields(fields(lines)),
            rest if rest.starts_with('(') => Variant::Other(rest.trim_matches(['(', ')', ',']).to_owned()),
            _ => Variant::Unit,
        };
        found.push((name.to_lowercase(), variant));
    }
    found
}

/// Everything in a file that is written as JSON, by name.
fn items(text: &str) -> BTreeMap<String, Item> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    let (mut about, mut attributes) = (Vec::new(), String::new());
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("///") {
            about.push(text.trim());
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else {
            let words: Vec<&str> = line.split_whitespace().collect();
            let kind = words.iter().position(|word| ["struct", "enum"].contains(word));
            if let (Some(at), true, true) = (kind, line.ends_with('{'), attributes.contains("Serialize")) {
                let name = words[at + 1].split('<').next().unwrap().to_owned();
                let body = match words[at] {
                    "struct" => Body::Fields(fields(&mut lines)),
                    _ => Body::Variants(variants(&mut lines)),
                };
                let tag = quoted(&attributes, "tag").map(str::to_owned);
                found.insert(name, Item { about: about.join(" "), tag, body });
            }
            about.clear();
            attributes.clear();
        }
    }
    found
}

/// Types by file and name.
struct Types(BTreeMap<String, BTreeMap<String, Item>>);

impl Types {
    fn read() -> Self {
        let mut paths: Vec<String> = ELSEWHERE.map(str::to_owned).into();
        for entry in std::fs::read_dir("src/report/json").unwrap() {
            paths.push(entry.unwrap().path().to_str().unwrap().to_owned());
        }
        let stem = |path: &str| Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned();
        Self(paths.iter().map(|path| (stem(path), items(&std::fs::read_to_string(path).unwrap()))).collect())
    }

    /// The type that is called `name` in `file`: its own, or else the one that it takes from another.
    fn find(&self, file: &str, name: &str) -> (&str, &Item) {
        let own = self.0.get_key_value(file).and_then(|(file, items)| Some((file.as_str(), items.get(name)?)));
        own.unwrap_or_else(|| {
            // In the report's code, `Place` of the module `replay` is that of the tally.
            let mut all = self.0.iter().filter_map(|(file, items)| Some((file.as_str(), items.get(name)?)));
            let found = if name == "Place" { all.find(|(file, _)| *file == "tally") } else { all.next() };
            found.unwrap_or_else(|| panic!("{file} writes a `{name}`, which is declared nowhere that is looked at"))
        })
    }
}

struct Schema<'a> {
    types: &'a Types,
    definitions: Map<String, Value>,
}

impl Schema<'_> {
    fn of(&mut self, file: &str, kind: &str) -> Value {
        let kind = kind.trim_start_matches('&').trim_start();
        let kind = kind.strip_prefix("'a ").or_else(|| kind.strip_prefix("'static ")).unwrap_or(kind);
        let inside = |outer: &str| kind.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
        if let Some(inner) = inside("Option<") {
            let found = self.of(file, inner);
            return match found.get("type").and_then(Value::as_str) {
                Some(one) => {
                    let mut found = found.clone();
                    found["type"] = json!([one, "null"]);
                    found
                }
                None if found == json!({}) => found,
                None => json!({ "anyOf": [found, { "type": "null" }] }),
            };
        }
        if let Some(inner) = inside("Vec<").or_else(|| kind.strip_prefix('[')?.strip_suffix(']')) {
            let inner = inner.split(';').next().unwrap();
            return json!({ "type": "array", "items": self.of(file, inner) });
        }
        if let Some(inner) = inside("Box<") {
            return self.of(file, inner);
        }
        match kind.split('<').next().unwrap() {
            "str" | "String" => json!({ "type": "string" }),
            "bool" => json!({ "type": "boolean" }),
            "usize" | "u8" | "u32" | "u64" => json!({ "type": "integer", "minimum": 0 }),
            "i64" => json!({ "type": "integer" }),
            "f64" => json!({ "type": "number" }),
            // Cedar's own JSON.
            "Value" | "serde_json::Value" | "RawValue" => json!({}),
            "Map" => json!({ "type": "object" }),
            name => self.named(file, name),
        }
    }

    fn named(&mut self, file: &str, name: &str) -> Value {
        let (home, item) = self.types.find(file, name);
        let key = format!("{home}.{}", name.strip_suffix("Out").unwrap_or(name));
        if !self.definitions.contains_key(&key) {
            self.definitions.insert(key.clone(), Value::Null);
            let mut made = self.item(home, item);
            if !item.about.is_empty() {
                made["description"] = json!(item.about);
            }
            self.definitions.insert(key.clone(), made);
        }
        json!({ "$ref": format!("#/$defs/{key}") })
    }

    fn item(&mut self, file: &str, item: &Item) -> Value {
        match &item.body {
            Body::Fields(fields) => self.object(file, fields, None),
            Body::Variants(all) => match &item.tag {
                None => json!({ "enum": all.iter().map(|(name, _)| name).collect::<Vec<_>>() }),
                Some(tag) => {
                    let one = |(name, variant): &(String, Variant)| {
                        let told = Some((tag.as_str(), name.as_str()));
                        match variant {
                            Variant::Fields(fields) => self.object(file, fields, told),
                            Variant::Unit => self.object(file, &[], told),
                            Variant::Other(other) => {
                                let flat = Field {
                                    name: String::new(),
                                    kind: other.clone(),
                                    about: String::new(),
                                    flat: true,
                                    always: true,
                                };
                                self.object(file, &[flat], told)
                            }
                        }
                    };
                    json!({ "oneOf": all.iter().map(one).collect::<Vec<_>>() })
                }
            },
        }
    }

    fn object(&mut self, file: &str, fields: &[Field], tag: Option<(&str, &str)>) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        if let Some((tag, name)) = tag {
            properties.insert(tag.to_owned(), json!({ "const": name }));
            required.push(tag.to_owned());
        }
        self.add(file, fields, true, &mut properties, &mut required);
        json!({ "type": "object", "properties": properties, "required": required })
    }

    /// Adds fields to an object, those of a flat field among them.
    fn add(
        &mut self,
        file: &str,
        fields: &[Field],
        always: bool,
        properties: &mut Map<String, Value>,
        required: &mut Vec<String>,
    ) {
        for field in fields {
            if field.flat {
                let plain = field.kind.trim_start_matches("Option<").trim_end_matches('>').trim_start_matches("&'a ");
                let (home, item) = self.types.find(file, plain.split('<').next().unwrap());
                let Body::Fields(inner) = &item.body else {
                    panic!("{}: only what has fields can be flat", field.kind)
                };
                self.add(home, inner, always && !field.kind.starts_with("Option<"), properties, required);
                continue;
            }
            // A key that is left out for nothing is never null.
            let nothing = !field.always && field.kind.starts_with("Option<");
            let kind =
                if nothing { field.kind.trim_start_matches("Option<").trim_end_matches('>') } else { &field.kind };
            // Of `Option<Vec<T>` the last bracket is Vec's.
            let kind = if kind.matches('<').count() > kind.matches('>').count() {
                format!("{kind}>")
            } else {
                kind.to_owned()
            };
            let mut made = self.of(file, &kind);
            if !field.about.is_empty() {
                made["description"] = json!(field.about);
            }
            properties.insert(field.name.clone(), made);
            if field.always && always {
                required.push(field.name.clone());
            }
        }
    }
}

fn schema() -> Value {
    let types = Types::read();
    let mut schema = Schema { types: &types, definitions: Map::new() };
    let (home, root) = types.find("run", "Root");
    let mut made = schema.item(home, root);
    made["properties"]["format"] = json!({ "const": 1 });
    let mut all = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{}/raw/main/{PAGE}", env!("CARGO_PKG_REPOSITORY")),
        "title": "A report of polcheck (`--report json`), format 1",
        "description": "Keys are only ever added: pass over those that you do not know.",
    });
    for (key, value) in made.as_object().unwrap() {
        all[key] = value.clone();
    }
    let mut definitions: Vec<_> = schema.definitions.into_iter().collect();
    definitions.sort_by(|a, b| a.0.cmp(&b.0));
    all["$defs"] = Value::Object(definitions.into_iter().collect());
    all
}

/// The same schema, for readers that know every key.
fn strict(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) && map.contains_key("type") {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
            map.values_mut().for_each(strict);
        }
        Value::Array(all) => all.iter_mut().for_each(strict),
        _ => {}
    }
}

#[test]
fn the_schema_is_that_of_the_code() {
    let wanted = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(PAGE, &wanted).unwrap();
    }
    assert!(
        std::fs::read_to_string(PAGE).unwrap() == wanted,
        "POLCHECK_BLESS=1 cargo test --test reports json_schema writes {PAGE}"
    );
}

/// A repository with one commit of what lies in a folder.
fn committed(folder: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    copy(Path::new(folder), dir.path());
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

#[test]
fn reports_of_every_command_keep_to_it() {
    let mut exact = schema();
    strict(&mut exact);
    let exact = jsonschema::validator_for(&exact).unwrap();
    let mut seen = 0;
    let mut hold = |dir: &Path, args: &[&str]| {
        let (value, _) = report(dir, args);
        let wrong: Vec<String> =
            exact.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{args:?}: {}", wrong.join("\n"));
        seen += 1;
    };
    for name in ["step-up", "just-in-time"] {
        let dir = committed(&format!("fixtures/repos/{name}"));
        copy(Path::new(&format!("fixtures/repos/{name}-broken")), dir.path());
        for args in [
            &["check"][..],
            &["check", "--against", "main"],
            &["validate"],
            &["lint", "-v", "--conflicts", "--breadth", "--against", "main"],
            &["test", "--coverage", "--coverage-floor", "80", "--against", "main"],
            &["test", "--mutate", "--against", "main"],
            &["prove", "--against", "main"],
            &["diff", "main"],
            &["who-can"],
            &["who-can", "--against", "main"],
            &["explain", "--cache"],
            &["lint", "--fix"],
        ] {
            hold(dir.path(), args);
        }
    }
    hold(committed("fixtures/repos/step-up").path(), &["explain", "--row", "risk_test.yaml#07:00 is within hours"]);
    let dir = committed("fixtures/replay");
    hold(dir.path(), &["replay", "logs/"]);
    hold(dir.path(), &["replay", "logs/", "--from", "main"]);
    hold(dir.path(), &["who-can"]);
    for rule in ["forbid-can-error", "shadowed-permit", "stale-link", "expired-grant", "missing-guard", "drifted-copy"]
    {
        hold(&Path::new("fixtures/rules").join(rule).join("fail"), &["check"]);
    }
    hold(TempDir::new().unwrap().path(), &["check"]);
    assert!(seen > 30, "{seen}");
}

#[test]
fn a_report_that_is_otherwise_does_not() {
    let valid = jsonschema::validator_for(&schema()).unwrap();
    let dir = committed("fixtures/repos/step-up");
    let (value, _) = report(dir.path(), &["check"]);
    assert!(valid.is_valid(&value));
    let mut less = value.clone();
    less.as_object_mut().unwrap().remove("headline");
    assert!(!valid.is_valid(&less));
    let mut other = value.clone();
    other["tests"][0]["location"]["start"]["line"] = json!("one");
    assert!(!valid.is_valid(&other));
    let mut more = value;
    more["later"] = json!("a key of a later version");
    assert!(valid.is_valid(&more));
}
