//! Tables in YAML.

use std::collections::HashSet;

use super::fields::{Fields, text, texts, unknown};
use super::model::{Base, Because, Clock, Defaults, Failing, Listed, Moment, Overlay, Sheet, Spec, Unit, What};
use super::{moment, no_reason, no_row};
use crate::data::yaml::{Reader, Top};
use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::outcome::Decision;
use crate::text::{Span, inline};

/// The key of the rows.
const ROWS: &str = "tests";

const SHEET: &[&str] = &["entities", "with", "defaults", "clock", ROWS];
const ROW: &[&str] = &[
    "name",
    "principal",
    "action",
    "resource",
    "context",
    "with",
    "expect",
    "allow",
    "deny",
    "because",
    "because-includes",
    "errors",
    "at",
    "who-can",
    "skip",
];

/// The table `text` without its rows.
///
/// # Errors
/// When it is not YAML, or no table.
pub(super) fn top(text: &str) -> Result<Top, Fault> {
    Reader::new(text).top(ROWS)
}

/// What all rows of the table share.
///
/// # Errors
/// When it has no rows.
pub(super) fn sheet(top: &Top, faults: &mut Vec<Fault>) -> Result<Sheet, Fault> {
    unknown(&top.entries, "a table", SHEET, faults);
    if top.rows.is_none() {
        // Misspelt, the key of the rows is the fault that matters.
        return Err(match faults.first() {
            Some(fault) => fault.clone(),
            None => no_row(Span::at(0)),
        });
    }
    let fields = Fields::among(&top.entries, faults);
    let entities = fields.get("entities");
    let with = fields.get("with");
    let defaults = fields.get("defaults");
    let clock = fields.get("clock");
    let mut sheet = Sheet::default();
    match entities.map(|tree| (tree, &tree.kind)) {
        None => {}
        Some((tree, Kind::Text(path))) => sheet.entities = Base::File(Said { value: path.clone(), span: tree.span }),
        Some((tree, Kind::List(_) | Kind::Map(_))) => {
            sheet.entities = Base::Written;
            sheet.with = overlays(tree, "`entities`", faults);
        }
        Some((tree, _)) => {
            let message = format!("`entities` is a file or a list of entities, and this is {}", tree.what());
            faults.push(Fault::new(message).at(tree.span));
        }
    }
    if let Some(tree) = with {
        sheet.with.extend(overlays(tree, "`with`", faults));
    }
    if let Some(tree) = defaults {
        sheet.defaults = read_defaults(tree, faults);
    }
    sheet.clock = clock.and_then(|tree| read_clock(tree, faults));
    Ok(sheet)
}

fn read_defaults(tree: &Tree, faults: &mut Vec<Fault>) -> Defaults {
    let known = ["principal", "action", "resource", "context"];
    let Some(mut fields) = Fields::of(tree, "`defaults`", &known, faults) else { return Defaults::default() };
    Defaults {
        principal: fields.text("principal"),
        action: fields.text("action"),
        resource: fields.text("resource"),
        context: context(&mut fields),
    }
}

fn read_clock(tree: &Tree, faults: &mut Vec<Fault>) -> Option<Clock> {
    let mut fields = Fields::of(tree, "`clock`", &["attribute", "type", "start"], faults)?;
    let attribute = fields.text("attribute");
    let unit = match fields.text("type") {
        None => Some(Unit::Datetime),
        Some(said) => match said.value.as_str() {
            "datetime" => Some(Unit::Datetime),
            "seconds" => Some(Unit::Seconds),
            "milliseconds" => Some(Unit::Milliseconds),
            _ => {
                let message =
                    format!("`type` is datetime, seconds or milliseconds, and this is `{}`", inline(&said.value));
                fields.fault(Fault::new(message).at(said.span));
                None
            }
        },
    };
    let start = fields.text("start").and_then(|said| {
        let start = moment::instant(&said.value);
        if start.is_none() {
            let fault = Fault::new(format!("`{}` is no time", inline(&said.value)));
            fields.fault(fault.help("write it as 2026-11-20T09:00:00Z").at(said.span));
        }
        start
    });
    for key in ["attribute", "start"] {
        if fields.get(key).is_none() {
            fields.fault(Fault::new(format!("`clock` lacks `{key}`")).at(tree.span));
        }
    }
    Some(Clock { attribute: attribute?, unit: unit?, start: start? })
}

/// The entries under `context`.
fn context(fields: &mut Fields<'_, '_>) -> Vec<Entry> {
    let Some(tree) = fields.get("context") else { return Vec::new() };
    match &tree.kind {
        Kind::Map(entries) => entries.clone(),
        Kind::Wrong(fault) => {
            fields.fault((**fault).clone());
            Vec::new()
        }
        _ => {
            let message = format!("`context` is a mapping, and this is {}", tree.what());
            fields.fault(Fault::new(message).at(tree.span));
            Vec::new()
        }
    }
}

