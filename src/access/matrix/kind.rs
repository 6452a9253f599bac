//! One kind of request, decided for every principal that there is a column of.

use cedar_policy::{Effect, PolicyId, RequestEnv};

use super::{Group, Side};
use crate::outcome::changes::{EnvironmentChange, Lifecycle, Relation, Status};
use crate::outcome::{Extent, MatrixPart, PolicyRef};
use crate::symbolic::{Answer, Formula, PolicyRef as Place, Reason, Session, Status as Applies, Subject};

/// So many policies are looked for that allow, or refuse.
const NAMED: usize = 12;
/// So many phrases are told of what policies ask.
const ASKS: usize = 40;

/// What the comparison found.
#[derive(Clone, Copy)]
pub(super) enum Known<'a> {
    /// Nothing is compared.
    NotAsked,
    /// This.
    Found(&'a EnvironmentChange),
    /// It is compared, and nothing is known of this kind.
    Open,
}

/// Which principals of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// All.
    All,
    /// Those in none of the groups.
    NoGroup,
    /// Those in the group at this place.
    Group(usize),
}

/// One kind of request.
pub(super) struct Asking<'a> {
    pub(super) sides: &'a [Option<Side<'a>>; 2],
    /// As each side has it.
    pub(super) environments: &'a [Option<&'a RequestEnv>; 2],
    pub(super) groups: &'a [Group],
    pub(super) known: Known<'a>,
}

/// A side's own questions.
struct Alone<'a> {
    side: &'a Side<'a>,
    session: Session<'a>,
    allow: Formula,
    permits: Vec<Place>,
    forbids: Vec<Place>,
    /// That the principal is in a group, by group; none where no such principal can be.
    within: Vec<Option<Formula>>,
}

impl<'a> Asking<'a> {
    /// For all principals of the type, for those in no group, and for those of each group: what it comes to on
    /// resources of the type `resource`.
    pub(super) fn answers(&self, resource: &str) -> Vec<(Column, MatrixPart)> {
        let [mut old, mut new] = [0, 1].map(|number| self.alone(number));
        let mut both = self.both();
        let mut found = Vec::new();
        let groups = (0..self.groups.len()).map(Column::Group);
        for column in [Column::All, Column::NoGroup].into_iter().chain(groups) {
            let of = |side: &Option<Alone<'_>>| self.among(column, &side.as_ref()?.within);
            let (was, is) = (of(&old), of(&new));
            if was.is_none() && is.is_none() {
                continue;
            }
            // Without a comparison there is no before.
            let compared = !matches!(self.known, Known::NotAsked);
            let before = old.as_mut().zip(was).filter(|_| compared).map(|(side, within)| side.reach(&within));
            let mut part = MatrixPart {
                resource: resource.to_owned(),
                before,
                now: None,
                relation: None,
                allowed_by: Vec::new(),
                refused_by: Vec::new(),
                more: false,
                asks: Vec::new(),
            };
            if let Some((side, within)) = new.as_mut().zip(is) {
                side.tell(&within, &mut part);
            }
            part.relation = match (self.known, column) {
                (Known::NotAsked, _) => None,
                (Known::Open, _) => Some(Relation::Unknown),
                (Known::Found(change), Column::All) => Some(change.relation()),
                (Known::Found(change), _) => {
                    let asked = both.as_mut().and_then(|both| {
                        let within = self.among(column, &both.within)?;
                        Some(both.changes(&within))
                    });
                    Some(changed_within(change, &part, asked))
                }
            };
            found.push((column, part));
        }
        found
    }

    /// That a principal is one of the column; none where there can be no such, or nothing tells them from all.
    fn among(&self, column: Column, within: &[Option<Formula>]) -> Option<Formula> {
        let out_of = |kept: &dyn Fn(usize) -> bool| {
            let others = within.iter().enumerate().filter(|(at, _)| !kept(*at));
            others.filter_map(|(_, within)| Some(!within.clone()?)).collect::<Vec<_>>()
        };
        match column {
            Column::All => Some(Formula::Constant(true)),
            Column::NoGroup => Some(out_of(&|_| false)).filter(|all| !all.is_empty()).map(Formula::And),
            Column::Group(at) => {
                let group = self.groups.get(at)?;
                let own = within.get(at).cloned().flatten()?;
                let others = out_of(&|other| other == at || group.within.contains(&other));
                Some(own.and(Formula::And(others)))
            }
        }
    }

