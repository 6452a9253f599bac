//! Tables in CSV: a header of column names, and a row each line.

use super::opening::{Native, Opened, Opening};
use crate::data::csv::{Cell, Records};
use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::tables::native::{Because, Failing, Sheet, Spec, What, decision_of, no_reason, no_row};
use crate::text::{Span, inline, nearest};

pub(super) static OPENING: Opening = Opening::Native(Native { open, excuse });

/// The columns, `context.` and its attributes aside.
const COLUMNS: &[&str] = &[
    "name",
    "principal",
    "action",
    "resource",
    "expect",
    "because",
    "because-includes",
    "errors",
    "unknown",
    "skip",
    "context",
];

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Known(&'static str),
    /// An attribute of the context, or of a record in it.
    Context(Vec<String>),
    /// Not known; said once, at the header.
    Unknown,
}

fn open(text: &str) -> Result<Opened<'_>, Fault> {
    let mut faults = Vec::new();
    let specs = Box::new(Specs::new(text, &mut faults)?);
    Ok(Opened { sheet: Sheet::default(), specs, faults })
}

fn excuse(uid: &str) -> String {
    format!("if it is meant to exist nowhere, write `{uid}` in a column `unknown`; else add it to the entities")
}

/// The lines below the header.
struct Specs<'t> {
    records: Records<'t>,
    columns: Vec<Column>,
    any: bool,
    done: bool,
}

impl<'t> Specs<'t> {
    fn new(text: &'t str, faults: &mut Vec<Fault>) -> Result<Self, Fault> {
        let mut records = Records::new(text);
        let Some(header) = records.next() else { return Err(no_row(Span::at(0))) };
        if let Some(fault) = no_header(&header) {
            return Err(fault);
        }
        let mut columns = Vec::with_capacity(header.len());
        for cell in header {
            let cell = cell?;
            let column = column(&cell, faults);
            if column != Column::Unknown && columns.contains(&column) {
                faults.push(Fault::new(format!("column `{}` is given twice", inline(&cell.text))).at(cell.span));
            }
            columns.push(column);
        }
        if !columns.contains(&Column::Known("expect")) && !columns.contains(&Column::Known("skip")) {
            let fault = Fault::new("there is no column `expect`, so no row would expect anything");
            faults
                .push(fault.help("the first line names the columns: principal,action,resource,expect").at(Span::at(0)));
        }
        Ok(Self { records, columns, any: false, done: false })
    }
}

impl Iterator for Specs<'_> {
    type Item = Result<Spec, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let Some(cells) = self.records.next() else {
            self.done = true;
            return (!self.any).then(|| Err(no_row(Span::at(0))));
        };
        self.any = true;
        Some(Ok(spec(&self.columns, cells)))
    }
}

/// What to say of a table whose first line is a row already: none of its cells is a column, and some are what rows
/// hold.
fn no_header(cells: &[Result<Cell, Fault>]) -> Option<Fault> {
    let texts: Vec<&str> = cells.iter().filter_map(|cell| Some(cell.as_ref().ok()?.text.trim())).collect();
    let column = |text: &&str| COLUMNS.contains(text) || text.starts_with("context.");
    let value =
        |text: &str| text.contains("::\"") || ["allow", "deny"].iter().any(|word| text.eq_ignore_ascii_case(word));
    let span = Span::new(cells.first()?.as_ref().ok()?.span.start, cells.last()?.as_ref().ok()?.span.end);
    let row = texts.iter().any(|text| value(text)) && !texts.iter().any(column);
    row.then(|| {
        let help = "write one before it, such as principal,action,resource,expect";
        Fault::new("the first line names the columns, and this one is a row").help(help).at(span)
    })
}

fn column(cell: &Cell, faults: &mut Vec<Fault>) -> Column {
    let name = cell.text.trim();
    if let Some(known) = COLUMNS.iter().find(|known| **known == name) {
        return Column::Known(known);
    }
    if let Some(path) = name.strip_prefix("context.") {
        let path: Vec<_> = path.split('.').map(str::to_owned).collect();
        if path.iter().all(|part| !part.is_empty()) {
            return Column::Context(path);
        }
    }
    if name.is_empty() {
        faults.push(Fault::new("a column has no name").at(cell.span));
        return Column::Unknown;
    }
    let fault = Fault::new(format!("unknown column `{}`", inline(name))).at(cell.span);
    faults.push(match nearest(name, COLUMNS.iter().copied()) {
        Some(meant) => fault.help(format!("did you mean `{meant}`?")),
        None => fault.help(format!("known are {} and context.ATTRIBUTE", COLUMNS.join(", "))),
    });
    Column::Unknown
}

