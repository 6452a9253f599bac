//! All of it: both sides counted, what is left decided, a sample confirmed, and who stands together.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityUid, PolicySet};

use super::asked::{Asked, Names, Wanted};
use super::counted::{Counting, Found, SurveyError, uncounted};
use super::groups::{Raw, rectangles};
use super::kinds::{Kind, Kinds, Nameless, Side, UnfitContext, kinds};
use super::settled::{Left, Settled};
use super::sides::Sides;
use crate::decide::Uncounted;
use crate::outcome::AccessGroup;

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Those who have access, or had it; those that differ first, then the largest.
    pub groups: Vec<AccessGroup>,
    /// Actions that the context does not fit, and why: such a request cannot be made on that side.
    pub unfit: Vec<UnfitContext>,
    /// Types of which no entity is known, so that nothing is said of them.
    pub nameless: Vec<Nameless>,
    /// How many kinds of requests were looked at.
    pub kinds: usize,
    /// Whether it was left open, for some conditional access, whether it differs from before.
    pub undecided: bool,
    /// Whether contexts may lead to entities that changed, and access that hangs on these is not compared.
    pub led_astray: bool,
    /// Actions for which there are more conditions than are looked into: whether a context meets them is not known.
    pub unlooked: BTreeSet<EntityUid>,
}

impl Sides<'_> {
    /// What `wanted` means here: on the new side, or where that does not know a name, on the old one.
    ///
    /// # Errors
    /// When a name is none; a sentence that names the nearest.
    pub fn find(&self, wanted: &Wanted) -> Result<Asked, String> {
        let none = PolicySet::new();
        let sets = self.sets(&none);
        let [old, new] = self.names(&sets);
        match (new.map(|names| names.find(wanted)), old.map(|names| names.find(wanted))) {
            (Some(Err(_)), Some(Ok(asked))) => Ok(asked),
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => Ok(Asked::default()),
        }
    }
}

/// Who of the entities may do what that is `asked`, in `context` where one is given; `differing` leaves out what is the
/// same on both sides.
///
/// # Errors
/// When policies cannot be compiled, or when Cedar's authorizer does not confirm what was found.
pub fn survey(sides: &Sides<'_>, asked: &Asked, context: Option<&str>, differing: bool) -> Result<Survey, SurveyError> {
    let none = PolicySet::new();
    let sets = sides.sets(&none);
    let worlds = sides.worlds().ok_or_else(|| uncounted(&Uncounted::Unknown, sides, 0))?;
    let worlds = worlds.each_ref().map(|world| &**world);
    let Kinds { all: kinds, unfit, nameless } = kinds(requests(sides, &sets, &worlds), asked, context);
    let alone = match (sides.old, sides.new) {
        (Some(_), None) => Some(0),
        (None, _) => Some(1),
        (Some(_), Some(_)) => None,
    };
    let same = sides.alike() && std::ptr::eq(worlds[0], worlds[1]) && kinds.iter().all(Kind::is_one);
    let one = alone.is_some() || same;
    // Of a side that is not there nobody is asked.
    let counted_over = alone.and_then(|side| worlds.get(side)).map_or(worlds, |world| [*world; 2]);
    let counting = Counting { sides, kinds: &kinds, sets: &sets, worlds: &counted_over, one, differing };
    let Found { columns, principals, conditions } = counting.count()?;
    let mut settled = Settled::new(sides, &sets, &worlds, &kinds, &conditions);
    settled.decide(&columns, &principals);
    let actions: Vec<&EntityUid> = kinds.iter().map(|kind| &kind.action).collect();
    let come_to = |kind: usize, raw: Raw| settled.comes_to(kind, raw);
    let mut groups = rectangles(columns, &principals, &actions, sides.compared, &come_to);
    if differing {
        groups.retain(AccessGroup::differs);
    }
    let Left { undecided, led_astray, unlooked } = settled.left_open();
    Ok(Survey { groups, unfit, nameless, kinds: kinds.len(), undecided, led_astray, unlooked })
}

/// What requests each side has.
fn requests<'n>(
    sides: &'n Sides<'n>,
    sets: &'n [&'n PolicySet; 2],
    worlds: &[&'n Entities; 2],
) -> [Option<Side<'n>>; 2] {
    let [old, new] = sides.names(sets);
    let side = |names: Option<Names<'n>>, set: &'n PolicySet, world: &'n Entities| {
        names.map(|names| Side { names, set, world })
    };
    [side(old, sets[0], worlds[0]), side(new, sets[1], worlds[1])]
}