    fn alone(&self, number: usize) -> Option<Alone<'a>> {
        let side = self.sides.get(number)?.as_ref()?;
        let environment = self.environments.get(number).copied().flatten()?;
        let mut session = Session::new(&side.policies, environment);
        let within = self.groups.iter().map(|group| within(&mut session, 0, &group.probe)).collect();
        let allow = session.allow(0);
        let (permits, forbids) = session.applicable(0).into_iter().partition(|policy| {
            side.policies.subjects().get(policy.index).is_some_and(|subject| subject.effect() == Effect::Permit)
        });
        // Probes take part in no decision, and are none of the side's.
        Some(Alone { side, session, allow, permits, forbids: of_side(forbids, side), within })
    }

    /// Both sides at once, where something changes and a group may have a part in it.
    fn both(&self) -> Option<Both<'a>> {
        let Known::Found(change) = self.known else { return None };
        let [Some(old), Some(new)] = self.sides else { return None };
        let [Some(_), Some(environment)] = *self.environments else { return None };
        if self.groups.is_empty() || change.lifecycle != Lifecycle::Kept || change.relation() == Relation::Same {
            return None;
        }
        let mut session = Session::pair(&old.policies, &new.policies, environment);
        let within = self.groups.iter().map(|group| within(&mut session, 1, &group.probe)).collect();
        let allow = [session.allow(0), session.allow(1)];
        Some(Both { session, allow, within, whole: None })
    }
}

/// That the principal is in the group of `probe`; none where the scope excludes that.
fn within<'a>(session: &mut Session<'a>, side: usize, probe: &'a Subject) -> Option<Formula> {
    let place = session.add_policy(side, probe);
    (session.status(place) != Applies::OutOfScope).then_some(Formula::Matches(place))
}

fn of_side(all: Vec<Place>, side: &Side<'_>) -> Vec<Place> {
    all.into_iter().filter(|place| place.index < side.policies.subjects().len()).collect()
}

impl Alone<'_> {
    /// How many of the requests for which `within` holds are allowed.
    fn reach(&mut self, within: &Formula) -> Extent {
        match self.session.check(&self.allow.clone().and(within.clone())) {
            Answer::Impossible => Extent::Never,
            Answer::Unknown(why) => Extent::Unknown(self.reason(&why)),
            Answer::Witness(_) => {
                let denied = self.session.check(&(!self.allow.clone()).and(within.clone()));
                if denied.is_impossible() { Extent::Always } else { Extent::Sometimes }
            }
        }
    }

    /// Puts into `part` how many are allowed now, and by what.
    fn tell(&mut self, within: &Formula, part: &mut MatrixPart) {
        let now = self.reach(within);
        if matches!(now, Extent::Sometimes | Extent::Always) {
            let permits = self.permits.clone();
            let forbids = self.forbids.clone();
            let allowed = self.allow.clone().and(within.clone());
            let permitted = Formula::Or(permits.iter().copied().map(Formula::Matches).collect()).and(within.clone());
            let (allowing, more_allow) = self.taking_part(&allowed, permits);
            let (refusing, more_refuse) = self.taking_part(&permitted, forbids);
            part.more = more_allow || more_refuse;
            if now == Extent::Sometimes {
                let asks = allowing.iter().chain(&refusing).filter_map(|at| self.side.asks.get(*at)).flatten();
                let asks: std::collections::BTreeSet<&String> = asks.collect();
                part.asks = asks.into_iter().take(ASKS).cloned().collect();
            }
            part.allowed_by = self.named(&allowing);
            part.refused_by = self.named(&refusing);
        }
        part.now = Some(now);
    }

    fn named(&self, all: &[usize]) -> Vec<PolicyRef> {
        all.iter().filter_map(|at| self.side.named(*at)).collect()
    }

    /// Which of `policies` match some request for which `question` holds, by their places in order; and whether there
    /// may be more.
    fn taking_part(&mut self, question: &Formula, mut policies: Vec<Place>) -> (Vec<usize>, bool) {
        let mut found: Vec<usize> = Vec::new();
        while !policies.is_empty() && found.len() < NAMED {
            let any = Formula::Or(policies.iter().copied().map(Formula::Matches).collect());
            match self.session.check(&question.clone().and(any)) {
                Answer::Impossible => policies.clear(),
                Answer::Unknown(_) => break,
                Answer::Witness(sample) => {
                    let (hit, rest): (Vec<Place>, Vec<Place>) =
                        policies.iter().copied().partition(|policy| sample.matches(*policy) == Some(true));
                    if hit.is_empty() {
                        break;
                    }
                    found.extend(hit.into_iter().map(|policy| policy.index));
                    policies = rest;
                }
            }
        }
        found.sort_unstable();
        (found, !policies.is_empty())
    }

    /// The reason with the name that people know.
    fn reason(&self, why: &Reason) -> String {
        match why {
            Reason::SetAside { policy, why } => {
                let found = self.side.store.find(&PolicyId::new(policy));
                let name = found.map_or(policy.as_str(), |found| found.name);
                format!("policy `{}` was set aside: {why}", crate::text::inline(name))
            }
            other => other.to_string(),
        }
    }
}

