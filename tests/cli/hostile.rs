//! Files and names that mean harm, through the program: it ends, with an exit code of its own, says what it did not
//! read, and prints nothing that a terminal or a CI runner obeys.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    missing_docs,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use polcheck::report::FORMATS;
use tempfile::TempDir;

use crate::common::{self, command, git, write};

const ANYTHING: &str = "permit(principal, action, resource);\n";
const PERMIT: &str = "permit(principal in Team::\"t\", action, resource);\n";
const SCHEMA: &str =
    "entity U { a?: Long, s?: Set<Long> }; entity G; action v appliesTo { principal: U, resource: [U, G] };";
/// Longest run, in seconds.
const PATIENCE: u64 = 60;
const MANY: usize = 20_000;

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Waits for `command`, killing it when it takes too long.
fn wait(mut command: Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id().to_string();
    let (done, ended) = std::sync::mpsc::channel();
    let guard = std::thread::spawn(move || {
        if ended.recv_timeout(Duration::from_secs(PATIENCE)).is_err() {
            let _ = Command::new("kill").args(["-9", &id]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = done.send(());
    guard.join().unwrap();
    output
}

/// What a run may always be held to.
struct Seen {
    code: i32,
    stdout: String,
    rules: Vec<String>,
}

impl Seen {
    fn found(&self, rule: &str) -> bool {
        self.rules.iter().any(|found| found == rule)
    }
}

/// Runs `check` in `dir` for a terminal and for a machine.
fn check(dir: &Path, what: &str) -> Seen {
    let mut human = command(dir);
    human.args(["check", "-v"]);
    let (code, stdout) = sane(&wait(human), what);
    let mut json = command(dir);
    json.args(["check", "-v", "--report", "json"]);
    let (json_code, text) = sane(&wait(json), what);
    assert_eq!(json_code, code, "{what}");
    let report: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{what}: {error}\n{text}"));
    let rules = common::rules(&report).into_iter().map(str::to_owned).collect();
    Seen { code, stdout, rules }
}

/// The exit code and standard output of a run that ended as runs may.
fn sane(output: &Output, what: &str) -> (i32, String) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    let shown: String = stderr.chars().take(2000).collect();
    assert!(code.is_some_and(|code| (0..=4).contains(&code)), "{what}: {}\n{shown}", output.status);
    assert!(!stderr.contains("panicked") && !stderr.contains("internal error"), "{what}: {shown}");
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    assert!(!raw(&stdout), "{what}: {stdout:?}");
    assert!(!raw(&stderr), "{what}: {stderr:?}");
    (code.unwrap(), stdout)
}

/// `check` of a folder with `files`; fails unless one of `rules` is found, or any code does where there are none.
fn survives(what: &str, files: &[(&str, &str)], rules: &[&str]) -> Seen {
    let dir = dir();
    write(dir.path(), files);
    let started = Instant::now();
    let seen = check(dir.path(), what);
    println!("{what}: exit {} after {:.1?} (two runs), {:?}", seen.code, started.elapsed(), seen.rules.first());
    if !rules.is_empty() {
        assert!(rules.iter().any(|rule| seen.found(rule)), "{what}: {:?}\n{}", seen.rules, seen.stdout);
        assert!(matches!(seen.code, 1 | 2), "{what}: {}", seen.code);
    }
    seen
}

fn when(condition: &str) -> String {
    format!("permit(principal, action, resource) when {{ {condition} }};\n{PERMIT}")
}

/// A policy of this condition, with and without a schema.
fn condition(what: &str, condition: &str, rules: &[&str]) {
    let text = when(condition);
    survives(what, &[("a.cedar", &text)], rules);
    survives(&format!("{what}, with a schema"), &[("a.cedar", &text), ("s.cedarschema", SCHEMA)], rules);
}

#[test]
fn brackets_in_policies() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{a:", "}")] {
        condition(open, &format!("{}1{}", open.repeat(MANY), close.repeat(MANY)), &["too-deep"]);
        condition(&format!("{open} unclosed"), &open.repeat(MANY), &["too-deep"]);
    }
    survives("brackets alone", &[("a.cedar", &"(".repeat(1_000_000))], &["too-deep"]);
    survives("closing brackets alone", &[("a.cedar", &"}".repeat(MANY))], &["syntax-error"]);
}

#[test]
fn operators_in_rows() {
    // Cedar takes four of them.
    condition("!", &format!("{}true", "!".repeat(MANY)), &["syntax-error", "too-deep"]);
    condition("-", &format!("{}1 == 1", "-".repeat(MANY)), &["syntax-error", "too-deep"]);
    condition("nested if", &format!("{}true{}", "if true then ".repeat(MANY), " else false".repeat(MANY)), &[]);
}

#[test]
fn long_chains() {
    for (operator, operand, end) in [("&&", "true", ""), ("||", "false", ""), ("+", "1", " == 1")] {
        condition(operator, &format!("{}{end}", vec![operand; MANY].join(operator)), &[]);
    }
    condition(".a", &format!("principal{}", ".a".repeat(MANY)), &[]);
    condition(".a past the limit", &format!("principal{}", ".a".repeat(60_000)), &["too-deep"]);
}

#[test]
fn wide_policies() {
    let numbers: Vec<_> = (0..MANY).map(|number| number.to_string()).collect();
    condition("set", &format!("[{}].contains(1)", numbers.join(",")), &[]);
    let fields: Vec<_> = numbers.iter().map(|number| format!("a{number}: {number}")).collect();
    condition("record", &format!("{{{}}} has a1", fields.join(",")), &[]);
    let annotations: String = numbers.iter().map(|number| format!("@a{number}(\"x\")")).collect();
    survives("annotations", &[("a.cedar", &format!("{annotations}{PERMIT}"))], &[]);
    let key = "k".repeat(2_000_000);
    survives("a long key", &[("a.cedar", &format!("@{key}(\"x\") {PERMIT}"))], &[]);
    let text = "x".repeat(2_000_000);
    condition("string", &format!("\"{text}\" == \"y\""), &[]);
    let ids = "Action::\"a\",".repeat(MANY);
    survives("scope", &[("a.cedar", &format!("permit(principal, action in [{ids}], resource);"))], &[]);
}

#[test]
fn deep_json() {
    let deep = "[".repeat(200_000);
    let closed = format!("{deep}{}", "]".repeat(200_000));
    let objects = "{\"a\":".repeat(200_000);
    for (name, rules) in [
        ("entities.json", &["entity-mismatch"][..]),
        ("s.cedarschema.json", &["schema-error", "too-deep"]),
        ("p.cedar.json", &["syntax-error"]),
        ("a_test.json", &["test-mismatch"]),
        ("ALLOW/r.json", &["test-mismatch"]),
        ("l.cedartemplatelinks.json", &["link-error"]),
    ] {
        for (kind, text) in [("open", &deep), ("closed", &closed), ("objects", &objects)] {
            let seen = survives(&format!("{name} {kind}"), &[("a.cedar", PERMIT), (name, text)], &[]);
            // What has none of the keys that such a file has is another tool's.
            let foreign = match kind {
                "open" => false,
                "closed" => ["entities.json", "a_test.json", "ALLOW/r.json"].contains(&name),
                _ => name == "a_test.json",
            };
            if foreign {
                assert_eq!(seen.code, 0, "{name} {kind}");
                continue;
            }
            assert!(rules.iter().any(|rule| seen.found(rule)), "{name} {kind}: {:?}\n{}", seen.rules, seen.stdout);
            assert_eq!(seen.code, 1, "{name} {kind}");
        }
    }
    // Where the file has the right outline and the depth is inside.
    let attribute =
        format!("[{{\"uid\":{{\"type\":\"U\",\"id\":\"a\"}},\"attrs\":{{\"x\":{closed}}},\"parents\":[]}}]");
    survives("entity", &[("a.cedar", PERMIT), ("entities.json", &attribute)], &["entity-mismatch"]);
    let context = format!(
        "[{{\"request\":{{\"principal\":{closed},\"action\":\"A::\\\"a\\\"\",\"resource\":\"A::\\\"a\\\"\",\"context\":{closed}}},\"decision\":{closed},\"entities\":{closed}}}]"
    );
    assert_eq!(survives("row", &[("a.cedar", PERMIT), ("a_test.json", &context)], &[]).code, 1);
    let schema = format!("{{\"\":{{\"entityTypes\":{{\"U\":{{\"shape\":{closed}}}}},\"actions\":{{}}}}}}");
    survives("schema", &[("s.cedarschema.json", &schema)], &["schema-error", "too-deep"]);
    let mut body = "{\"Value\":true}".to_owned();
    for _ in 0..5_000 {
        body = format!("{{\"!\":{{\"arg\":{body}}}}}");
    }
    let policy = format!(
        "{{\"effect\":\"permit\",\"principal\":{{\"op\":\"All\"}},\"action\":{{\"op\":\"All\"}},\"resource\":{{\"op\":\"All\"}},\"conditions\":[{{\"kind\":\"when\",\"body\":{body}}}]}}"
    );
    survives("policy", &[("p.cedar.json", &policy)], &["syntax-error"]);
}

#[test]
fn schemas() {
    let sets = |count: usize| format!("entity U {{ a: {}Long{} }};", "Set<".repeat(count), ">".repeat(count));
    survives("deep sets", &[("s.cedarschema", &sets(MANY)), ("a.cedar", ANYTHING)], &["too-deep"]);
    survives("very deep sets", &[("s.cedarschema", &sets(1_000_000)), ("a.cedar", ANYTHING)], &["too-deep"]);
    survives("deep enough", &[("s.cedarschema", &sets(200)), ("a.cedar", ANYTHING)], &[]);
    let records = format!("entity U {{ a: {}Long{} }};", "{a: ".repeat(MANY), "}".repeat(MANY));
    survives("deep records", &[("s.cedarschema", &records)], &["too-deep"]);
    let types: String = (0..MANY).map(|number| format!("entity T{number} in [T0] {{ a: Long }};\n")).collect();
    let seen = survives("types", &[("s.cedarschema", &types), ("a.cedar", ANYTHING)], &[]);
    assert!(seen.found("never-applies"), "{:?}", seen.rules);
    let chain: String = (0..2_000).map(|number| format!("type T{number} = Set<T{}>;\n", number + 1)).collect();
    let chain = format!("{chain} type T2000 = Long; entity U {{ a: T0 }};");
    survives("common types", &[("s.cedarschema", &chain)], &["too-deep"]);
    let doubled: String =
        (0..60).map(|number| format!("type T{number} = {{ a: T{}, b: T{} }};\n", number + 1, number + 1)).collect();
    let doubled = format!("{doubled} type T60 = Long; entity U {{ a: T0 }};");
    survives("doubling types", &[("s.cedarschema", &doubled), ("a.cedar", ANYTHING)], &["too-deep"]);
    let circle: String = (0..MANY).map(|number| format!("type T{number} = T{};\n", (number + 1) % MANY)).collect();
    survives("long circle of types", &[("s.cedarschema", &circle)], &["too-deep"]);
    survives("circle of types", &[("s.cedarschema", "type A = B; type B = C; type C = A;")], &["schema-error"]);
    let missing: String = (0..2_000).map(|number| format!("entity U{number} in [X{number}];\n")).collect();
    survives("unknown types", &[("s.cedarschema", &missing)], &["schema-error"]);
}

#[test]
fn configurations() {
    for (what, text) in [
        ("arrays", format!("exclude = {}", "[".repeat(MANY))),
        ("closed arrays", format!("exclude = {}{}", "[".repeat(MANY), "]".repeat(MANY))),
        ("tables", format!("a = {}", "{a=".repeat(MANY))),
        ("dotted keys", format!("a{} = 1", ".a".repeat(MANY))),
        ("a bad pattern", "exclude = [\"{{{{{{{{{{\", \"[\", \"**/**/***\"]".to_owned()),
        ("many alternatives", format!("exclude = \"{}\"", "{a,b}".repeat(5_000))),
        ("no UTF-8, nearly", "\u{0}".to_owned()),
        ("a long key", format!("{} = 1", "k".repeat(1_000_000))),
    ] {
        let seen = survives(what, &[("polcheck.toml", &text), ("a.cedar", PERMIT)], &[]);
        assert!(matches!(seen.code, 0 | 2), "{what}: {}", seen.code);
        assert_eq!(seen.code == 2, seen.found("configuration"), "{what}");
    }
}

#[test]
fn many_of_everything() {
    let suppressions = "// polcheck: ignore[placeholder] because\n".repeat(MANY);
    survives("suppressions in a row", &[("a.cedar", &format!("{suppressions}{PERMIT}"))], &[]);
    let policies: String = (0..5_000)
        .map(|number| format!("// polcheck: ignore[placeholder] because {number}\n@id(\"p{number}\") permit(principal == U::\"TODO\", action, resource);\n"))
        .collect();
    survives("policies with suppressions", &[("a.cedar", &policies)], &[]);
    let same = format!("@id(\"same\") {PERMIT}").repeat(5_000);
    survives("one id for all", &[("a.cedar", &same)], &[]);
    let template = "@id(\"t\") permit(principal == ?principal, action, resource);";
    let links: Vec<_> = (0..5_000)
        .map(|number| format!("{{\"template_id\":\"t\",\"link_id\":\"l{number}\",\"args\":{{\"?principal\":\"U::\\\"{number}\\\"\"}}}}"))
        .collect();
    let links = format!("[{}]", links.join(","));
    survives("links", &[("a.cedar", template), ("l.cedartemplatelinks.json", &links)], &[]);
    let keys: String = (0..MANY).map(|number| format!("\"k{number}\":1,")).collect();
    let row = format!("[{{{keys}\"request\":{{}},\"decision\":\"allow\"}}]");
    assert_eq!(survives("keys in a row", &[("a.cedar", PERMIT), ("a_test.json", &row)], &[]).code, 1);
    let long = ["a".repeat(100_000), "b".repeat(100_000)];
    let rows = format!(
        "[{{\"request\":{{\"principal\":\"U::\\\"a\\\"\",\"action\":\"A::\\\"a\\\"\",\"resource\":\"U::\\\"a\\\"\"}},\"decision\":\"allow\",\"reason\":[\"{}\"]}}]",
        long[0]
    );
    let policy = format!("@id(\"{}\") {PERMIT}", long[1]);
    assert_eq!(survives("names too long to compare", &[("a.cedar", &policy), ("a_test.json", &rows)], &[]).code, 1);
}

/// Name of a file of each kind, and whether it is a table.
const KINDS: [&str; 9] = [
    "s.cedarschema",
    "s.cedarschema.json",
    "p.cedar",
    "p.cedar.json",
    "entities.json",
    "l.cedartemplatelinks.json",
    "a_test.json",
    "ALLOW/r.json",
    "polcheck.toml",
];

#[test]
fn bytes_that_are_no_text() {
    for name in KINDS {
        for (what, content) in
            [("invalid UTF-8", &b"permit(\xff\xfe"[..]), ("surrogates", b"\"\xed\xa0\x80\""), ("NUL", b"\0\0\0")]
        {
            let dir = dir();
            write(dir.path(), &[("a.cedar", PERMIT)]);
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            let seen = check(dir.path(), &format!("{what} in {name}"));
            assert_eq!(seen.code, if name == "polcheck.toml" { 2 } else { 1 }, "{what} in {name}: {}", seen.stdout);
            assert!(!seen.rules.is_empty(), "{what} in {name}");
        }
    }
    survives("NUL in a string", &[("a.cedar", "permit(principal == U::\"\0\", action, resource);")], &[]);
}

#[test]
fn empty_files() {
    for name in KINDS {
        for text in ["", "\u{feff}", "\n\n", "\u{feff}\r\n"] {
            let seen = survives(&format!("empty {name}"), &[("a.cedar", PERMIT), (name, text)], &[]);
            let nothing_is_right = name.contains("cedarschema") && !name.ends_with("json")
                || matches!(name, "p.cedar" | "polcheck.toml" | "l.cedartemplatelinks.json");
            let wanted = if nothing_is_right { [0, 1] } else { [1, 1] };
            assert!(wanted.contains(&seen.code), "empty {name}: {}\n{}", seen.code, seen.stdout);
        }
    }
}

#[test]
fn files_that_are_none() {
    let dir = dir();
    write(dir.path(), &[("x.cedar/in.cedar", PERMIT), ("a.cedar", PERMIT)]);
    fs::create_dir_all(dir.path().join("empty.cedar")).unwrap();
    assert_eq!(check(dir.path(), "a folder named like a policy file").code, 0);

    for name in KINDS {
        let dir = self::dir();
        write(dir.path(), &[("a.cedar", PERMIT)]);
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let seen = check(dir.path(), &format!("a pipe as {name}"));
        let (code, rule) = if name == "polcheck.toml" { (2, "configuration") } else { (1, "unreadable-file") };
        assert_eq!(seen.code, code, "a pipe as {name}: {}", seen.stdout);
        assert!(seen.found(rule) && seen.stdout.contains("pipe"), "a pipe as {name}: {}", seen.stdout);
    }
}

#[test]
fn links() {
    let outside = dir();
    write(
        outside.path(),
        &[("secret.cedar", "permit(principal, action, resource) when { \"s3cret\" };"), ("d/e.cedar", PERMIT)],
    );
    for repository in [false, true] {
        for (what, target, found) in [
            ("out", outside.path().join("secret.cedar"), true),
            (
                "out by a relative path",
                Path::new("..").join(outside.path().file_name().unwrap()).join("secret.cedar"),
                true,
            ),
            ("to nothing", "nothing.cedar".into(), true),
            ("to itself", "x.cedar".into(), true),
            ("to another that leads back", "y.cedar".into(), true),
            ("to a device", "/dev/zero".into(), true),
            ("to a folder", "folder".into(), false),
            ("to a file that is there", "a.cedar".into(), false),
        ] {
            let dir = dir();
            write(dir.path(), &[("a.cedar", PERMIT), ("folder/b.cedar", PERMIT)]);
            symlink(&target, dir.path().join("x.cedar")).unwrap();
            symlink("x.cedar", dir.path().join("y.cedar")).unwrap();
            if repository {
                git(dir.path(), &["init", "-q"]);
                git(dir.path(), &["add", "-A"]);
            }
            let what = format!("a link {what}, git {repository}");
            let seen = check(dir.path(), &what);
            assert_eq!(seen.found("unreadable-file"), found, "{what}: {}", seen.stdout);
            assert_eq!(seen.code, i32::from(found), "{what}: {}", seen.stdout);
            assert!(!seen.stdout.contains("s3cret"), "{what}: {}", seen.stdout);
        }
    }
    // A folder that is a link must not be walked in circles or out of the repository.
    let dir = dir();
    write(dir.path(), &[("a.cedar", PERMIT)]);
    symlink(".", dir.path().join("circle")).unwrap();
    symlink(outside.path(), dir.path().join("elsewhere")).unwrap();
    assert!(!check(dir.path(), "links to folders").stdout.contains("s3cret"));
}

#[test]
fn a_file_that_may_not_be_read() {
    let dir = dir();
    write(dir.path(), &[("a.cedar", PERMIT), ("x.cedar", PERMIT)]);
    fs::set_permissions(dir.path().join("x.cedar"), fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(dir.path().join("x.cedar")).is_ok() {
        println!("skipped: root reads everything");
        return;
    }
    let seen = check(dir.path(), "an unreadable file");
    assert!(seen.found("unreadable-file"), "{}", seen.stdout);
}

const NAMES: [&[u8]; 9] = [
    b"a\nb.cedar",
    b"a\r::error::b.cedar",
    b"\x1b[31mred\x1b]0;title\x07.cedar",
    b"::error::x.cedar",
    b"::error file=x,line=1::y.cedar",
    b"##[error]x.cedar",
    b"<script>alert(1)<\\script>|`x`.cedar",
    b"\xff\xfe.cedar",
    "\u{202e}radec.cedar".as_bytes(),
];

#[test]
fn names_of_files() {
    for name in NAMES {
        for repository in [false, true] {
            let dir = dir();
            fs::write(dir.path().join(OsString::from_vec(name.to_vec())), "permit(principal action);").unwrap();
            if repository {
                git(dir.path(), &["init", "-q"]);
            }
            let what = format!("{:?}, git {repository}", String::from_utf8_lossy(name));
            let seen = check(dir.path(), &what);
            let wanted = if std::str::from_utf8(name).is_ok() { "syntax-error" } else { "unreadable-file" };
            assert!(seen.found(wanted), "{what}: {}", seen.stdout);
            assert_eq!(seen.code, 1, "{what}");
            harmless(dir.path(), &what);
        }
    }
    // Named on the command line.
    for name in NAMES.into_iter().filter(|name| std::str::from_utf8(name).is_ok()) {
        let dir = dir();
        let path = OsString::from_vec(name.to_vec());
        fs::write(dir.path().join(&path), "permit(principal action);").unwrap();
        for args in [vec![OsStr::new("check"), &path], vec![OsStr::new("check"), OsStr::new("-p"), &path]] {
            let mut command = command(dir.path());
            command.args(args);
            let (code, stdout) = sane(&wait(command), "a name on the command line");
            assert_eq!(code, 1, "{path:?}: {stdout}");
        }
        let mut command = command(dir.path());
        let mut missing = path.clone();
        missing.push(".gone");
        command.arg("check").arg(missing);
        assert_eq!(sane(&wait(command), "a missing name").0, 2, "{path:?}");
    }
}

const EVIL: &str = "a\\u{1b}[31mred\\u{1b}]0;t\\u{7}\\n::error::one\\r::warning::two\\n##[error]three <script>alert(1)</script> | **b** `c` [x](javascript:1) \\u{202e}rtl @team";

/// Every text of a user that reports may show, hostile.
fn evil_repository(dir: &Path) {
    let json = EVIL.replace("\\u{1b}", "\\u001b").replace("\\u{7}", "\\u0007").replace("\\u{202e}", "\\u202e");
    let raw = "::error::raw <script>alert(2)</script> \u{1b}[32m \u{202e} ##[error]x";
    let policies = format!(
        "@id(\"{EVIL}\")\npermit(principal == U::\"{EVIL}\", action, resource) when {{ principal.nothing == \"{EVIL}\" }};\n\
         @id(\"{EVIL}\") @todo(\"TODO {EVIL}\") forbid(principal == U::\"TODO {EVIL}\", action, resource) when {{ resource[\"{EVIL}\"] }};\n\
         // polcheck: ignore[{raw}] {raw}\n\
         permit(principal, action == Action::\"{EVIL}\", resource is {raw});\n\
         @id(\"t\") permit(principal == ?principal, action, resource);\n"
    );
    let entities =
        format!("[{{\"uid\":{{\"type\":\"U\",\"id\":\"{json}\"}},\"attrs\":{{\"{json}\":1}},\"parents\":[]}}]");
    let links = format!(
        "[{{\"template_id\":\"{json}\",\"link_id\":\"{json}\",\"args\":{{}}}},{{\"template_id\":\"t\",\"link_id\":\"{json}\",\"args\":{{\"?{json}\":\"{json}\"}}}}]"
    );
    let rows = format!(
        "[{{\"name\":\"{json}\",\"request\":{{\"principal\":\"{json}\",\"action\":\"{json}\",\"resource\":\"{json}\",\"context\":{{}}}},\"decision\":\"{json}\"}},\
          {{\"name\":\"{json}\",\"request\":{{\"principal\":{{\"type\":\"U\",\"id\":\"{json}\"}},\"action\":\"Action::\\\"v\\\"\",\"resource\":{{\"type\":\"U\",\"id\":\"{json}\"}},\"context\":{{\"{json}\":1}}}},\"decision\":\"allow\",\"reason\":[\"{json}\"]}}]"
    );
    write(
        dir,
        &[
            ("s/s.cedarschema", SCHEMA),
            ("s/p.cedar", &policies),
            ("s/entities.json", &entities),
            ("s/l.cedartemplatelinks.json", &links),
            ("s/a_test.json", &rows),
            ("bad/p.cedar", &format!("permit(principal, action, resource) when {{ {raw} }};")),
            ("bad/bad.cedarschema", &format!("entity {raw};")),
            ("bad/a_test.json", raw),
            (
                "tables/p.cedar",
                &format!(
                    "@id(\"{EVIL}\") {PERMIT}@id(\"two{EVIL}\") permit(principal, action, resource) when {{ principal[\"{EVIL}\"] }};"
                ),
            ),
            ("tables/a_test.json", &rows),
        ],
    );
}

/// Every report on standard output obeys nothing and says nothing to a CI runner but what it should.
fn harmless(dir: &Path, what: &str) {
    for format in FORMATS.iter().map(|format| format.name) {
        for color in ["never", "always"] {
            let mut command = command(dir);
            command.args(["check", "-v", "--report", format, "--color", color]);
            let output = wait(command);
            let stdout = String::from_utf8(output.stdout.clone()).unwrap();
            let ours = format == "human" && color == "always";
            let plain = if ours { without_colour(&stdout) } else { stdout.clone() };
            let bad = |c: char| {
                (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!plain.chars().any(bad), "{what} {format}: {plain:?}");
            assert!(
                output.status.code().is_some_and(|code| (0..=4).contains(&code)),
                "{what} {format}: {:?}",
                output.status
            );
            let obeyed =
                stdout.split(['\n', '\r']).filter(|line| line.trim_start().starts_with("::") || line.contains("##["));
            if format == "github" {
                // The runner looks for `##[` only in what is not a command already.
                for line in obeyed {
                    let known = ["::error file=", "::warning file=", "::notice file=", "::error title=polcheck"];
                    assert!(known.iter().any(|start| line.starts_with(start)), "{what}: {line}");
                }
            } else {
                assert_eq!(obeyed.collect::<Vec<_>>(), [""; 0], "{what} {format}");
            }
            if format == "markdown" {
                assert!(!stdout.contains("<script"), "{what}: {stdout}");
            }
            if format == "junit" {
                common::xml::parse(&stdout).unwrap();
            }
            if matches!(format, "json" | "sarif" | "gitlab") {
                let _: serde_json::Value = serde_json::from_str(&stdout).unwrap();
            }
        }
    }
}

/// `text` without the colours that we write ourselves.
fn without_colour(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap();
        assert!(after[end..].starts_with('m') && end <= 12, "{text:?}");
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    out
}

#[test]
fn every_report_is_harmless() {
    let dir = dir();
    evil_repository(dir.path());
    let seen = check(dir.path(), "the hostile repository");
    for rule in ["syntax-error", "schema-error", "link-error", "entity-mismatch", "test-mismatch"] {
        assert!(seen.found(rule), "{rule}: {:?}", seen.rules);
    }
    harmless(dir.path(), "the hostile repository");
    // And one whose findings are about meaning, which broken files above hide.
    let policies = fs::read_to_string(dir.path().join("s/p.cedar")).unwrap();
    let whole = self::dir();
    let right: String = policies
        .lines()
        .filter(|line| !line.contains("polcheck:") && !line.contains("resource is ::"))
        .map(|line| format!("{line}\n"))
        .collect();
    write(whole.path(), &[("s.cedarschema", SCHEMA), ("p.cedar", &right)]);
    let seen = check(whole.path(), "hostile and valid");
    for rule in ["unsafe-attribute-access", "duplicate-id", "placeholder"] {
        assert!(seen.found(rule), "{rule}: {:?}\n{}", seen.rules, seen.stdout);
    }
    harmless(whole.path(), "hostile and valid");
}

/// A folder whose report is longer than a pipe holds.
fn wordy() -> TempDir {
    let dir = dir();
    write(dir.path(), &[("a.cedar", &"permit(principal action);\n".repeat(3_000))]);
    dir
}

#[test]
fn a_reader_that_goes_away() {
    let dir = wordy();
    let binary = env!("CARGO_BIN_EXE_polcheck");
    for format in FORMATS.iter().map(|format| format.name) {
        let mut bash = Command::new("bash");
        bash.current_dir(dir.path()).env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
        bash.arg("-c").arg(format!("'{binary}' check --report {format} | head -1 > first; exit ${{PIPESTATUS[0]}}"));
        let output = wait(bash);
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
    for args in ["--help", "--version", "rules"] {
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(format!("'{binary}' {args} | true; exit ${{PIPESTATUS[0]}}"));
        let output = wait(bash);
        assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""), "{args}");
    }
}

#[test]
fn reports_that_cannot_be_written() {
    let dir = wordy();
    for (args, words) in [
        ("json=/dev/full", "/dev/full"),
        ("sarif=/dev/full", "/dev/full"),
        ("json=no/such/folder/x.json", "no/such/folder/x.json"),
        ("markdown=.", "."),
        ("json=/", "/"),
        ("sarif=a.cedar/x.sarif", "a.cedar/x.sarif"),
    ] {
        let mut command = command(dir.path());
        command.args(["check", "--report", args]);
        let output = wait(command);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{args}: {stderr}");
        assert!(
            stderr.starts_with("polcheck: ") && stderr.contains(words) && !stderr.contains("panic"),
            "{args}: {stderr}"
        );
    }
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.cedar"], "no temporary file is left");
    // The human report must still appear when another cannot be written.
    let mut both = command(dir.path());
    both.args(["check", "--report", "json=/dev/full", "--report", "human"]);
    let output = wait(both);
    assert!(output.status.code() == Some(2) && !output.stdout.is_empty());

    for format in FORMATS.iter().map(|format| format.name) {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = command(dir.path());
        let child = command.args(["check", "--report", format]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{format}: {stderr}");
        assert!(stderr.lines().count() == 1 && !stderr.contains("panic"), "{format}: {stderr}");
    }
}

#[test]
fn interrupts() {
    let dir = dir();
    let mut file = fs::File::create(dir.path().join("a.cedar")).unwrap();
    for number in 0..200_000 {
        writeln!(file, "@id(\"p{number}\") permit(principal == U::\"{number}\", action, resource) when {{ principal.a == {number} }};").unwrap();
    }
    write(dir.path(), &[("s.cedarschema", SCHEMA)]);
    for after in [20, 300, 1500] {
        let mut command = command(dir.path());
        let command =
            command.args(["check", "--report", "json=report.json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(after));
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panick"), "{stderr}");
        let ended =
            output.status.signal() == Some(2) || output.status.code().is_some_and(|code| (0..=4).contains(&code));
        assert!(ended, "after {after} ms: {:?} {stderr}", output.status);
        if output.status.signal().is_some() {
            assert!(!dir.path().join("report.json").exists(), "a report is whole or not at all");
        }
    }
}
