//! What a comparison of two stores leaves undecided: a sentence for each reason, with the policies that it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::pairing::Paired;
use crate::compare::{Decided, Delta, Found, Undecided};
use crate::outcome::changes::Status;
use crate::outcome::{Notice, NoticeKind};
use crate::text::{Location, inline};

/// So many policies are named in one sentence.
const NAMED: usize = 5;

/// A reason: how many questions it leaves open, and the pairs whose changes they are about.
#[derive(Debug, Default)]
struct About {
    questions: usize,
    pairs: BTreeSet<usize>,
    /// Whether the reason names its policy itself.
    named: bool,
}

/// Questions without an answer, by the reason.
#[derive(Debug)]
pub(super) struct OpenQuestions<'p, 's> {
    pairs: &'p [Paired<'s>],
    /// Why not all policies are known, and the file, where that is so: then nothing that is not found is ruled out.
    broken: Option<(String, String)>,
    reasons: BTreeMap<String, About>,
    /// In how many environments not all that is gained is listed, and not all that is lost.
    unlisted: [usize; 2],
}

impl<'p, 's> OpenQuestions<'p, 's> {
    pub(super) fn new(pairs: &'p [Paired<'s>], broken: Option<(String, String)>) -> Self {
        Self { pairs, broken, reasons: BTreeMap::new(), unlisted: [0, 0] }
    }

    /// Whether everything was decided.
    pub(super) fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// What is to be said of one direction in one environment; what it leaves open is noted.
    pub(super) fn status(&mut self, found: &Found) -> Status {
        let (pairs, reasons) = (self.pairs, &mut self.reasons);
        let mut note = |why: &str, about: &BTreeSet<usize>, named: bool| {
            let reason = reasons.entry(why.to_owned()).or_default();
            reason.questions += 1;
            reason.pairs.extend(about);
            reason.named = named;
        };
        let mut note_open = || {
            for open in &found.open {
                let (why, about) = in_words(&open.why, pairs);
                let about = about.map_or_else(|| open.about.clone(), |index| BTreeSet::from([index]));
                note(&why, &about, matches!(open.why, Undecided::SetAside(_)));
            }
        };
        match (&found.decided, &self.broken) {
            (Decided::Yes, _) => {
                note_open();
                Status::Yes
            }
            (Decided::No, None) => Status::No,
            (_, Some((why, _))) => {
                note(why, &BTreeSet::new(), true);
                Status::Unknown(why.clone())
            }
            (Decided::Unknown(undecided), None) => {
                let (why, about) = in_words(undecided, pairs);
                if found.open.is_empty() {
                    note(&why, &about.into_iter().collect(), about.is_some());
                } else {
                    note_open();
                }
                Status::Unknown(why)
            }
        }
    }

    /// Counts where not everything is listed.
    pub(super) fn note_unlisted(&mut self, delta: &Delta) {
        let [gained, lost] = &mut self.unlisted;
        *gained += usize::from(delta.gained.unlisted);
        *lost += usize::from(delta.lost.unlisted);
    }

    /// A notice for each reason, and of what is not listed; the store is called `store`.
    pub(super) fn notices(self, store: &str) -> Vec<Notice> {
        let Self { pairs, broken, reasons, unlisted } = self;
        let file = broken.map(|(_, path)| Location::of_path(path));
        let notice = |(why, About { questions, pairs: about, named }): (String, About)| {
            let about: Vec<&Paired<'_>> = about.iter().filter_map(|index| pairs.get(*index)).collect();
            let count = if questions == 1 { "1 question".to_owned() } else { format!("{questions} questions") };
            let because = if named { String::new() } else { because_of(&about) };
            let sentence = format!(
                "store `{store}`: {count} about who gains or loses access{because} could not be decided: {why}"
            );
            let notice = Notice::new(NoticeKind::ChangeOpen, sentence);
            let place = about.first().and_then(|pair| pair.new.as_ref().or(pair.old.as_ref()));
            match (&file, place) {
                (Some(file), _) => notice.at(file),
                (None, Some(policy)) if about.len() == 1 => notice.policy(policy.name).at(policy.location),
                (None, Some(policy)) => notice.at(policy.location),
                (None, None) => notice,
            }
        };
        let unlisted = [("grant access", 0), ("take access away", 1)].into_iter().filter_map(|(what, at)| {
            let count = unlisted.get(at).copied().filter(|count| *count > 0)?;
            let kinds = if count == 1 { "1 kind".to_owned() } else { format!("{count} kinds") };
            let sentence = format!(
                "store `{store}`: in {kinds} of request more of the changed policies may {what} together than is listed"
            );
            Some(Notice::new(NoticeKind::ChangesUnlisted, sentence))
        });
        reasons.into_iter().map(notice).chain(unlisted).collect()
    }
}

/// Why something is not decided, and the pair that it names, if it names one.
fn in_words(why: &Undecided, pairs: &[Paired<'_>]) -> (String, Option<usize>) {
    match why {
        Undecided::SetAside(index) => {
            let name = pairs.get(*index).map(Paired::name).unwrap_or_default();
            (format!("`{}` could not be analysed", inline(name)), Some(*index))
        }
        why => (why.to_string(), None),
    }
}

/// ` because of a and b`; nothing of none.
fn because_of(about: &[&Paired<'_>]) -> String {
    let names: Vec<String> = about.iter().take(NAMED).map(|pair| format!("`{}`", inline(pair.name()))).collect();
    let more = about.len() - names.len();
    match names.split_last() {
        None => String::new(),
        Some(_) if more > 0 => format!(" because of {} and {more} more", names.join(", ")),
        Some((only, [])) => format!(" because of {only}"),
        Some((last, rest)) => format!(" because of {} and {last}", rest.join(", ")),
    }
}