/// Both sides of one kind of request.
struct Both<'a> {
    session: Session<'a>,
    allow: [Formula; 2],
    within: Vec<Option<Formula>>,
    /// Whether anything is gained, and lost, for all of the type, as this session sees it.
    whole: Option<[Option<bool>; 2]>,
}

impl Both<'_> {
    /// Whether principals for which `within` holds gain, and lose, something; `None` where that is not decided.
    fn changes(&mut self, within: &Formula) -> [Option<bool>; 2] {
        let whole = match self.whole {
            Some(whole) => whole,
            None => {
                let whole = [0, 1].map(|side| self.differs(side, &Formula::Constant(true)));
                *self.whole.insert(whole)
            }
        };
        let own = [0, 1].map(|side| self.differs(side, within));
        // What is not seen for the type at all is not seen for a group either.
        let seen = |whole: Option<bool>, own: Option<bool>| if whole == Some(true) { own } else { None };
        let ([gained, lost], [own_gained, own_lost]) = (whole, own);
        [seen(gained, own_gained), seen(lost, own_lost)]
    }

    /// Whether something for which `within` holds is gained (0), or lost (1).
    fn differs(&mut self, direction: usize, within: &Formula) -> Option<bool> {
        let [old, new] = self.allow.clone();
        let changed = if direction == 0 { (!old).and(new) } else { old.and(!new) };
        match self.session.check(&changed.and(within.clone())) {
            Answer::Impossible => Some(false),
            Answer::Witness(_) => Some(true),
            Answer::Unknown(_) => None,
        }
    }
}

/// What changes for principals of a group, of a kind of request of which `change` is known for the whole type.
fn changed_within(change: &EnvironmentChange, part: &MatrixPart, asked: Option<[Option<bool>; 2]>) -> Relation {
    let some = |reach: Option<&Extent>, there: Relation| match reach {
        Some(Extent::Sometimes | Extent::Always) => there,
        Some(Extent::Unknown(_)) => Relation::Unknown,
        Some(Extent::Never) | None => Relation::Same,
    };
    match (change.relation(), change.lifecycle) {
        (Relation::Same, _) => Relation::Same,
        (_, Lifecycle::Added) => some(part.now.as_ref(), Relation::Gained),
        (_, Lifecycle::Removed) => some(part.before.as_ref(), Relation::Lost),
        (_, Lifecycle::Kept) => {
            let [gained, lost] = asked.unwrap_or_default();
            let of = |status: &Status, asked: Option<bool>| match (status, asked) {
                (Status::No, _) => Some(false),
                (Status::Yes | Status::Unknown(_), asked) => asked,
            };
            match (of(&change.gained, gained), of(&change.lost, lost)) {
                (Some(true), Some(true)) => Relation::Both,
                (Some(true), _) => Relation::Gained,
                (_, Some(true)) => Relation::Lost,
                (Some(false), Some(false)) => Relation::Same,
                _ => Relation::Unknown,
            }
        }
    }
}
