//! The permission matrix of a store: which principals may do what, before and now, and what that hangs on.

use super::changes::Relation;
use super::{Cacheable, PolicyRef};

/// How many of some requests are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// None: proved.
    Never,
    /// Some: there is one that is allowed, and it is not proved that all are.
    Sometimes,
    /// All: proved.
    Always,
    /// Not decided, and why.
    Unknown(String),
}

impl Extent {
    /// The word in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Sometimes => "sometimes",
            Self::Always => "always",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What several add up to; none where there is none.
    fn sum<'r>(all: impl Iterator<Item = &'r Self>) -> Option<Self> {
        all.fold(None, |sum, one| {
            Some(match (sum, one) {
                (None, one) => one.clone(),
                (Some(Self::Never), Self::Never) => Self::Never,
                (Some(Self::Always), Self::Always) => Self::Always,
                (Some(Self::Unknown(why)), Self::Never | Self::Unknown(_)) => Self::Unknown(why),
                (Some(Self::Never), Self::Unknown(why)) => Self::Unknown(why.clone()),
                _ => Self::Sometimes,
            })
        })
    }
}

/// Which principals of a type ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Among {
    /// All of them, whatever groups they are in.
    All,
    /// Those that are in no group that has a column.
    NoGroup,
    /// Those that are in this group, in Cedar syntax, and in no other that has a column, unless the group is in that.
    Group(String),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MatrixPrincipal {
    /// The type.
    pub of: String,
    /// Which of them.
    pub among: Among,
}

/// Requests of one kind: by a principal, for an action, on resources of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixPart {
    /// The type of the resource.
    pub resource: String,
    /// How many were allowed; none where nothing is compared, or there were no such requests.
    pub before: Option<Extent>,
    /// How many are allowed; none where there are no such requests any more.
    pub now: Option<Extent>,
    /// What changed, where that is asked.
    pub relation: Option<Relation>,
    /// Permits that allow some of it now.
    pub allowed_by: Vec<PolicyRef>,
    /// Forbids that refuse some of what is permitted now.
    pub refused_by: Vec<PolicyRef>,
    /// Whether there may be more of both.
    pub more: bool,
    /// What these policies ask of a request, such as `context.mfa`, where not all of it is decided alike.
    pub asks: Vec<String>,
}

/// What principals may do with an action, by the type of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MatrixCell {
    /// None where there are no such requests.
    pub parts: Vec<MatrixPart>,
}

impl MatrixCell {
    /// How many of its requests are allowed; none where there are none.
    #[must_use]
    pub fn now(&self) -> Option<Extent> {
        Extent::sum(self.parts.iter().filter_map(|part| part.now.as_ref()))
    }

    /// The same of before.
    #[must_use]
    pub fn before(&self) -> Option<Extent> {
        Extent::sum(self.parts.iter().filter_map(|part| part.before.as_ref()))
    }

    /// What changed; none where that is not asked.
    #[must_use]
    pub fn relation(&self) -> Option<Relation> {
        let all = || self.parts.iter().filter_map(|part| part.relation);
        let any = |wanted: Relation| all().any(|one| one == wanted || one == Relation::Both);
        match (any(Relation::Gained), any(Relation::Lost)) {
            (true, true) => Some(Relation::Both),
            (true, false) => Some(Relation::Gained),
            (false, true) => Some(Relation::Lost),
            (false, false) => all().find(|one| *one == Relation::Unknown).or_else(|| all().next()),
        }
    }

    /// Whether something changed, or may have.
    #[must_use]
    pub fn differs(&self) -> bool {
        !matches!(self.relation(), None | Some(Relation::Same))
    }
}

/// Actions of which everything is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    /// The actions, in Cedar syntax.
    pub actions: Vec<String>,
    /// What their decisions hang on, where that was asked.
    pub hangs_on: Option<Cacheable>,
    /// A cell for each of [`Matrix::principals`].
    pub cells: Vec<MatrixCell>,
}

