//! Places as the JSON report writes them.

use serde::Serialize;

use crate::text::{Location, Position};

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
pub(super) struct LocationOut<'a> {
    path: &'a str,
    start: Place,
    end: Place,
    offset: usize,
    length: usize,
}

pub(super) fn location(location: &Location) -> LocationOut<'_> {
    let place = |position: Position| Place { line: position.line, column: position.column };
    let shown = location.shown().span;
    LocationOut {
        path: location.path(),
        start: place(location.start()),
        end: place(location.end()),
        offset: shown.start,
        length: shown.len(),
    }
}
