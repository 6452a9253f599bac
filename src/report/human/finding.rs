//! One finding for people: header, source, help, other places, request environments.

use std::collections::HashMap;

use miette::GraphicalReportHandler;

use super::clean::clean;
use super::paint::{Ink, Page, wrap};
use super::snippet::{Drawing, Shown};
use crate::finding::{Environment, Finding, Level, Related};
use crate::report::counted::counted;
use crate::report::{Options, evidence};
use crate::text::{Location, SourceFile};

/// A related place so many lines away from the finding or nearer is marked in its snippet.
const NEAR: usize = 6;
/// More places or environments than this are listed only when verbose.
const LISTED: usize = 5;

/// Shows findings; keeps each file's harmless text.
pub(super) struct Findings<'a> {
    files: HashMap<*const SourceFile, Shown<'a>>,
    handler: GraphicalReportHandler,
    options: Options,
    /// Whether it was said what a request environment is.
    explained: bool,
}

impl<'a> Findings<'a> {
    pub(super) fn new(handler: GraphicalReportHandler, options: Options) -> Self {
        Self { files: HashMap::new(), handler, options, explained: false }
    }

    /// Writes `finding` to `page`, and where `others` say the same, an empty line at its end.
    pub(super) fn write(&mut self, page: &mut Page, finding: &'a Finding, others: &[&'a Finding]) {
        let file: &'a SourceFile = finding.location.shown_file();
        let header = header(page, finding, self.options.width);
        let far = if file.text().is_empty() {
            let icon = page.ink(finding.level.into(), icon(finding.level));
            page.text.push_str(&format!("  {icon} {}\n", header.replace('\n', "\n    ")));
            page.item(Ink::Dim, "    in ", 7, &clean(file.path()));
            finding.related.iter().collect()
        } else {
            self.draw(page, finding, header)
        };
        if let Some(help) = &finding.help {
            page.item(Ink::Help, "  help: ", 8, &clean(help));
        }
        self.same(page, finding, others);
        self.places(page, &far);
        self.environments(page, &finding.environments);
        self.evidence(page, finding);
        page.gap();
    }

    /// Draws the snippet; gives the related places that it does not mark.
    fn draw(&mut self, page: &mut Page, finding: &'a Finding, header: String) -> Vec<&'a Related> {
        let file: &'a SourceFile = finding.location.shown_file();
        let shown = self.files.entry(std::ptr::from_ref(file)).or_insert_with(|| Shown::new(file));
        let (near, far): (Vec<_>, Vec<_>) =
            finding.related.iter().partition(|related| is_near(shown, &finding.location, &related.location));
        let drawing = Drawing {
            shown,
            level: finding.level,
            header,
            primary: finding.location.shown().span,
            label: None,
            others: near.iter().map(|near| (near.location.shown().span, clean(&near.message).into_owned())).collect(),
        };
        let before = page.text.len();
        if drawing.draw(&self.handler, &mut page.text).is_err() {
            // Nothing half-drawn: the header and the place say the same.
            page.text.truncate(before);
            page.item(finding.level.into(), "  ", 4, &clean(&finding.message));
            page.item(Ink::Dim, "    at ", 7, &clean(&finding.location.label()));
        }
        far
    }

    /// Where else there is the same: in the policy, and in what `others` are about.
    fn same(&self, page: &mut Page, finding: &Finding, others: &[&Finding]) {
        let also = others.iter().flat_map(|other| std::iter::once(&other.location).chain(&other.also));
        let places: Vec<&Location> = finding.also.iter().chain(also).collect();
        if places.is_empty() {
            return;
        }
        let most = if self.options.verbose { places.len() } else { LISTED };
        let label = |place: &&Location| {
            let label = if place.has_lines() { place.label() } else { place.path().to_owned() };
            clean(&label).into_owned()
        };
        let mut shown: Vec<String> = places.iter().take(most).map(label).collect();
        if places.len() > most {
            shown.push("... (-v lists them)".to_owned());
        }
        let lead = format!("  the same in {}: ", counted(places.len(), "more place", "more places"));
        page.item(Ink::Dim, &lead, 4, &shown.join(", "));
    }

    fn places(&self, page: &mut Page, places: &[&Related]) {
        let most = if self.options.verbose { places.len() } else { LISTED };
        for related in places.iter().take(most) {
            let label = if related.location.has_lines() {
                related.location.label()
            } else {
                related.location.path().to_owned()
            };
            page.item(Ink::Dim, "  also: ", 8, &format!("{}: {}", clean(&label), clean(&related.message)));
        }
        if places.len() > most {
            let rest = counted(places.len() - most, "more place", "more places");
            page.item(Ink::Dim, "  also: ", 8, &format!("{rest} (-v lists them)"));
        }
    }

    fn environments(&mut self, page: &mut Page, environments: &[Environment]) {
        let one = |environment: &Environment| {
            let Environment { principal, action, resource } = environment;
            clean(&format!("principal {principal}, action {action}, resource {resource}")).into_owned()
        };
        match environments {
            [] => {}
            [only] => page.item(Ink::Dim, "  in the request environment ", 4, &one(only)),
            many => {
                page.item(Ink::Dim, "  in ", 4, &format!("{} request environments", many.len()));
                for environment in many.iter().filter(|_| self.options.verbose) {
                    page.item(Ink::Dim, "    ", 6, &one(environment));
                }
            }
        }
        if self.options.verbose && !environments.is_empty() && !self.explained {
            self.explained = true;
            let what = "a type of principal, an action and a type of resource that the schema puts together";
            page.item(Ink::Dim, "    (a request environment is ", 6, &format!("{what})"));
        }
    }

    fn evidence(&self, page: &mut Page, finding: &Finding) {
        if let Some(evidence) = &finding.evidence {
            let (request, context) = evidence::request(evidence);
            page.item(Ink::Dim, "  for example: ", 6, &clean(&request));
            if let Some(context) = context {
                page.item(Ink::Dim, "    context ", 6, &clean(&context));
            }
            let entities = evidence::entities(evidence);
            let most = if self.options.verbose { entities.len() } else { LISTED };
            for entity in entities.iter().take(most) {
                page.item(Ink::Dim, "    where ", 6, &clean(entity));
            }
            if entities.len() > most {
                let rest = counted(entities.len() - most, "more entity", "more entities");
                page.item(Ink::Dim, "    where ", 6, &format!("{rest} (-v lists them)"));
            }
        }
    }
}

/// miette's icons.
fn icon(level: Level) -> &'static str {
    match level {
        Level::Error => "×",
        Level::Warning => "⚠",
        Level::Note => "☞",
    }
}

/// `error[rule]: message`, wrapped so that it fits after miette's icon.
fn header(page: &Page, finding: &Finding, width: usize) -> String {
    let lead = format!("{}[{}]: ", finding.level.as_str(), finding.rule);
    let lines = wrap(&clean(&finding.message), width, 4 + lead.len(), 4);
    format!("{}{}", page.ink(finding.level.into(), &lead), lines.join("\n"))
}

fn is_near(shown: &Shown<'_>, primary: &Location, other: &Location) -> bool {
    if !std::ptr::eq(&*primary.file, &*other.file) {
        return false;
    }
    let ((start, end), (other_start, other_end)) = (shown.lines_of(primary.span), shown.lines_of(other.span));
    let near = other_start + NEAR >= start && other_end <= end + NEAR;
    near && shown.fits(start.min(other_start), end.max(other_end))
}
