//! The permission matrix in JSON.

use serde::Serialize;

use super::explained::{CacheableOut, cacheable};
use crate::outcome::{Among, Extent, Matrix, MatrixCell, MatrixPart, MatrixPrincipal, MatrixRow};

#[derive(Serialize)]
pub(super) struct MatrixOut<'a> {
    store: &'a str,
    compared: bool,
    why: Option<&'a str>,
    notes: &'a [String],
    principals: Vec<Vec<PrincipalOut<'a>>>,
    rows: Vec<RowOut<'a>>,
}

#[derive(Serialize)]
struct PrincipalOut<'a> {
    #[serde(rename = "type")]
    of: &'a str,
    group: Option<&'a str>,
    /// Those in none of the groups that have a column.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_group: bool,
}

#[derive(Serialize)]
struct RowOut<'a> {
    actions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    hangs_on: Option<CacheableOut<'a>>,
    cells: Vec<CellOut<'a>>,
}

#[derive(Serialize)]
struct CellOut<'a> {
    now: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'static str>,
    resources: Vec<PartOut<'a>>,
}

#[derive(Serialize)]
struct PartOut<'a> {
    resource: &'a str,
    now: Option<ExtentOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<ExtentOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'static str>,
    allowed_by: Vec<&'a str>,
    refused_by: Vec<&'a str>,
    complete: bool,
    asks: &'a [String],
}

#[derive(Serialize)]
struct ExtentOut<'a> {
    allowed: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

pub(super) fn matrix(of: &Matrix) -> MatrixOut<'_> {
    MatrixOut {
        store: &of.store,
        compared: of.compared,
        why: of.why.as_deref(),
        notes: &of.notes,
        principals: of.principals.iter().map(|names| names.iter().map(principal).collect()).collect(),
        rows: of.rows.iter().map(row).collect(),
    }
}

fn principal(of: &MatrixPrincipal) -> PrincipalOut<'_> {
    let group = match &of.among {
        Among::Group(group) => Some(group.as_str()),
        Among::All | Among::NoGroup => None,
    };
    PrincipalOut { of: &of.of, group, no_group: of.among == Among::NoGroup }
}

fn row(of: &MatrixRow) -> RowOut<'_> {
    RowOut {
        actions: &of.actions,
        hangs_on: of.hangs_on.as_ref().map(cacheable),
        cells: of.cells.iter().map(cell).collect(),
    }
}

fn cell(of: &MatrixCell) -> CellOut<'_> {
    CellOut {
        now: of.now().as_ref().map(Extent::as_str),
        before: of.before().as_ref().map(Extent::as_str),
        relation: of.relation().map(crate::outcome::changes::Relation::as_str),
        resources: of.parts.iter().map(part).collect(),
    }
}

fn part(of: &MatrixPart) -> PartOut<'_> {
    PartOut {
        resource: &of.resource,
        now: of.now.as_ref().map(extent),
        before: of.before.as_ref().map(extent),
        relation: of.relation.map(crate::outcome::changes::Relation::as_str),
        allowed_by: of.allowed_by.iter().map(|one| one.name.as_str()).collect(),
        refused_by: of.refused_by.iter().map(|one| one.name.as_str()).collect(),
        complete: !of.more,
        asks: &of.asks,
    }
}

fn extent(of: &Extent) -> ExtentOut<'_> {
    let why = match of {
        Extent::Unknown(why) => Some(why.as_str()),
        Extent::Never | Extent::Sometimes | Extent::Always => None,
    };
    ExtentOut { allowed: of.as_str(), why }
}
