//! Reading what all rows of a table share, from values with places.

use super::entities::overlays;
use super::faults::no_row;
use super::fields::{Fields, unknown};
use super::model::{Base, Clock, Defaults, Sheet, Unit};
use super::moment;
use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::text::{Span, inline};

/// The keys of a table; `tests` holds its rows.
pub(super) const SHEET: &[&str] = &["entities", "with", "unknown", "defaults", "clock", "tests"];

/// What all rows of the table share: `entries` are those of the table but for its rows, `rows` is where these stand.
///
/// # Errors
/// When it has no rows.
pub(in crate::tables) fn sheet(entries: &[Entry], rows: Option<Span>, faults: &mut Vec<Fault>) -> Result<Sheet, Fault> {
    unknown(entries, "a table", SHEET, faults);
    if rows.is_none() {
        // Misspelt, the key of the rows is the fault that matters.
        return Err(match faults.first() {
            Some(fault) => fault.clone(),
            None => no_row(Span::at(0)),
        });
    }
    let mut fields = Fields::among(entries, faults);
    let entities = fields.get("entities");
    let with = fields.get("with");
    let defaults = fields.get("defaults");
    let clock = fields.get("clock");
    let mut sheet = Sheet { unknown: fields.texts("unknown").unwrap_or_default(), ..Sheet::default() };
    match entities.map(|tree| (tree, &tree.kind)) {
        None => {}
        Some((tree, Kind::Text(path))) => sheet.entities = Base::File(Said { value: path.clone(), span: tree.span }),
        Some((tree, Kind::List(_) | Kind::Map(_))) => {
            sheet.entities = Base::Written;
            sheet.with = overlays(tree, "`entities`", faults);
            sheet.written = sheet.with.len();
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
        context: fields.context(),
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
