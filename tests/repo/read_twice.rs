//! Two versions read one after the other, the second with what was parsed of the first, are what each is by itself.

use polcheck::config::Config;
use polcheck::repo::{self, ParsedTexts, Repo, Request};
use polcheck::source::Memory;

const SCHEMA: &str = "entity User { n: Long }; entity Doc;
action view appliesTo { principal: User, resource: Doc };\n";

fn policy(number: usize) -> String {
    format!(
        "// number {number}\n@id(\"p{number}\")\npermit (principal, action, resource) when {{ principal.n > {number} }};\n"
    )
}

/// A file of 300 policies, some of which are others, gone, new or broken.
fn file(edit: impl Fn(usize) -> Option<String>) -> String {
    (0..300).filter_map(edit).collect()
}

fn load(files: &[(&str, String)], parsed: Option<&ParsedTexts>) -> Repo {
    let memory = Memory::new(files.iter().map(|(path, text)| (*path, text.clone())));
    repo::load(&memory, &Config::default(), &Request { parsed: parsed.cloned(), ..Request::default() }).unwrap()
}

/// Everything that is told of a repository: what each policy is, is called and where it stands, with every place that
/// Cedar keeps, and what is wrong.
fn told(repo: &Repo) -> String {
    let mut told = String::new();
    for store in &repo.stores {
        told.push_str(&format!(
            "{} {:?} {:?}\n",
            store.name,
            store.schema.ready().map(|schema| schema.environments),
            store.broken
        ));
        for policy in &store.policies {
            told.push_str(&format!(
                "{} {} {:?} {:?} {:?}\n",
                policy.key,
                policy.name,
                policy.location.span,
                policy.syntax(),
                store.set.policy(&policy.key).map(ToString::to_string)
            ));
        }
    }
    told.push_str(&format!("{:?}", repo.findings));
    told
}

#[test]
fn what_was_parsed_before_changes_nothing() {
    let plain = |number: usize| Some(policy(number));
    let old = [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(plain))];
    let edited = |number: usize| Some(policy(number).replace("> 7 ", "> 7000 "));
    let gone = |number: usize| (number != 3 && number != 250).then(|| policy(number));
    let more = |number: usize| {
        let again = if number == 100 { policy(number).replace("p100", "again") } else { String::new() };
        Some(policy(number) + &again)
    };
    let broken =
        |number: usize| Some(if number == 40 { "permit (principal action);\n".to_owned() } else { policy(number) });
    let windows = |number: usize| Some(policy(number).replace('\n', "\r\n"));
    let news = [
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(edited))],
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(gone))],
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(more))],
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(broken))],
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(windows))],
        [("app.cedarschema", SCHEMA.to_owned()), ("a.cedar", format!("\u{feff}{}", file(plain)))],
        [("app.cedarschema", SCHEMA.to_owned()), ("moved.cedar", file(plain))],
        [("app.cedarschema", SCHEMA.replace("view", "edit")), ("a.cedar", file(plain))],
        [("other.cedarschema", SCHEMA.to_owned()), ("a.cedar", file(plain))],
        [("app.cedarschema", "entity ;".to_owned()), ("a.cedar", file(plain))],
    ];
    for new in news {
        let parsed = ParsedTexts::default();
        load(&old, Some(&parsed));
        let (with, without) = (load(&new, Some(&parsed)), load(&new, None));
        assert!(!without.stores.is_empty() && without.stores[0].policies.len() > 290);
        assert_eq!(told(&with), told(&without));
    }
}
