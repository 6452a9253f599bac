//! `[[guardrail.same]]` and the other short forms of guardrails.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use super::name::Name;
use super::reader::Reader;
use crate::text::{Location, inline};

/// What a short form asks for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The actions are decided alike.
    Same,
    /// What is allowed has an end.
    Expires {
        /// The attribute that holds the time, such as `context.now`.
        clock: String,
        /// Where the time begins, or ends where `within` is nothing: an attribute, or `@granted`, an annotation of
        /// policies.
        from: String,
        /// How long it lasts, in milliseconds; `None` where `from` is the end.
        within: Option<i64>,
        /// The same as it is written.
        written: String,
    },
    /// Who has one value of an attribute reaches nothing that has another.
    Isolate {
        /// The attribute of the principal, or one of the context.
        principal: String,
        /// The attribute of the resource.
        resource: String,
        /// Principals that are left out: these entities and their members.
        except: Vec<Name>,
    },
    /// Nobody gains access that the base does not give.
    NeverGain,
}

impl Asked {
    /// The word in `[[guardrail.WORD]]`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Expires { .. } => "expires",
            Self::Isolate { .. } => "isolate",
            Self::NeverGain => "never-gain",
        }
    }
}

/// One `[[guardrail.…]]`.
#[derive(Debug, Clone)]
pub struct GuardrailConfig {
    /// What it is called.
    pub id: String,
    /// Why it is there.
    pub why: Option<String>,
    /// What it asks for.
    pub asked: Asked,
    /// The actions and groups of actions that it is about; empty for all.
    pub actions: Vec<Name>,
    /// The principal types; empty for all.
    pub principals: Vec<Name>,
    /// The resource types; empty for all.
    pub resources: Vec<Name>,
    /// The stores; empty for all.
    pub stores: Vec<Name>,
    /// Where it is written.
    pub location: Location,
}

impl GuardrailConfig {
    /// What it says but for its name, its reason and its place, so that two can be compared.
    #[must_use]
    pub fn texts(&self) -> Vec<Vec<String>> {
        let texts = |names: &[Name]| {
            let mut texts: Vec<String> = names.iter().map(|name| name.text.clone()).collect();
            texts.sort();
            texts
        };
        let asked = match &self.asked {
            Asked::Isolate { principal, resource, except } => {
                [vec![principal.clone(), resource.clone()], texts(except)].concat()
            }
            Asked::Expires { clock, from, within, .. } => vec![clock.clone(), from.clone(), format!("{within:?}")],
            Asked::Same | Asked::NeverGain => Vec::new(),
        };
        let lists = [&self.actions, &self.principals, &self.resources, &self.stores];
        let kind = vec![self.asked.word().to_owned()];
        [kind, asked].into_iter().chain(lists.map(|list| texts(list))).collect()
    }
}

/// The unit of a clock that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Seconds since 1970.
    #[default]
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// `[guardrail]`.
#[derive(Debug, Clone, Default)]
pub struct Guardrails {
    /// The attribute of the context that holds the time, where it is not `context.now`.
    pub clock: Option<String>,
    /// The unit of clocks that are numbers.
    pub unit: Unit,
    /// The short forms, in the order of their kinds and of the file.
    pub all: Vec<GuardrailConfig>,
}

impl Guardrails {
    /// The attribute that holds the time where a guardrail names none.
    #[must_use]
    pub fn clock(&self) -> &str {
        self.clock.as_deref().unwrap_or("context.now")
    }

    /// Every attribute that holds the time: that one, and those that guardrails name for themselves.
    #[must_use]
    pub fn clocks(&self) -> Vec<String> {
        let own = self.all.iter().filter_map(|guardrail| match &guardrail.asked {
            Asked::Expires { clock, .. } => Some(clock.as_str()),
            _ => None,
        });
        let all: BTreeSet<&str> = own.chain([self.clock()]).collect();
        all.into_iter().map(str::to_owned).collect()
    }
}

const COMMON: [&str; 6] = ["id", "why", "actions", "principals", "resources", "stores"];

