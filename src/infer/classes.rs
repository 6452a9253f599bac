//! What is known of the type of each value. Values of one type are one class (union-find).

use std::collections::BTreeMap;

use super::evidence::Evidence;

/// A class, by number.
pub(super) type Id = usize;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Bool,
    Long,
    String,
    Decimal,
    Ip,
    Datetime,
    Duration,
    Set,
    /// With attributes: a record or an entity.
    Holder,
}

/// What is known of one type.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    /// What kind it is, and what says so.
    pub(super) kind: Option<(Kind, Evidence)>,
    /// Whether it is an entity, and what says so.
    pub(super) entity: Option<Evidence>,
    /// The entity types that it can be, and what says so.
    pub(super) types: BTreeMap<String, Evidence>,
    /// Whether it is a variable, which may be of several types.
    pub(super) variable: bool,
    /// Whether data has it: else it is written out, and its type is no question.
    pub(super) open: bool,
    /// The attributes.
    pub(super) fields: BTreeMap<String, Id>,
    /// The values of its tags.
    pub(super) tags: Option<Id>,
    /// The elements of a set.
    pub(super) elements: Option<Id>,
    /// Entity types that it is asked to be of, which it need not be, and who asks.
    pub(super) asked: Vec<(String, Evidence)>,
    /// What it is called, for naming a type of its own.
    pub(super) hint: Option<String>,
}

/// What leaves a policy without an answer.
#[derive(Debug, Clone)]
pub(super) struct Clash {
    pub(super) class: Id,
    /// What an earlier statement says; `None` where the policy asks for a type, and nothing says which it is.
    pub(super) first: Option<Evidence>,
    /// What the policy says.
    pub(super) second: Evidence,
    /// Whether the type that the schema follows is no more than a guess.
    pub(super) guess: bool,
}

/// All classes.
#[derive(Debug, Default)]
pub(super) struct Classes {
    parents: Vec<Id>,
    classes: Vec<Class>,
    /// What went against what.
    pub(super) clashes: Vec<Clash>,
}

impl Classes {
    /// A new class of which nothing is known.
    pub(super) fn fresh(&mut self) -> Id {
        self.parents.push(self.classes.len());
        self.classes.push(Class::default());
        self.classes.len() - 1
    }

    /// The class that `id` is part of by now.
    pub(super) fn find(&self, mut id: Id) -> Id {
        while let Some(parent) = self.parents.get(id).copied().filter(|parent| *parent != id) {
            id = parent;
        }
        id
    }

    /// What is known of it.
    pub(super) fn get(&self, id: Id) -> Option<&Class> {
        self.classes.get(self.find(id))
    }

    /// The same, to add to.
    pub(super) fn change(&mut self, id: Id, change: impl FnOnce(&mut Class)) {
        let root = self.find(id);
        if let Some(class) = self.classes.get_mut(root) {
            change(class);
        }
    }

    /// The classes that are not part of another.
    pub(super) fn roots(&self) -> Vec<Id> {
        (0..self.parents.len()).filter(|id| self.find(*id) == *id).collect()
    }

    /// Says that it is of a kind. What was said first counts.
    pub(super) fn is(&mut self, id: Id, kind: Kind, evidence: &Evidence) {
        match self.get(id).and_then(|class| class.kind.clone()) {
            None => self.change(id, |class| class.kind = Some((kind, evidence.clone()))),
            Some((known, first)) if known != kind => self.clash(id, first, evidence.clone()),
            Some(_) => {}
        }
    }

    /// Says that it is an entity, of type `ty` if that is known.
    pub(super) fn is_entity(&mut self, id: Id, ty: Option<&str>, evidence: &Evidence) {
        self.is(id, Kind::Holder, evidence);
        self.change(id, |class| {
            class.entity.get_or_insert_with(|| evidence.clone());
        });
        let Some(ty) = ty else { return };
        let known = self.get(id).and_then(|class| {
            let other = class.types.iter().find(|(other, _)| *other != ty).map(|(_, first)| first.clone());
            other.filter(|_| !class.variable && !class.types.contains_key(ty))
        });
        match known {
            Some(first) => self.clash(id, first, evidence.clone()),
            None => self.change(id, |class| {
                class.types.entry(ty.to_owned()).or_insert_with(|| evidence.clone());
            }),
        }
    }