/// Entities as Cedar's JSON lists them, or as a mapping by uid.
fn overlays(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Vec<Overlay> {
    match &tree.kind {
        Kind::List(items) => {
            let all: Vec<Overlay> = items.iter().filter_map(|item| listed(item, faults)).collect();
            let mut seen = HashSet::new();
            for overlay in all.iter().filter(|overlay| !seen.insert(overlay.uid.value.as_str())) {
                let message = format!("{} is given twice", inline(&overlay.uid.value));
                faults.push(Fault::new(message).at(overlay.uid.span));
            }
            all
        }
        Kind::Map(entries) => entries
            .iter()
            .filter_map(|Entry { key, value }| {
                if value.kind == Kind::Null {
                    let (uid, span) = (key.clone(), key.span);
                    return Some(Overlay { span, uid, attrs: Vec::new(), tags: Vec::new(), parents: None });
                }
                overlay(Some(key.clone()), value, &["attrs", "parents", "tags"], faults)
            })
            .collect(),
        Kind::Wrong(fault) => {
            faults.push((**fault).clone());
            Vec::new()
        }
        _ => {
            let help = "such as { 'User::\"alice\"': { attrs: { age: 42 }, parents: ['Team::\"a\"'] } }";
            let message = format!("{what} maps entities to what they are, and this is {}", tree.what());
            faults.push(Fault::new(message).help(help).at(tree.span));
            Vec::new()
        }
    }
}

fn listed(item: &Tree, faults: &mut Vec<Fault>) -> Option<Overlay> {
    let uid = item.get("uid").and_then(|tree| entity(tree, "`uid`", faults));
    if uid.is_none() && item.entries().is_some() && item.get("uid").is_none() {
        faults.push(Fault::new("this entity has no `uid`").at(item.span));
    }
    overlay(uid, item, &["uid", "attrs", "parents", "tags"], faults)
}

fn overlay(uid: Option<Said<String>>, tree: &Tree, known: &[&str], faults: &mut Vec<Fault>) -> Option<Overlay> {
    let span = Span::new(uid.as_ref().map_or(tree.span, |uid| uid.span).start.min(tree.span.start), tree.span.end);
    let mut fields = Fields::of(tree, "an entity", known, faults)?;
    let mut entries = |key: &str| match fields.get(key).map(|tree| (tree, &tree.kind)) {
        None => Vec::new(),
        Some((_, Kind::Map(entries))) => entries.clone(),
        Some((tree, _)) => {
            let message = format!("`{key}` is a mapping, and this is {}", tree.what());
            fields.fault(Fault::new(message).at(tree.span));
            Vec::new()
        }
    };
    let (attrs, tags) = (entries("attrs"), entries("tags"));
    let parents = fields.get("parents").map(|tree| match &tree.kind {
        Kind::List(items) => {
            items.iter().filter_map(|item| entity(item, "an item of `parents`", fields.faults())).collect()
        }
        _ => entity(tree, "`parents`", fields.faults()).into_iter().collect(),
    });
    Some(Overlay { span, uid: uid?, attrs, tags, parents })
}

/// An entity as text, or as Cedar's JSON writes it.
fn entity(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Option<Said<String>> {
    let inner = tree.get("__entity").unwrap_or(tree);
    if let (Some(entries), true) = (inner.entries(), inner.get("type").is_some() || inner.get("id").is_some()) {
        unknown(entries, what, &["type", "id"], faults);
        let before = faults.len();
        inner.faults(faults);
        if faults.len() > before {
            return None;
        }
    }
    let part = |name: &str| match inner.get(name).map(|tree| &tree.kind) {
        Some(Kind::Text(text)) => Some(text),
        _ => None,
    };
    match (part("type"), part("id")) {
        (Some(ty), Some(id)) => Some(Said { value: format!("{ty}::\"{}\"", id.escape_debug()), span: tree.span }),
        _ => text(tree, what, faults),
    }
}

/// The entries under the key of the rows.
pub(in crate::tables) struct Specs<'t> {
    reader: Reader<'t>,
    any: bool,
    done: bool,
}

impl<'t> Specs<'t> {
    pub(super) fn new(text: &'t str, top: &Top) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        reader.seek(ROWS, top)?;
        Ok(Self { reader, any: false, done: false })
    }

    pub(super) fn next(&mut self) -> Option<Result<Spec, Fault>> {
        if self.done {
            return None;
        }
        match self.reader.row() {
            Ok(Some(tree)) => {
                self.any = true;
                Some(Ok(spec(&tree)))
            }
            Ok(None) => {
                self.done = true;
                (!self.any).then(|| Err(no_row(Span::at(0))))
            }
            Err(fault) => {
                self.done = true;
                let message = format!("{}; the rows from here on are not run", fault.message);
                Some(Err(Fault { message, ..fault }))
            }
        }
    }
}

fn spec(tree: &Tree) -> Spec {
    let mut faults = Vec::new();
    let mut spec = Spec::empty(tree.span);
    if !matches!(tree.kind, Kind::Map(_)) {
        spec.unread = vec!["principal", "action", "resource"];
    }
    if let Some(mut fields) = Fields::of(tree, "a row", ROW, &mut faults) {
        spec.name = fields.text("name").filter(|name| !name.value.is_empty());
        spec.principal = fields.text("principal");
        spec.action = fields.text("action");
        spec.resource = fields.text("resource");
        let given = [("principal", &spec.principal), ("action", &spec.action), ("resource", &spec.resource)];
        let unread = given.into_iter().filter(|(key, read)| read.is_none() && fields.get(key).is_some());
        spec.unread = unread.map(|(key, _)| key).collect::<Vec<_>>();
        spec.context = context(&mut fields);
        if let Some(with) = fields.get("with") {
            spec.with = overlays(with, "`with`", fields.faults());
        }
        spec.because = because(&mut fields);
        spec.errors = errors(&mut fields);
        spec.skip = skip(&mut fields);
        expectation(&mut spec, &mut fields);
        if spec.what.is_none() && spec.skip.is_none() && fields.faults().is_empty() {
            let help = "say `expect: allow` or `expect: deny`; or `allow:` and `deny:` with actions, `at:` with times, or `who-can:`";
            fields.fault(Fault::new("this row expects nothing").help(help));
        }
    }
    spec.faults = faults;
    spec
}

fn because(fields: &mut Fields<'_, '_>) -> Option<Because> {
    let exact = fields.texts("because").map(|policies| Because { policies, exactly: true });
    let some = fields.texts("because-includes").map(|policies| Because { policies, exactly: false });
    if let (Some(Because { policies, .. }), Some(span)) = (&some, fields.key("because-includes"))
        && policies.is_empty()
    {
        let help = "`because: []` says that no policy decides";
        fields.fault(Fault::new("`because-includes` names no policy").help(help).at(span));
    }
    if let (Some(_), Some(_), Some(span)) = (&exact, &some, fields.key("because-includes")) {
        fields
            .fault(Fault::new("`because` says all policies that decide, so `because-includes` adds nothing").at(span));
    }
    exact.or(some)
}

fn errors(fields: &mut Fields<'_, '_>) -> Option<Failing> {
    let tree = fields.get("errors")?;
    match &tree.kind {
        Kind::Long(count) => match usize::try_from(*count) {
            Ok(count) => Some(Failing::Count(count)),
            Err(_) => {
                fields.fault(Fault::new("`errors` is a number of policies, or their names").at(tree.span));
                None
            }
        },
        _ => Some(Failing::These(texts(tree, "`errors`", fields.faults()))),
    }
}

fn skip(fields: &mut Fields<'_, '_>) -> Option<Said<String>> {
    let tree = fields.get("skip")?;
    match &tree.kind {
        Kind::Bool(false) => None,
        Kind::Bool(true) => {
            fields.fault(no_reason(tree.span));
            None
        }
        _ => fields.text("skip").filter(|said| {
            let empty = said.value.trim().is_empty();
            if empty {
                fields.fault(no_reason(said.span));
            }
            !empty
        }),
    }
}

fn decision(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Option<Decision> {
    match &tree.kind {
        Kind::Text(word) if word == "allow" => Some(Decision::Allow),
        Kind::Text(word) if word == "deny" => Some(Decision::Deny),
        Kind::Text(word) => {
            let fault = Fault::new(format!("{what} is allow or deny, and this is `{}`", inline(word))).at(tree.span);
            let meant = crate::text::nearest(word, ["allow", "deny"]);
            faults.push(match meant {
                Some(meant) => fault.help(format!("did you mean `{meant}`?")),
                None => fault,
            });
            None
        }
        Kind::Wrong(fault) => {
            faults.push((**fault).clone());
            None
        }
        _ => {
            faults.push(Fault::new(format!("{what} is allow or deny, and this is {}", tree.what())).at(tree.span));
            None
        }
    }
}

/// Reads what the row expects: exactly one of the forms.
fn expectation(spec: &mut Spec, fields: &mut Fields<'_, '_>) {
    let timeline = fields.get("at").filter(|tree| matches!(tree.kind, Kind::Map(_)));
    let at = match fields.get("at").map(|tree| (&tree.kind, tree.span)) {
        Some((Kind::Long(number), span)) => Some(Said { value: number.to_string(), span }),
        _ if timeline.is_none() => fields.text("at"),
        _ => None,
    };
    if let Some(at) = at {
        spec.at = moment_of(&at, fields.faults()).map(|value| Said { value, span: at.span });
    }
    let matrix = fields.get("allow").or(fields.get("deny"));
    // These say themselves what other rows say under a key.
    spec.unread.extend(matrix.map(|_| "action"));
    spec.unread.extend(fields.get("who-can").map(|_| "principal"));
    let forms: Vec<(&str, Span)> = [
        ("expect", fields.get("expect").map(|_| ())),
        ("at", timeline.map(|_| ())),
        (if fields.get("allow").is_some() { "allow" } else { "deny" }, matrix.map(|_| ())),
        ("who-can", fields.get("who-can").map(|_| ())),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.and(fields.key(key)).map(|span| (key, span)))
    .collect();
    if let [(first, _), (second, span), ..] = forms.as_slice() {
        let message = format!("`{first}` and `{second}` both say what the row expects");
        fields.fault(Fault::new(message).help("make two rows of it").at(*span));
        return;
    }
    if let Some(tree) = fields.get("expect") {
        spec.what = decision(tree, "`expect`", fields.faults()).map(What::One);
    } else if let Some(tree) = timeline {
        spec.what = Some(What::Timeline(times(tree, fields.faults())));
    } else if matrix.is_some() {
        let mut side = |key: &str| {
            let tree = fields.get(key)?;
            Some(match &tree.kind {
                Kind::Text(word) if word == "rest" => Listed::Rest(tree.span),
                _ => Listed::These(fields.texts(key)?),
            })
        };
        let (allow, deny) = (side("allow"), side("deny"));
        if let (Some(Listed::Rest(_)), Some(Listed::Rest(span))) = (&allow, &deny) {
            fields.fault(Fault::new("`rest` is one side's only").at(*span));
        }
        if let (Some(said), Some(_)) = (&spec.action, matrix) {
            fields
                .fault(Fault::new("`allow` and `deny` name the actions, so `action` has no place here").at(said.span));
        }
        spec.what = Some(What::Matrix { allow, deny });
    } else if let Some(tree) = fields.get("who-can") {
        who(spec, tree, fields);
    }
    let several = !matches!(spec.what, Some(What::One(_)) | None);
    for key in ["because", "because-includes", "errors"] {
        if let (true, Some(span)) = (several, fields.get(key).and(fields.key(key))) {
            let help = "make a row with `expect` of the case that it is about";
            fields.fault(Fault::new(format!("`{key}` goes with `expect`")).help(help).at(span));
        }
    }
}

fn moment_of(said: &Said<String>, faults: &mut Vec<Fault>) -> Option<Moment> {
    let found = moment::parse(&said.value);
    if found.is_none() {
        let fault = Fault::new(format!("`{}` is no time", inline(&said.value))).at(said.span);
        faults.push(fault.help("write 30m, 1h30m or -5m from the clock's start, or 2026-11-20T09:00:00Z"));
    }
    found
}

fn times(tree: &Tree, faults: &mut Vec<Fault>) -> Vec<(Said<String>, Moment, Decision)> {
    let entries = tree.entries().unwrap_or_default();
    if entries.is_empty() {
        faults.push(Fault::new("`at` names no time").at(tree.span));
    }
    let mut times = Vec::new();
    for Entry { key, value } in entries {
        let moment = moment_of(key, faults);
        let decision = decision(value, "what is expected at a time", faults);
        times.extend(moment.zip(decision).map(|(moment, decision)| (key.clone(), moment, decision)));
    }
    times
}

fn who(spec: &mut Spec, tree: &Tree, fields: &mut Fields<'_, '_>) {
    let outside: Vec<_> =
        ["principal", "action", "resource", "context"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    for key in outside {
        if let Some(span) = fields.key(key) {
            let message = if key == "principal" {
                "`who-can` asks for the principals, so `principal` has no place here".to_owned()
            } else {
                format!("with `who-can`, `{key}` stands inside it")
            };
            fields.fault(Fault::new(message).at(span));
        }
    }
    let known = ["action", "resource", "context", "expect"];
    let Some(mut inner) = Fields::of(tree, "`who-can`", &known, fields.faults()) else { return };
    spec.action = inner.text("action");
    spec.resource = inner.text("resource");
    spec.context = context(&mut inner);
    match inner.texts("expect") {
        Some(expect) => spec.what = Some(What::Who(expect)),
        None => {
            let help = "a list of principals; [] when nobody can";
            inner.fault(Fault::new("`who-can` lacks `expect`").help(help).at(tree.span));
        }
    }
}