/// The keys of each short form besides those that all have.
pub(super) const FORMS: [(&str, &[&str]); 4] = [
    ("same", &[]),
    ("expires", &["clock", "from", "until", "within"]),
    ("isolate", &["principal", "resource", "except"]),
    ("never-gain", &[]),
];

/// Reads `[guardrail]`.
pub(super) fn guardrails(reader: &mut Reader, table: &DeTable<'_>) -> Guardrails {
    let known: Vec<&str> = ["clock", "unit"].into_iter().chain(FORMS.iter().map(|(word, _)| *word)).collect();
    reader.check_keys("[guardrail]", table, &known);
    let clock = reader.string(table, "clock").and_then(|(text, place)| attribute(reader, text, place, &["context"]));
    let mut guardrails = Guardrails { clock, unit: unit(reader, table), all: Vec::new() };
    for (word, own) in FORMS {
        for (entry, place) in reader.tables(table, word) {
            let keys: Vec<&str> = COMMON.iter().chain(own).copied().collect();
            reader.check_keys(&format!("[[guardrail.{word}]]"), entry, &keys);
            let id_place = entry.get("id").map_or_else(|| place.clone(), |id| id.span());
            let number = guardrails.all.iter().filter(|one| one.asked.word() == word).count();
            if let Some(one) = guardrail(reader, (word, entry, place), number, &guardrails) {
                if guardrails.all.iter().any(|other| other.id == one.id) {
                    // It is proved all the same.
                    let help = "give each an id of its own: reports know them by it".to_owned();
                    reader.report(id_place, format!("two guardrails are called `{}`", inline(&one.id)), Some(help));
                }
                guardrails.all.push(one);
            }
        }
    }
    guardrails
}

fn unit(reader: &mut Reader, table: &DeTable<'_>) -> Unit {
    match reader.string(table, "unit") {
        Some((word, _)) if word == "milliseconds" => Unit::Milliseconds,
        Some((word, place)) if word != "seconds" => {
            let help = Some("`seconds` or `milliseconds`".to_owned());
            reader.report(place, format!("`{}` is no unit of a clock", inline(&word)), help);
            Unit::Seconds
        }
        _ => Unit::Seconds,
    }
}