fn spec(columns: &[Column], cells: Vec<Result<Cell, Fault>>) -> Spec {
    let mut faults = Vec::new();
    let place = |cell: &Result<Cell, Fault>| match cell {
        Ok(cell) => Some(cell.span),
        Err(fault) => fault.span,
    };
    let start = cells.first().and_then(place).map_or(0, |span| span.start);
    let end = cells.last().and_then(place).map_or(start, |span| span.end);
    let mut spec = Spec::empty(Span::new(start, end));
    if cells.len() != columns.len() {
        let extra = cells.get(columns.len()).and_then(place).unwrap_or(spec.span);
        let message = format!("this line has {}, and the header {}", counted(cells.len()), columns.len());
        faults.push(Fault::new(message).help("a cell with a separator in it stands in quotes").at(extra));
    }
    for (column, cell) in columns.iter().zip(cells) {
        match cell {
            Ok(cell) if cell.is_blank() => {}
            Ok(cell) => take(&mut spec, column, cell, &mut faults),
            Err(fault) => {
                faults.push(fault);
                spec.unread.extend(if let Column::Known(name) = column { Some(*name) } else { None });
            }
        }
    }
    if spec.what.is_none() && spec.skip.is_none() && faults.is_empty() {
        faults.push(Fault::new("this row expects nothing").help("write allow or deny in the column `expect`"));
    }
    spec.faults = faults;
    spec
}

fn take(spec: &mut Spec, column: &Column, cell: Cell, faults: &mut Vec<Fault>) {
    let (span, cell_quoted) = (cell.span, cell.quoted);
    let said = Said { value: cell.text, span };
    let name = match column {
        Column::Unknown => return,
        Column::Context(path) => {
            let value = Tree { span, kind: Kind::Cell(said.value) };
            return insert(&mut spec.context, path, value, faults);
        }
        Column::Known(name) => *name,
    };
    match name {
        "name" => spec.name = Some(said),
        "principal" => spec.principal = Some(said),
        "action" => spec.action = Some(said),
        "resource" => spec.resource = Some(said),
        // A column of check boxes says whether, and a reason is asked for.
        "skip" if !cell_quoted && said.value.eq_ignore_ascii_case("false") => {}
        "skip" if matches!(said.value.trim().to_ascii_lowercase().as_str(), "" | "true" | "yes" | "no" | "0" | "1") => {
            faults.push(no_reason(span));
        }
        "skip" => spec.skip = Some(said),
        "unknown" => spec.unknown = entities(&said),
        "context" => whole_context(spec, &said, faults),
        "expect" => match decision_of(&said.value, "`expect`") {
            Ok(decision) => spec.what = Some(What::One(decision)),
            Err(fault) => faults.push(fault.at(span)),
        },
        "errors" => match said.value.parse() {
            Ok(count) => spec.errors = Some(Failing::Count(count)),
            Err(_) => spec.errors = Some(Failing::These(list(&said))),
        },
        _ => {
            let includes = name == "because-includes";
            if includes && list(&said).is_empty() {
                faults.push(Fault::new("`because-includes` names no policy").at(span));
            }
            if spec.because.is_some() {
                let message = "`because` says all policies that decide, so `because-includes` adds nothing";
                faults.push(Fault::new(message).at(span));
            }
            spec.because = Some(Because { policies: list(&said), exactly: name == "because" });
        }
    }
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}

/// The names in a cell, separated by semicolons.
fn list(said: &Said<String>) -> Vec<Said<String>> {
    let names = said.value.split(';').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| Said { value: name.to_owned(), span: said.span }).collect()
}

/// The entities in a cell, separated by semicolons; one in an id separates nothing.
fn entities(said: &Said<String>) -> Vec<Said<String>> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in said.value.chars() {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        match parts.last_mut() {
            Some(part) if c != ';' || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let names = parts.iter().map(|part| part.trim()).filter(|name| !name.is_empty());
    names.map(|name| Said { value: name.to_owned(), span: said.span }).collect()
}

/// A whole context as JSON in one cell.
fn whole_context(spec: &mut Spec, said: &Said<String>, faults: &mut Vec<Fault>) {
    match Tree::of_json(&said.value, said.span).map(|tree| tree.kind) {
        Some(Kind::Map(entries)) => {
            for Entry { key, value } in entries {
                insert(&mut spec.context, std::slice::from_ref(&key.value), value, faults);
            }
        }
        _ => {
            let help = "such as {\"mfa\": true}; or a column for each attribute, `context.mfa`";
            faults.push(Fault::new("`context` is a JSON object").help(help).at(said.span));
        }
    }
}

/// Puts `value` at `path` into `entries`.
fn insert(entries: &mut Vec<Entry>, path: &[String], value: Tree, faults: &mut Vec<Fault>) {
    let [name, rest @ ..] = path else { return };
    let span = value.span;
    let known = entries.iter().position(|entry| entry.key.value == *name);
    match (known.and_then(|at| entries.get_mut(at)), rest) {
        (None, []) => entries.push(Entry { key: Said { value: name.clone(), span }, value }),
        (None, rest) => {
            let mut inner = Vec::new();
            insert(&mut inner, rest, value, faults);
            let value = Tree { span, kind: Kind::Map(inner) };
            entries.push(Entry { key: Said { value: name.clone(), span }, value });
        }
        (Some(Entry { value: Tree { kind: Kind::Map(inner), .. }, .. }), rest) if !rest.is_empty() => {
            insert(inner, rest, value, faults);
        }
        (Some(_), _) => {
            let message = format!("`context.{}` is given as a whole and in part", inline(name));
            faults.push(Fault::new(message).at(span));
        }
    }
}
