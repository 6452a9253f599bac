//! What rows exercise, as a whole or of what changed since a revision.

use super::error::RunError;
use super::loaded::Loaded;
use super::reading::Reading;
use super::sides::Base;
use crate::config::Config;
use crate::diff;
use crate::outcome::{Coverage, Notice, NoticeKind};
use crate::tables::Gauge;

/// What is asked about coverage.
#[derive(Debug, Clone, Default)]
pub struct CoverageOptions {
    /// Say what no row exercises, whether or not there is a floor.
    pub wanted: bool,
    /// The percentage of policies and conditions below which the run fails; the configuration's where there is none.
    pub floor: Option<u32>,
    /// Only what changed since this revision.
    pub since: Option<String>,
}

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
        coverage.keep(&diff::changed_policies(&old.repo, &loaded.repo));
        coverage.since = Some(revision.clone());
    }
    Ok(coverage)
}