    /// The class of its attribute.
    pub(super) fn field(&mut self, id: Id, name: &str, evidence: &Evidence) -> Id {
        self.is(id, Kind::Holder, evidence);
        if let Some(known) = self.get(id).and_then(|class| class.fields.get(name)) {
            return *known;
        }
        let new = self.fresh();
        self.change(new, |class| {
            class.hint = Some(name.to_owned());
            class.open = true;
        });
        self.change(id, |class| {
            class.fields.insert(name.to_owned(), new);
        });
        new
    }

    /// The class of its tags' values.
    pub(super) fn tag(&mut self, id: Id, evidence: &Evidence) -> Id {
        self.is_entity(id, None, evidence);
        if let Some(known) = self.get(id).and_then(|class| class.tags) {
            return known;
        }
        let new = self.fresh();
        self.change(new, |class| class.open = true);
        self.change(id, |class| class.tags = Some(new));
        new
    }

    /// The class of its elements.
    pub(super) fn element(&mut self, id: Id, evidence: &Evidence) -> Id {
        self.is(id, Kind::Set, evidence);
        if let Some(known) = self.get(id).and_then(|class| class.elements) {
            return known;
        }
        let new = self.fresh();
        let (hint, open) = self.get(id).map(|class| (class.hint.clone(), class.open)).unwrap_or_default();
        self.change(new, |class| {
            class.hint = hint;
            class.open = open;
        });
        self.change(id, |class| class.elements = Some(new));
        new
    }

    /// Says that two values are of one type; whether that was news.
    pub(super) fn same(&mut self, one: Id, two: Id) -> bool {
        let (one, two) = (self.find(one), self.find(two));
        if one == two {
            return false;
        }
        let Some(class) = self.classes.get(two).cloned() else { return false };
        if let Some((kind, of)) = &class.kind {
            let clashes = self.get(one).and_then(|class| class.kind.as_ref()).is_some_and(|(known, _)| known != kind);
            self.is(one, *kind, of);
            if clashes {
                return false;
            }
        }
        if let Some(parent) = self.parents.get_mut(two) {
            *parent = one;
        }
        if let Some(of) = &class.entity {
            self.is_entity(one, None, of);
        }
        for (ty, of) in &class.types {
            self.is_entity(one, Some(ty), of);
        }
        let (variable, open) = (class.variable, class.open);
        self.change(one, |known| {
            known.variable |= variable;
            known.open |= open;
            known.hint = known.hint.take().or(class.hint);
            known.asked.extend(class.asked);
        });
        // What only one has is taken over; what both have is of one type too.
        let mut both: Vec<(Id, Id)> = Vec::new();
        self.change(one, |known| {
            for (name, field) in class.fields {
                match known.fields.get(&name) {
                    Some(other) => both.push((*other, field)),
                    None => drop(known.fields.insert(name, field)),
                }
            }
            for (mine, theirs) in [(&mut known.tags, class.tags), (&mut known.elements, class.elements)] {
                match (&mine, theirs) {
                    (Some(other), Some(theirs)) => both.push((*other, theirs)),
                    (None, theirs) => *mine = theirs,
                    (Some(_), None) => {}
                }
            }
        });
        for (mine, theirs) in both {
            self.same(mine, theirs);
        }
        true
    }

    /// Whether it is written out and of another kind.
    pub(super) fn is_never(&self, id: Id, kind: Kind) -> bool {
        self.get(id).is_some_and(|class| !class.open && class.kind.as_ref().is_some_and(|(known, _)| *known != kind))
    }

    /// Says that nobody knows what a policy comes to: what it says of a type goes against `first`, or nothing says it.
    pub(super) fn contradicts(&mut self, class: Id, first: Option<Evidence>, second: &Evidence) {
        let known = |clash: &Clash| clash.first == first && clash.second == *second;
        if !self.clashes.iter().any(known) {
            self.clashes.push(Clash { class, first, second: second.clone(), guess: false });
        }
    }

    /// The same, where also what the schema follows is a guess.
    pub(super) fn guesses(&mut self, class: Id, first: Option<Evidence>, second: &Evidence) {
        self.contradicts(class, first.clone(), second);
        let alike = |clash: &&mut Clash| clash.first == first && clash.second == *second;
        self.clashes.iter_mut().filter(alike).for_each(|clash| clash.guess = true);
    }

    fn clash(&mut self, class: Id, first: Evidence, second: Evidence) {
        // What is written out wrong errors, whatever data there is.
        let open = self.get(class).is_some_and(|class| class.open || class.variable);
        let first = Some(first);
        if open && !self.clashes.iter().any(|known| known.first == first && known.second == second) {
            self.clashes.push(Clash { class, first, second, guess: false });
        }
    }
}