impl MatrixRow {
    /// Whether something changed, or may have.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.cells.iter().any(MatrixCell::differs)
    }
}

/// Which principals may do what in a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The store, by name.
    pub store: String,
    /// Whether it is set beside another version.
    pub compared: bool,
    /// Why nothing is known, if so.
    pub why: Option<String>,
    /// What it is said under, or leaves out: a sentence each, names between backticks.
    pub notes: Vec<String>,
    /// The columns: principals of which everything is the same stand in one.
    pub principals: Vec<Vec<MatrixPrincipal>>,
    /// The rows.
    pub rows: Vec<MatrixRow>,
}

impl Matrix {
    /// The matrix of `store`, of which nothing is known for this reason.
    #[must_use]
    pub fn unknown(store: &str, compared: bool, why: impl Into<String>) -> Self {
        let (store, why) = (store.to_owned(), Some(why.into()));
        Self { store, compared, why, notes: Vec::new(), principals: Vec::new(), rows: Vec::new() }
    }

    /// How many cells differ from before, or may.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.differs()).count()
    }

    /// The columns and rows in which something differs.
    #[must_use]
    pub fn only_changed(&self) -> Self {
        let kept: Vec<bool> = (0..self.principals.len())
            .map(|at| self.rows.iter().any(|row| row.cells.get(at).is_some_and(MatrixCell::differs)))
            .collect();
        let keep = |at: &usize| kept.get(*at).copied().unwrap_or_default();
        let of = |row: &MatrixRow| MatrixRow {
            cells: row.cells.iter().enumerate().filter(|(at, _)| keep(at)).map(|(_, cell)| cell.clone()).collect(),
            ..row.clone()
        };
        Self {
            principals: (self.principals.iter().enumerate().filter(|(at, _)| keep(at)))
                .map(|(_, names)| names.clone())
                .collect(),
            rows: self.rows.iter().filter(|row| row.differs()).map(of).collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(before: Option<Extent>, now: Option<Extent>, relation: Relation) -> MatrixPart {
        MatrixPart {
            resource: "Doc".to_owned(),
            before,
            now,
            relation: Some(relation),
            allowed_by: Vec::new(),
            refused_by: Vec::new(),
            more: false,
            asks: Vec::new(),
        }
    }

    #[test]
    fn a_cell_is_never_or_always_only_where_all_of_it_is() {
        let unknown = || Extent::Unknown("too long".to_owned());
        let sum = |all: &[Extent]| Extent::sum(all.iter());
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[Extent::Never, Extent::Never]), Some(Extent::Never));
        assert_eq!(sum(&[Extent::Always, Extent::Always]), Some(Extent::Always));
        assert_eq!(sum(&[Extent::Never, Extent::Always]), Some(Extent::Sometimes));
        assert_eq!(sum(&[Extent::Never, unknown()]), Some(unknown()));
        assert_eq!(sum(&[unknown(), Extent::Never]), Some(unknown()));
        assert_eq!(sum(&[unknown(), Extent::Always]), Some(Extent::Sometimes));
        assert_eq!(sum(&[Extent::Always, unknown()]), Some(Extent::Sometimes));
    }

    #[test]
    fn a_cell_differs_where_one_of_its_parts_does() {
        let of = |all: &[Relation]| {
            let parts = all.iter().map(|one| part(None, Some(Extent::Never), *one)).collect();
            MatrixCell { parts }.relation()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Relation::Same, Relation::Gained]), Some(Relation::Gained));
        assert_eq!(of(&[Relation::Lost, Relation::Gained]), Some(Relation::Both));
        assert_eq!(of(&[Relation::Same, Relation::Unknown]), Some(Relation::Unknown));
        assert_eq!(of(&[Relation::Unknown, Relation::Lost]), Some(Relation::Lost));
        assert_eq!(of(&[Relation::Same, Relation::Same]), Some(Relation::Same));
    }
}