fn guardrail(
    reader: &mut Reader,
    (word, entry, place): (&str, &DeTable<'_>, Range<usize>),
    number: usize,
    known: &Guardrails,
) -> Option<GuardrailConfig> {
    let mut list = |key: &str| -> Vec<Name> {
        let names = reader.strings(entry, key);
        names.into_iter().map(|(text, place)| Name { text, location: reader.location(place) }).collect()
    };
    let (actions, principals) = (list("actions"), list("principals"));
    let (resources, stores, except) = (list("resources"), list("stores"), list("except"));
    let missing = |reader: &mut Reader, what: &str, example: &str| {
        reader.report(place.clone(), format!("a [[guardrail.{word}]] needs {what}"), Some(example.to_owned()));
    };
    let asked = match word {
        "same" => {
            if actions.len() < 2 {
                missing(reader, "two `actions`", "actions = [\"showTransfer\", \"transfer\"]");
                return None;
            }
            Asked::Same
        }
        "expires" => expires(reader, entry, known.clock(), &missing)?,
        "isolate" => {
            let (Some(principal), Some(resource)) =
                (reader.string(entry, "principal"), reader.string(entry, "resource"))
            else {
                if !(entry.contains_key("principal") && entry.contains_key("resource")) {
                    missing(
                        reader,
                        "`principal` and `resource`",
                        "as in `principal = \"tenant\"` and `resource = \"tenant\"`",
                    );
                }
                return None;
            };
            let holder = |reader: &mut Reader, (text, place): (String, Range<usize>), holder: &str| {
                let text = if text.contains('.') && ROOTS.iter().any(|root| text.starts_with(&format!("{root}."))) {
                    text
                } else {
                    format!("{holder}.{text}")
                };
                attribute(reader, text, place, &[holder, "context"])
            };
            let principal = holder(reader, principal, "principal")?;
            Asked::Isolate { principal, resource: holder(reader, resource, "resource")?, except }
        }
        _ => Asked::NeverGain,
    };
    let id = reader.string(entry, "id").map(|(id, _)| id).filter(|id| !id.trim().is_empty());
    let id = id.unwrap_or_else(|| match number {
        0 => word.to_owned(),
        more => format!("{word}-{}", more + 1),
    });
    let why = reader.string(entry, "why").map(|(why, _)| why);
    let location = reader.location(place);
    Some(GuardrailConfig { id, why, asked, actions, principals, resources, stores, location })
}

fn expires(
    reader: &mut Reader,
    entry: &DeTable<'_>,
    clock: &str,
    missing: &dyn Fn(&mut Reader, &str, &str),
) -> Option<Asked> {
    let clock = match reader.string(entry, "clock") {
        Some((text, place)) => attribute(reader, text, place, &ROOTS)?,
        None => clock.to_owned(),
    };
    let (from, until) = (reader.string(entry, "from"), reader.string(entry, "until"));
    let within = reader.string(entry, "within");
    let example = "as in `from = \"context.grantedAt\"` and `within = \"30m\"`";
    let path = |reader: &mut Reader, (text, place): (String, Range<usize>)| {
        if text == GRANTED { Some(text) } else { attribute(reader, text, place, &ROOTS) }
    };
    match (from, until, within) {
        (Some(from), None, Some((written, place))) => {
            let Some(within) = milliseconds(&written) else {
                let help = Some("write it as in `within = \"30m\"`, with d, h, m, s or ms".to_owned());
                reader.report(place, format!("`{}` is no length of time", inline(&written)), help);
                return None;
            };
            Some(Asked::Expires { clock, from: path(reader, from)?, within: Some(within), written })
        }
        (None, Some((text, place)), None) => {
            let from = attribute(reader, text, place, &ROOTS)?;
            Some(Asked::Expires { clock, from, within: None, written: String::new() })
        }
        (None, None, _) => {
            missing(reader, "`from` and `within`, or `until`", example);
            None
        }
        (Some(_), None, None) => {
            missing(reader, "`within` beside `from`", example);
            None
        }
        (_, Some((_, place)), _) => {
            let message = "`until` is the end by itself, and goes with neither `from` nor `within`";
            reader.report(place, message.to_owned(), None);
            None
        }
    }
}

/// The annotation of policies that `from` may name.
pub const GRANTED: &str = "@granted";

const ROOTS: [&str; 3] = ["principal", "resource", "context"];

/// `text` if it is a chain of attributes of one of `roots`.
fn attribute(reader: &mut Reader, text: String, place: Range<usize>, roots: &[&str]) -> Option<String> {
    let mut parts = text.split('.');
    let root = parts.next().is_some_and(|root| roots.contains(&root));
    let plain = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let rest: Vec<&str> = parts.collect();
    if root && !rest.is_empty() && rest.iter().all(|part| plain(part)) {
        return Some(text);
    }
    let way_out = roots.iter().map(|root| format!("`{root}.attribute`")).collect::<Vec<_>>().join(" or ");
    reader.report(place, format!("`{}` is no attribute", inline(&text)), Some(format!("write {way_out}")));
    None
}

/// The length of time that `text` is in Cedar's syntax, in milliseconds.
fn milliseconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut all: i64 = 0;
    let mut last = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, after) = match after.find(|letter: char| letter.is_ascii_digit()) {
            Some(end) => after.split_at_checked(end)?,
            None => (after, ""),
        };
        let unit = match unit {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        if unit >= last {
            return None;
        }
        last = unit;
        all = number.parse::<i64>().ok()?.checked_mul(unit).and_then(|part| all.checked_add(part))?;
        rest = after;
    }
    (all > 0).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn lengths_of_time_are_cedars() {
        for (text, wanted) in [
            ("30m", Some(1_800_000)),
            ("1h30m", Some(5_400_000)),
            ("2d", Some(172_800_000)),
            ("15ms", Some(15)),
            ("1m1h", None),
            ("30", None),
            ("m", None),
            ("", None),
            ("0s", None),
            ("-5m", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(milliseconds(text), wanted, "{text}");
        }
    }
}
