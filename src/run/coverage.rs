//! What rows exercise, as a whole or of what changed since a revision.

use super::error::RunError;
use super::loaded::Loaded;
use super::options::{CoverageOptions, Reading};
use super::sides::Base;
use crate::config::Config;
use crate::diff;
use crate::outcome::{Coverage, Notice, NoticeKind};
use crate::tables::Gauge;

/// What is said where a floor does not hold because not all rows ran.
pub(super) fn floor_left_out() -> Notice {
    Notice::new(NoticeKind::FloorLeftOut, "the floor of coverage, for it is about all rows")
}

/// Whether anything asks for coverage.
pub(super) fn is_asked(options: &CoverageOptions, config: &Config) -> bool {
    options.wanted || floor(options, config).is_some() || options.since.is_some()
}

fn floor(options: &CoverageOptions, config: &Config) -> Option<u32> {
    options.floor.or(config.floor())
}

/// What `gauge` counted of the rows of `loaded`, as far as `options` ask for it. When only a `part` of the rows ran, no
/// floor holds.
pub(super) fn measure(
    options: &CoverageOptions,
    reading: &Reading,
    loaded: &Loaded,
    gauge: &Gauge<'_>,
    part: bool,
) -> Result<Coverage, RunError> {
    let mut coverage = gauge.coverage();
    coverage.floor = floor(options, &loaded.config).filter(|_| !part);
    if let Some(revision) = &options.since {
        let old = Base::open(reading, revision)?.load(reading)?;
        coverage.keep(&diff::touched(&old.repo, &loaded.repo));
        coverage.since = Some(revision.clone());
    }
    Ok(coverage)
}
