//! What a source says about how it is to be read, and what fails: configuration and accepted changes.

use std::path::{Path, PathBuf};

use super::error::RunError;
use super::place::Place;
use super::reading::{BaselineFile, Reading};
use crate::config::{self, ACCEPTED_NAME, Acceptance, Baseline, CONFIGURATION, Config};
use crate::finding::{Finding, Level};
use crate::repo;
use crate::rule::Catalogue;
use crate::source::{ReadError, Source};
use crate::text::{Location, SourceFile};
use crate::{lint, prove, tables, triage, validate};

/// What one side says about how it is to be read, and what fails.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) config: Config,
    /// What is wrong with it.
    pub(super) findings: Vec<Finding>,
    /// Changes of permissions that were accepted.
    pub(super) accepted: Vec<Acceptance>,
    /// Findings that fail nothing.
    pub(super) baseline: Option<Baseline>,
}

/// Every rule there is, from the modules that own them.
#[must_use]
pub fn catalogue() -> Catalogue {
    let engines = validate::RULES
        .iter()
        .chain(repo::RULES)
        .chain(config::RULES)
        .chain(tables::RULES)
        .chain(prove::RULES)
        .chain(triage::RULES)
        .copied();
    Catalogue::new(engines.chain(lint::metadata()))
}

/// A configuration file that was found: its path and what reading it gave.
type Found = (String, Result<Vec<u8>, ReadError>);

impl Place {
    /// What `source` says about how it is to be read and what fails.
    pub(super) fn settings(&self, reading: &Reading, source: &dyn Source) -> Result<Settings, RunError> {
        let named = match reading.config.as_ref().map(|path| (path, self.named_configuration(path, source))) {
            None => None,
            Some((path, (_, Err(error)))) => {
                return Err(RunError::usage(format!("cannot read `{}`: {error}", path.display())));
            }
            Some((_, found)) => Some(found),
        };
        if let Some(path) = reading.baseline.named()
            && let Err(error) = source.read(&self.relative(path))
        {
            return Err(RunError::usage(format!("cannot read `{}`: {error}", path.display())));
        }
        Ok(self.settings_at(reading, source, named.or_else(|| self.look_upwards(reading, source))))
    }

    /// The same of a revision that is compared with: it may be older than the configuration that `reading` name.
    pub(super) fn settings_of_base(&self, reading: &Reading, source: &dyn Source) -> Settings {
        let named = reading.config.as_ref().map(|path| match self.inside(path) {
            Ok(inside) => (inside.clone(), source.read(&inside)),
            Err(_) => self.named_configuration(path, source),
        });
        let named = named.filter(|(_, read)| read != &Err(ReadError::Missing));
        self.settings_at(reading, source, named.or_else(|| self.look_upwards(reading, source)))
    }

    /// The configuration that somebody named, as `source` has it. What it does not have, such as a file that is not
    /// committed or lies outside of the repository, is what lies on the disk: whoever types a path means that file.
    fn named_configuration(&self, path: &Path, source: &dyn Source) -> Found {
        let inside = self.inside(path).ok();
        let read = inside.as_ref().map_or(Err(ReadError::Missing), |inside| source.read(inside));
        if read != Err(ReadError::Missing) {
            return (inside.unwrap_or_default(), read);
        }
        let name = inside.unwrap_or_else(|| path.to_string_lossy().into_owned());
        (name, self.read_from_disk(path))
    }

    /// What the configuration that was `found`, and what it names, come to.
    fn settings_at(&self, reading: &Reading, source: &dyn Source, found: Option<Found>) -> Settings {
        let mut settings = settings(source, found);
        let path = match &reading.baseline {
            BaselineFile::Nowhere => None,
            BaselineFile::Named(path) => Some(self.relative(path)),
            BaselineFile::Configured => settings.config.baseline.as_ref().map(|name| name.text.clone()),
        };
        let Some(path) = path else { return settings };
        let read = source.read(&path).map_err(|error| error.to_string());
        match read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())) {
            Ok(text) => match Baseline::read(&SourceFile::new(path, text)) {
                Ok(baseline) => settings.baseline = Some(baseline),
                Err(fault) => settings.findings.push(*fault),
            },
            // A revision may be older than a file that was named.
            Err(why) => settings.findings.extend(settings.config.baseline.as_ref().map(|name| {
                let help = "write it with `polcheck baseline`, or take the line out";
                let message = format!("the baseline cannot be read: {why}");
                Finding::new(CONFIGURATION.id, Level::Error, name.location.clone(), message).help(help)
            })),
        }
        settings
    }

    /// `polcheck.toml` beside the first path or the nearest folder above it, up to the root.
    fn look_upwards(&self, reading: &Reading, source: &dyn Source) -> Option<Found> {
        let start = self.relative(reading.paths.first().map_or(Path::new("."), PathBuf::as_path));
        let start = if start == "." { String::new() } else { start };
        let mut folder = start.as_str();
        loop {
            let path = if folder.is_empty() {
                config::FILE_NAME.to_owned()
            } else {
                format!("{folder}/{}", config::FILE_NAME)
            };
            match source.read(&path) {
                Err(ReadError::Missing | ReadError::NotAFile) => {}
                // "Not a directory", when the path is a file.
                Err(ReadError::Other(_)) if folder == start && !self.root().join(folder).is_dir() => {}
                read => return Some((path, read)),
            }
            folder = match folder.rsplit_once('/') {
                Some((above, _)) => above,
                None if folder.is_empty() => return None,
                None => "",
            };
        }
    }
}

/// What the configuration that was `found`, and the file of accepted changes, come to.
fn settings(source: &dyn Source, found: Option<Found>) -> Settings {
    let text = |bytes: Result<Vec<u8>, ReadError>| {
        let bytes = bytes.map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
    };
    let (config, mut findings) = match found.map(|(path, bytes)| (text(bytes), path)) {
        None => (Config::default(), Vec::new()),
        Some((Ok(text), path)) => config::load(&SourceFile::new(path, text), &catalogue()),
        Some((Err(why), path)) => {
            let message = format!("the configuration cannot be read: {why}");
            (Config::default(), vec![Finding::new(CONFIGURATION.id, Level::Error, Location::of_path(path), message)])
        }
    };
    let mut accepted = Vec::new();
    if let Some(text) = source.read(ACCEPTED_NAME).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        let (entries, faults) = config::load_accepted(&SourceFile::new(ACCEPTED_NAME, text));
        accepted = entries;
        findings.extend(faults);
    }
    Settings { config, findings, accepted, baseline: None }
}
